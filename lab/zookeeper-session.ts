/**
 * A ZooKeeper session for the lab's own clients, over the native C client.
 *
 * Not the product's wire client, on purpose: what checks a migration must not share its code. The C client has no
 * types worth the name, so this file is the only one that touches it, and gives failures as {@link ZkFailure}.
 */
import ZooKeeper from "zookeeper";

export interface ZooKeeperSession {
  /** Answers the path made; it differs from `path` for a sequential znode. Open ACL. */
  create(path: string, data: string | Buffer, kind?: ZnodeKind): Promise<string>;
  get(path: string): Promise<{ data: Buffer; ephemeral: boolean }>;
  children(path: string): Promise<string[]>;
  setAcl(path: string, acl: readonly AclEntry[]): Promise<void>;
  getAcl(path: string): Promise<AclEntry[]>;
  remove(path: string): Promise<void>;
  /** Makes later reads of this session see everything acknowledged before. */
  sync(path: string): Promise<void>;
  close(): Promise<void>;
  /** True once the session is closed or has expired; it never comes back then. */
  readonly isOver: boolean;
}

export type ZnodeKind = "persistent" | "ephemeral" | "sequential";

export interface AclEntry {
  readonly perms: number;
  readonly scheme: string;
  readonly auth: string;
}

/** What the server, or the client library, answered instead of a result. `code` is ZooKeeper's own (−101 no node). */
export class ZkFailure extends Error {
  constructor(
    readonly code: number,
    readonly path: string,
    what: string,
  ) {
    super(`${what} ${path}: ZooKeeper code ${code}`);
  }
}
export const ZK_NODE_EXISTS = -110;

const FLAGS: Readonly<Record<ZnodeKind, number>> = { persistent: 0, ephemeral: 1, sequential: 2 };
const LOG_NOTHING_BUT_ERRORS = 1;

export interface SessionOptions {
  /** @default 30 000: on a busy machine a client is not heard for seconds */
  readonly timeoutMs?: number;
  /** @default 60 000: a dead server that is tried first takes all of `timeoutMs`, before another is tried */
  readonly connectWithinMs?: number;
  /** `user:password` for the digest scheme. */
  readonly digest?: string;
}

/** Opens a session. @throws Error when no server takes it in time */
export async function openZooKeeper(
  connectString: string,
  options: SessionOptions = {},
): Promise<ZooKeeperSession> {
  const { timeoutMs = 30_000, connectWithinMs = 60_000, digest } = options;
  const client = new ZooKeeper({
    connect: connectString,
    timeout: timeoutMs,
    debug_level: LOG_NOTHING_BUT_ERRORS,
    host_order_deterministic: false,
    // By default the library ends the session itself after ten turns of its loop without news, as a reconnect has.
    response_counter_limit: 2 ** 31 - 1,
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      client.close();
      reject(new Error(`no server of ${connectString} took a session within ${connectWithinMs} ms`));
    }, connectWithinMs);
    client.once("connect", () => {
      clearTimeout(timer);
      setImmediate(resolve);
    });
    client.init({});
  });
  const session = new NativeSession(client);
  if (digest !== undefined) await session.authenticate(digest);
  return session;
}

/**
 * Answers are settled in a turn of their own: the library calls back from inside its C code, and is not made for being
 * called again, or closed, from there.
 */
class NativeSession implements ZooKeeperSession {
  isOver = false;

  constructor(private readonly client: ZooKeeper) {
    client.on("close", () => (this.isOver = true));
  }

  create(path: string, data: string | Buffer, kind: ZnodeKind = "persistent"): Promise<string> {
    return this.call("create", path, (done) => this.client.a_create(path, data, FLAGS[kind], done));
  }

  get(path: string): Promise<{ data: Buffer; ephemeral: boolean }> {
    return this.call("get", path, (done) =>
      this.client.a_get(path, false, (code, error, stat, data) => {
        if (code !== 0) return done(code, error, { data: Buffer.alloc(0), ephemeral: false });
        const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data ?? "");
        done(code, error, { data: bytes, ephemeral: !/^0*$/.test(stat.ephemeralOwner) });
      }),
    );
  }

  children(path: string): Promise<string[]> {
    return this.call("children", path, (done) => this.client.a_get_children(path, false, done));
  }

  async setAcl(path: string, acl: readonly AclEntry[]): Promise<void> {
    await this.call("setACL", path, (done) =>
      this.client.a_set_acl(path, -1, [...acl], (code, error) => done(code, error, undefined)),
    );
  }

  getAcl(path: string): Promise<AclEntry[]> {
    return this.call("getACL", path, (done) =>
      this.client.a_get_acl(path, (code, error, acl) => done(code, error, acl as AclEntry[])),
    );
  }

  async remove(path: string): Promise<void> {
    await this.call("delete", path, (done) =>
      this.client.a_delete_(path, -1, (code, error) => done(code, error, undefined)),
    );
  }

  async sync(path: string): Promise<void> {
    await this.client.sync(path);
  }

  /** The C library queues credentials and does not send them before its next turn, a third of the time-out later: a call sends both. */
  async authenticate(digest: string): Promise<void> {
    const added = this.call("addAuth", "digest", (done) =>
      this.client.add_auth("digest", digest, (code, error) => done(code, error, undefined)),
    );
    await Promise.all([added, this.sync("/")]);
  }

  async close(): Promise<void> {
    this.isOver = true;
    this.client.close();
  }

  /** The C client answers a call that it cannot even send with a code of its own, and then never calls back. */
  private call<T>(
    what: string,
    path: string,
    send: (done: (code: number, error: unknown, value: T) => void) => unknown,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const sent = send((code, _error, value) =>
        setImmediate(() => (code === 0 ? resolve(value) : reject(new ZkFailure(code, path, what)))),
      );
      if (typeof sent === "number" && sent !== 0) reject(new ZkFailure(sent, path, what));
    });
  }
}
