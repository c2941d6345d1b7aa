/**
 * Follows the logs on from a snapshot, transaction by transaction, and complains of every place where the thread
 * breaks.
 *
 * It starts with the largest log named ≤ the snapshot's zxid + 1, because the log rolls before the snapshot is
 * taken and need not roll at it. Breaks among transactions that the snapshot holds anyway do not count. A torn or
 * empty log is right at the very end only, where it is what a power cut leaves; in the middle it is let pass only if
 * the next log goes on with exactly the next zxid, for then nothing can have been in the part that is missing.
 */
import type { Complaint } from "../../engine/errors";
import { parseFileName, showZxid } from "./file-name";
import type { LogVerdict } from "./log";
import { counterOf, stepBetween } from "./zxid-order";

export interface LogFacts {
  readonly name: string;
  readonly verdict: LogVerdict;
}

export interface ChainedLog {
  readonly name: string;
  readonly firstZxid: bigint;
  readonly lastZxid: bigint;
  readonly usedBytes: number;
}

export interface TornTail {
  readonly name: string;
  readonly lastGoodZxid: bigint;
  readonly droppedBytes: number;
}

export interface Chain {
  readonly logs: readonly ChainedLog[];
  /** The last transaction covered by start and logs together. */
  readonly lastZxid: bigint;
  readonly torn: TornTail | undefined;
  readonly types: readonly number[];
  readonly notes: readonly string[];
  readonly complaints: readonly Complaint[];
}

const NEXT =
  "Take the files of another server of this ensemble; a set with this break would lose writes silently.";

/** @param logs in the order of their zxids */
export function chainLogs(
  where: string,
  start: { readonly name: string; readonly zxid: bigint },
  logs: readonly LogFacts[],
): Chain {
  const from = logs.findLastIndex((log) => zxidOf(log) <= start.zxid + 1n);
  const chain = new Chaining(where, start);
  const wanted = logs.slice(Math.max(0, from));
  for (const log of wanted) chain.add(log);
  return chain.end(from >= 0);
}

class Chaining {
  private readonly logs: ChainedLog[] = [];
  private readonly notes: string[] = [];
  private readonly complaints: Complaint[] = [];
  private readonly types = new Set<number>();
  /** Of the last log that holds transactions; a log that follows takes it back. */
  private torn: TornTail | undefined;
  /** Covered so far. */
  private reached: bigint;
  private reachedIn: string;
  /** The highest zxid in any log of the chain. */
  private logged = -1n;
  /** A log whose end is damaged: the next transaction must be the very next one. */
  private doubtful: string | undefined;

  constructor(
    private readonly where: string,
    private readonly start: { readonly name: string; readonly zxid: bigint },
  ) {
    this.reached = start.zxid;
    this.reachedIn = start.name;
  }

  add({ name, verdict }: LogFacts): void {
    const { firstZxid, lastZxid, end } = verdict;
    if (end.kind === "corrupt") {
      this.complain(name, end.broken.message, "a log without damage");
      return;
    }
    if (firstZxid === undefined || lastZxid === undefined) {
      this.notes.push(`left out ${name}: it holds no transaction`);
      this.doubtful ??= name;
      return;
    }
    if (firstZxid !== zxidOf({ name })) {
      this.complain(name, `${showZxid(firstZxid)} as its first transaction`, "the one in its name");
      return;
    }
    this.join(name, firstZxid, lastZxid);
    for (const step of verdict.steps) {
      const harmless = (step.after > step.found ? step.after : step.found) <= this.start.zxid + 1n;
      if (step.kind === "new-epoch" || harmless) continue;
      const found = `${showZxid(step.found)} behind ${showZxid(step.after)} at byte ${step.offset}`;
      this.complain(name, found, "zxids that count on");
    }
    this.logs.push({ name, firstZxid, lastZxid, usedBytes: verdict.usedBytes });
    for (const type of verdict.types) this.types.add(type);
    if (lastZxid > this.logged) this.logged = lastZxid;
    if (lastZxid > this.reached) {
      this.reached = lastZxid;
      this.reachedIn = name;
    }
    if (end.kind !== "torn") return;
    this.torn = { name, lastGoodZxid: lastZxid, droppedBytes: end.droppedBytes };
    this.doubtful = name;
  }

  end(hasEarlierLog: boolean): Chain {
    const { logs, notes, complaints, torn, reached, start } = this;
    if (hasEarlierLog && logs.length > 0 && this.logged < start.zxid && counterOf(start.zxid) !== 0n) {
      this.complain(
        start.name,
        `logs that end at ${showZxid(this.logged)}, before the snapshot`,
        "a log that holds its zxid",
      );
    }
    return { logs, notes, complaints, torn, lastZxid: reached, types: [...this.types].sort((a, b) => a - b) };
  }

  /** Checks the step from what is covered into a log that starts at `first`. */
  private join(name: string, first: bigint, last: bigint): void {
    const doubtful = this.doubtful;
    this.doubtful = undefined;
    this.torn = undefined;
    if (this.logs.length === 0 && first <= this.start.zxid) return;
    if (last <= this.start.zxid) return;
    const kind = stepBetween(this.reached, first);
    if (kind === "next") return;
    if (kind === "new-epoch" && doubtful === undefined) {
      this.notes.push(
        `${this.reachedIn} ends at ${showZxid(this.reached)} and ${name} begins a new epoch at ${showZxid(first)}: ` +
          "compare with another server that nothing was written in between",
      );
      return;
    }
    const found = `${showZxid(first)} as the next transaction after ${showZxid(this.reached)} in ${this.reachedIn}`;
    const why = doubtful === undefined ? "" : `; ${doubtful} between them is torn or empty`;
    this.complain(name, found + why, showZxid(this.reached + 1n));
  }

  private complain(name: string, found: string, expected: string): void {
    this.complaints.push({ where: `${this.where}/${name}`, found, expected, next: NEXT });
  }
}

function zxidOf(file: { readonly name: string }): bigint {
  return parseFileName(file.name)?.zxid ?? -1n;
}
