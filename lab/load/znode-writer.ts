/**
 * Writes raw znodes, as a program with a ZooKeeper client of its own does: persistent, sequential, ephemeral, with
 * and without ACLs, from empty to 900 KB.
 *
 * Paused, it has no session at all: to the ensemble it is then gone, and not a foreign client in a migration's way.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  openZooKeeper,
  ZK_NODE_EXISTS,
  ZkFailure,
  type ZnodeKind,
  type ZooKeeperSession,
} from "../zookeeper-session";
import type { Ledger, ZnodeEntry } from "./ledger";
import { WriterLoop } from "./writer-loop";

/** The load's own user: a digest ACL lets nobody else read what it guards. */
export const LOAD_DIGEST = "load:lab-only";
export const LOAD_ROOT = "/lab-load";
const SHAPES: readonly ZnodeKind[] = ["persistent", "persistent", "sequential", "sequential", "ephemeral"];
const SIZES = [0, 1, 24, 24, 200, 200, 1_000, 8_000, 50_000];
const LARGEST_BYTES = 900_000;
const LARGEST_EVERY = 250;
const GUARDED_EVERY = 7;
const ANSWER_WITHIN_MS = 15_000;

export class ZnodeWriter {
  readonly loop: WriterLoop;
  private session: ZooKeeperSession | undefined;
  private next = 0;
  private lost = false;

  constructor(
    private connectString: string,
    private readonly run: string,
    private readonly ledger: Ledger,
    perSecond: number,
  ) {
    this.loop = new WriterLoop(() => this.write(), perSecond);
  }

  /** Stops writing and closes the session. */
  async pause(): Promise<void> {
    await this.loop.pause();
    await this.disconnect();
  }

  /** From the next write on, with a new session to other servers. */
  async repoint(connectString: string): Promise<void> {
    await this.loop.pause();
    await this.disconnect();
    this.connectString = connectString;
  }

  private async write(): Promise<void> {
    const id = this.next++;
    try {
      const session = await this.connected();
      this.ledger.add(await withinTime(createOne(session, this.run, id)));
      this.lost = false;
    } catch (error) {
      if (!this.lost) this.ledger.note(`znodes: ${error instanceof Error ? error.message : String(error)}`);
      this.lost = true;
      if (!(error instanceof ZkFailure)) await this.disconnect();
      await sleep(100);
    }
  }

  private async connected(): Promise<ZooKeeperSession> {
    if (this.session && !this.session.isOver) return this.session;
    const session = await openZooKeeper(this.connectString, {
      timeoutMs: 10_000,
      connectWithinMs: 3_000,
      digest: LOAD_DIGEST,
    });
    this.session = session;
    for (const path of [LOAD_ROOT, `${LOAD_ROOT}/${this.run}`]) {
      await session.create(path, "").catch((error: unknown) => {
        if (!(error instanceof ZkFailure && error.code === ZK_NODE_EXISTS)) throw error;
      });
    }
    return session;
  }

  private async disconnect(): Promise<void> {
    await this.session?.close();
    this.session = undefined;
  }
}

/** `user:` and the hash that a digest ACL holds instead of the password. */
export function digestIdentity(digest: string): string {
  const user = digest.split(":")[0] ?? "";
  return `${user}:${createHash("sha1").update(digest).digest("base64")}`;
}

async function createOne(session: ZooKeeperSession, run: string, id: number): Promise<ZnodeEntry> {
  const shape = SHAPES[id % SHAPES.length] ?? "persistent";
  const guarded = shape !== "ephemeral" && id % GUARDED_EVERY === 0;
  const data = randomBytes(
    id % LARGEST_EVERY === LARGEST_EVERY - 2 ? LARGEST_BYTES : (SIZES[id % SIZES.length] ?? 0),
  );
  const path = await session.create(`${LOAD_ROOT}/${run}/${shape}-${id}-`, data, shape);
  if (guarded)
    await session.setAcl(path, [{ perms: 31, scheme: "digest", auth: digestIdentity(LOAD_DIGEST) }]);
  return {
    kind: "znode",
    at: Date.now(),
    path,
    sha256: createHash("sha256").update(data).digest("hex"),
    bytes: data.length,
    acl: guarded ? "digest" : "open",
    shape,
  };
}

/** The C client drops the calls of an expired session without an answer. */
async function withinTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = sleep(ANSWER_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no answer within ${ANSWER_WITHIN_MS} ms`);
  });
  timer.catch(() => undefined);
  try {
    return await Promise.race([work, timer]);
  } finally {
    late.abort();
  }
}
