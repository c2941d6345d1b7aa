/** The load as a process of its own beside a test or the demo, and its ledger's verdict. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Inventory } from "../inventory";
import { checkout, inventoryFile } from "../layout";
import { endSession } from "../processes";
import { until } from "../wait";
import { give } from "./control";
import { LedgerReader, longestPauses, type LedgerEntry, type Pause } from "./ledger";
import { verifyLedger, type Verdict } from "./verify";

export interface LoadOptions {
  /** Blocks a second and replica. @default 10 */
  readonly inserts?: number;
  /** Raw znodes a second. @default 50 */
  readonly znodes?: number;
}

export class Load {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ledger: LedgerReader,
  ) {}

  /** Starts the load with an empty ledger in `folder`, and waits until every kind of writer was acknowledged once. */
  static async start(folder: string, options: LoadOptions = {}): Promise<Load> {
    const ledger = join(folder, "ledger.jsonl");
    rmSync(ledger, { force: true });
    const log = openSync(join(folder, "load.log"), "w");
    const rates = ["--inserts", String(options.inserts ?? 10), "--znodes", String(options.znodes ?? 50)];
    const child = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        join(checkout(), "lab/load/main.ts"),
        "--while-stdin",
        "--ledger",
        ledger,
        ...rates,
      ].concat("--inventory", inventoryFile()),
      { cwd: checkout(), detached: true, stdio: ["pipe", log, log] },
    );
    closeSync(log);
    const load = new Load(child, new LedgerReader(ledger));
    const writers = (options.inserts === 0 ? 0 : 2) + (options.znodes === 0 ? 0 : 1);
    const ended = once(child, "exit").then(() => {
      throw new Error(`the load ended: ${readFileSync(join(folder, "load.log"), "utf8")}`);
    });
    ended.catch(() => undefined);
    const writing = until("the load writes", async () => {
      const seen = existsSync(ledger) ? new Set(load.entries().map(whose)) : new Set();
      seen.delete("");
      return seen.size >= writers ? undefined : `acknowledged so far: ${[...seen].join(", ") || "nothing"}`;
    });
    try {
      await Promise.race([writing, ended]);
    } catch (error) {
      await load.end();
      throw error;
    }
    return load;
  }

  /** `pause`, `resume`, `repoint CONNECT`, `status`. @throws Error with its words when it refuses */
  give(command: string): Promise<string> {
    return give(command);
  }

  entries(): readonly LedgerEntry[] {
    return this.ledger.entries();
  }

  /** The longest time without an acknowledged write, of each replica and of the raw znodes. @param since ms of 1970 */
  pauses(since = 0): Pause[] {
    return longestPauses(this.entries().filter(({ at }) => at >= since));
  }

  /** Waits until each writer has been acknowledged again after this moment. */
  async untilWriting(): Promise<void> {
    const since = Date.now();
    const all = new Set(this.entries().map(whose));
    all.delete("");
    await until("every writer is acknowledged again", async () => {
      const now = new Set(
        this.entries()
          .filter(({ at }) => at > since)
          .map(whose),
      );
      const silent = [...all].filter((who) => !now.has(who));
      return silent.length === 0 ? undefined : `silent: ${silent.join(", ")}`;
    });
  }

  /** Whether everything that was acknowledged is in `connectString` and on every replica. The load must be paused. */
  verify(inventory: Inventory, connectString: string): Promise<Verdict> {
    const replicas = Object.values(inventory.hosts).filter(({ role }) => role === "clickhouse");
    return verifyLedger(this.entries(), connectString, replicas);
  }

  /** Ends it at once: what was under way is not in the ledger. */
  async end(): Promise<void> {
    if (this.child.pid === undefined || this.child.exitCode !== null) return;
    endSession(this.child.pid);
    await until("the load is gone", async () =>
      this.child.exitCode === null && this.child.signalCode === null ? "it still runs" : undefined,
    );
  }
}

function whose(entry: LedgerEntry): string {
  if (entry.kind === "note") return "";
  return entry.kind === "insert" ? entry.replica : "znodes";
}
