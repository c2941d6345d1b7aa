/**
 * A client that writes all the while, on one session: one znode after the other, and what was not acknowledged counts
 * as not written.
 *
 * The session lives in a process that starts no others. The C client's sockets are not closed on exec: a child
 * would hold a lost connection open, and the client would be woken for that one instead of the connection it makes in its
 * stead, for a third of the session's time-out at every change of server.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { openZooKeeper, ZkFailure, type ZooKeeperSession } from "../../../lab/zookeeper-session";

const SESSION_TIMEOUT_MS = 10_000;

/** How the session fared. */
export interface Written {
  readonly acknowledged: number;
  /** Acknowledged, and not there at the end. */
  readonly missing: readonly string[];
  readonly longestGapMs: number;
  /** What speaks against one session from the first write to the last; empty when nothing does. */
  readonly lost: string;
}

export class SessionWriter {
  private constructor(private readonly child: ChildProcess) {}

  /** Begins to write, and waits for the first acknowledged write. */
  static async start(connectString: string): Promise<SessionWriter> {
    const child = fork(__filename, [connectString], { execArgv: ["--import", "tsx"] });
    await answerOf(child);
    return new SessionWriter(child);
  }

  /** Ends it after the write under way. */
  async end(): Promise<Written> {
    this.child.send("end");
    return (await answerOf(this.child)) as Written;
  }
}

/** @throws Error when it ends without one */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  const { signal } = gone;
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`the writer ended with exit code ${code}`);
  });
  ended.catch(() => undefined);
  try {
    const [answer] = await Promise.race([once(child, "message", { signal }), ended]);
    return answer;
  } finally {
    gone.abort();
  }
}

async function writeUntilTold(connectString: string, tell: (message: Written | "writing") => void) {
  const session = await openZooKeeper(connectString, { timeoutMs: SESSION_TIMEOUT_MS });
  await session.create("/held", "", "ephemeral");
  await session.create("/writes", "");
  let going = true;
  process.once("message", () => (going = false));
  const acknowledged: string[] = [];
  let longestGapMs = 0;
  let last = Date.now();
  const acknowledge = () => {
    longestGapMs = Math.max(longestGapMs, Date.now() - last);
    last = Date.now();
  };
  for (let id = 0; (going || acknowledged.length === 0) && !session.isOver; id++) {
    if (await create(session, `w${id}`)) {
      acknowledge();
      if (acknowledged.push(`w${id}`) === 1) tell("writing");
    }
    await sleep(10);
  }
  acknowledge();
  const { missing, lost } = await lookBack(session, acknowledged);
  tell({ acknowledged: acknowledged.length, missing, longestGapMs, lost });
  await session.close();
  process.disconnect();
}

/** Whether it was acknowledged. */
async function create(session: ZooKeeperSession, name: string): Promise<boolean> {
  try {
    await session.create(`/writes/${name}`, name);
    return true;
  } catch (error) {
    if (error instanceof ZkFailure) return false;
    throw error;
  }
}

/** The ephemeral znode of the session's beginning is there as long as the session is. */
async function lookBack(session: ZooKeeperSession, acknowledged: readonly string[]) {
  if (session.isOver) return { missing: [], lost: "the session has expired" };
  await session.sync("/");
  const there = new Set(await session.children("/writes"));
  const { ephemeral } = await session.get("/held");
  return {
    missing: acknowledged.filter((name) => !there.has(name)),
    lost: ephemeral ? "" : "/held is not ephemeral",
  };
}

if (require.main === module) {
  const [connectString = ""] = process.argv.slice(2);
  // Whoever began it is gone, or has its answer.
  process.once("disconnect", () => process.exit());
  void writeUntilTold(connectString, (message) => process.send?.(message));
}
