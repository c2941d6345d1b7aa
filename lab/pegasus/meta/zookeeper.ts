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
    try {
      await untilHeard(() => this.create(path, data, 0));
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.code === NODE_EXISTS)) throw error;
    }
  }

  /** Creates every node of the path that is missing, below the chroot. */
  async ensurePath(path: string): Promise<void> {
    const parts = path.split("/").filter((part) => part !== "");
    for (let depth = 1; depth <= parts.length; depth++)
      await this.ensure(`/${parts.slice(0, depth).join("/")}`);
  }

  /** Creates `<prefix>##########`, which dies with the session; once, since a second one would be another. Resolves with its path. */
  createEphemeralSequential(prefix: string, data: string): Promise<string> {
    return this.create(prefix, data, EPHEMERAL_SEQUENTIAL);
  }

  /** The node's data, or undefined when there is none. */
  get(path: string): Promise<string | undefined> {
    return untilHeard(
      () =>
        new Promise((resolve, reject) =>
          this.client.a_get(path, false, (code: number, _error: unknown, _stat: unknown, data: unknown) =>
            settle(
              code,
              `get ${path}`,
              () => resolve(typeof data === "string" ? data : ""),
              reject,
              () => resolve(undefined),
            ),
          ),
        ),
    );
  }

  async set(path: string, data: string): Promise<void> {
    await untilHeard(
      () =>
        new Promise<void>((resolve, reject) =>
          this.client.a_set(path, data, -1, (code: number) => settle(code, `set ${path}`, resolve, reject)),
        ),
    );
  }

  async remove(path: string): Promise<void> {
    await untilHeard(
      () =>
        new Promise<void>((resolve, reject) =>
          this.client.a_delete_(path, -1, (code: number) =>
            settle(code, `delete ${path}`, resolve, reject, resolve),
          ),
        ),
    );
  }

  /** Names of the children; none when the node itself is not there. `onChange` is called once, at the next change. */
  children(path: string, onChange?: () => void): Promise<readonly string[]> {
    return untilHeard(
      () =>
        new Promise((resolve, reject) => {
          const done = (code: number, _error: unknown, names: string[]) =>
            settle(
              code,
              `children of ${path}`,
              () => resolve(names),
              reject,
              () => resolve([]),
            );
          if (onChange === undefined) this.client.a_get_children(path, false, done);
          else this.client.aw_get_children(path, onChange, done);
        }),
    );
  }

  close(): void {
    this.client.close();
  }

  private create(path: string, data: string, flags: number): Promise<string> {
    return new Promise((resolve, reject) =>
      this.client.a_create(path, data, flags, (code: number, _error: unknown, created: string) =>
        settle(code, `create ${path}`, () => resolve(created), reject),
      ),
    );
  }
}

async function untilHeard<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const unheard =
        error instanceof ZooKeeperError && [CONNECTION_LOSS, OPERATION_TIMEOUT].includes(error.code);
      if (!unheard) throw error;
      await pause(AGAIN_AFTER_MS);
    }
  }
}

function settle(
  code: number,
  what: string,
  done: () => void,
  reject: (error: Error) => void,
  missing?: () => void,
): void {
  if (code === 0) done();
  else if (code === NO_NODE && missing !== undefined) missing();
  else reject(new ZooKeeperError(code, what));
}
