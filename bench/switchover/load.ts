/**
 * The writers of the bench, in a process of their own, and what they felt: for every replica the time from the last
 * insert that it acknowledged before a switchover to the first one after.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { give } from "../../lab/load/control";
import { longestPauses, readLedger } from "../../lab/load/ledger";
import { until } from "../../lab/wait";

/** Inserts a second and replica: a pause is measured to about a tenth of a second. */
const INSERTS_PER_SECOND = 10;
const ZNODES_PER_SECOND = 20;

export class BenchLoad {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ledger: string,
  ) {}

  static async start(ledger: string): Promise<BenchLoad> {
    const rates = ["--inserts", String(INSERTS_PER_SECOND), "--znodes", String(ZNODES_PER_SECOND)];
    const argv = ["--import", "tsx", join(__dirname, "../../lab/load/main.ts"), "--ledger", ledger, ...rates];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: child.stdout })) if (line === "writing") break;
    return new BenchLoad(child, ledger);
  }

  /** Waits until every one of `replicas` has acknowledged `count` inserts after `since`. */
  async untilAcknowledged(replicas: readonly string[], since: number, count: number): Promise<void> {
    await until(
      `${count} inserts on ${replicas.join(" and ")}`,
      async () => {
        const entries = readLedger(this.ledger).filter(
          (entry) => entry.kind === "insert" && entry.at >= since,
        );
        const behind = replicas.filter(
          (replica) =>
            entries.filter((entry) => entry.kind === "insert" && entry.replica === replica).length < count,
        );
        return behind.length === 0 ? undefined : `${behind.join(", ")} behind`;
      },
      180_000,
    );
  }

  /** Seconds without an acknowledged insert between two moments, by replica: the longest such time of each. */
  pauses(from: number, to: number): Map<string, number> {
    const entries = readLedger(this.ledger).filter(
      (entry) => entry.kind === "insert" && entry.at >= from && entry.at <= to,
    );
    return new Map(longestPauses(entries).map(({ who, ms }) => [who, ms / 1000]));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    await give("stop");
    await once(this.child, "exit");
  }
}
