/**
 * A real ZooKeeper session, by the C client that Pegasus itself uses (npm `zookeeper`), so that chroot
 * suffixes, session time-outs and ephemeral nodes are the real thing.
 *
 * A meta server never closes its session: it is left to time out, as the real server's is. Tools close theirs. What was lost
 * with a connection is asked again while the session lives, as the real server does.
 */
import { setTimeout as pause } from "node:timers/promises";
import ZooKeeper from "zookeeper";

const EPHEMERAL_SEQUENTIAL = 3;
const NO_NODE = -101;
const NODE_EXISTS = -110;
const CONNECTION_LOSS = -4;
const OPERATION_TIMEOUT = -7;
const AGAIN_AFTER_MS = 1000;

export class ZooKeeperError extends Error {
  constructor(
    readonly code: number,
    what: string,
  ) {
    super(`${what}: ZooKeeper error ${code}`);
  }
}

export class Session {
  private constructor(private readonly client: ZooKeeper) {}

  /**
   * Opens a session; undefined when no server could be reached within `timeoutMs`.
   * @param onLost the session expired
   */
  static open(hosts: string, timeoutMs: number, onLost: () => void): Promise<Session | undefined> {
    const client = new ZooKeeper({
      connect: hosts,
      timeout: timeoutMs,
      debug_level: 0,
      host_order_deterministic: false,
      data_as_buffer: false,
    });
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => resolve(undefined), timeoutMs);
      client.once("connect", () => {
        clearTimeout(giveUp);
        client.on("close", onLost);
        resolve(new Session(client));
      });
      client.init({});
    });
  }

  /** Creates a persistent node; one that is there already is left as it is. */
  async ensure(path: string, data = ""): Promise<void> {
    const { code } = await untilHeard<string>((heard) => this.create(path, data, 0, heard));
    if (code !== NODE_EXISTS) expectDone(code, `create ${path}`);
  }

  /** Creates every node of the path that is missing, below the chroot. */
  async ensurePath(path: string): Promise<void> {
    const parts = path.split("/").filter((part) => part !== "");
    for (let depth = 1; depth <= parts.length; depth++)
      await this.ensure(`/${parts.slice(0, depth).join("/")}`);
  }

  /** Creates `<prefix>##########`, which dies with the session; once, since a second one would be another. Resolves with its path. */
  async createEphemeralSequential(prefix: string, data: string): Promise<string> {
    const { code, value } = await asked<string>((heard) =>
      this.create(prefix, data, EPHEMERAL_SEQUENTIAL, heard),
    );
    expectDone(code, `create ${prefix}`);
    return value;
  }

  /** The node's data, or undefined when there is none. */
  async get(path: string): Promise<string | undefined> {
    const { code, value } = await untilHeard<unknown>((heard) =>
      this.client.a_get(path, false, (code: number, _error: unknown, _stat: unknown, data: unknown) =>
        heard(code, data),
      ),
    );
    if (code === NO_NODE) return undefined;
    expectDone(code, `get ${path}`);
    return typeof value === "string" ? value : "";
  }

  async set(path: string, data: string): Promise<void> {
    const { code } = await untilHeard<undefined>((heard) =>
      this.client.a_set(path, data, -1, (code: number) => heard(code, undefined)),
    );
    expectDone(code, `set ${path}`);
  }

  /** One that is not there is removed already. */
  async remove(path: string): Promise<void> {
    const { code } = await untilHeard<undefined>((heard) =>
      this.client.a_delete_(path, -1, (code: number) => heard(code, undefined)),
    );
    if (code !== NO_NODE) expectDone(code, `delete ${path}`);
  }

  /** Names of the children; none when the node itself is not there. `onChange` is called once, at the next change. */
  async children(path: string, onChange?: () => void): Promise<readonly string[]> {
    const { code, value } = await untilHeard<string[]>((heard) => {
      const done = (code: number, _error: unknown, names: string[]) => heard(code, names);
      if (onChange === undefined) this.client.a_get_children(path, false, done);
      else this.client.aw_get_children(path, onChange, done);
    });
    if (code === NO_NODE) return [];
    expectDone(code, `children of ${path}`);
    return value;
  }

  close(): void {
    this.client.close();
  }

  private create(path: string, data: string, flags: number, heard: Heard<string>): void {
    this.client.a_create(path, data, flags, (code: number, _error: unknown, created: string) =>
      heard(code, created),
    );
  }
}

type Heard<T> = (code: number, value: T) => void;
interface Answer<T> {
  readonly code: number;
  readonly value: T;
}

function asked<T>(ask: (heard: Heard<T>) => void): Promise<Answer<T>> {
  return new Promise((resolve) => ask((code, value) => resolve({ code, value })));
}

async function untilHeard<T>(ask: (heard: Heard<T>) => void): Promise<Answer<T>> {
  for (;;) {
    const answer = await asked(ask);
    if (![CONNECTION_LOSS, OPERATION_TIMEOUT].includes(answer.code)) return answer;
    await pause(AGAIN_AFTER_MS);
  }
}

function expectDone(code: number, what: string): void {
  if (code !== 0) throw new ZooKeeperError(code, what);
}
