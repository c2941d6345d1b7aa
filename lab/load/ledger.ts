/**
 * The ledger of a load run: one line for each write that a server acknowledged, with the time it did.
 *
 * A write whose outcome is unknown (the connection went before the answer) is not in it, and is never repeated
 * under the same name: what is in the ledger must be there afterwards, what is not may be.
 */
import { appendFileSync, closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Rows `from`…`to` of one writer, inserted in one block over one replica. */
export interface InsertEntry {
  readonly kind: "insert";
  readonly at: number;
  readonly replica: string;
  readonly table: string;
  readonly writer: string;
  readonly from: number;
  readonly to: number;
}

export interface ZnodeEntry {
  readonly kind: "znode";
  readonly at: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** `open`, or a digest ACL of the load's own user. */
  readonly acl: "open" | "digest";
  /** An ephemeral znode ends with its session: it is counted, not looked for. */
  readonly shape: "persistent" | "sequential" | "ephemeral";
}

/** Something that explains a gap: paused, resumed, repointed, refused. */
export interface NoteEntry {
  readonly kind: "note";
  readonly at: number;
  readonly text: string;
}

export type LedgerEntry = InsertEntry | ZnodeEntry | NoteEntry;

export class Ledger {
  constructor(private readonly file: string) {
    appendFileSync(file, "");
  }

  add(entry: LedgerEntry): void {
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  note(text: string): void {
    this.add({ kind: "note", at: Date.now(), text });
  }
}

/** Reads a ledger while it grows: each line once. */
export class LedgerReader {
  private readonly known: LedgerEntry[] = [];
  private at = 0;

  constructor(private readonly file: string) {}

  /** All that was acknowledged until now. A line that is being written is left for the next call. */
  entries(): readonly LedgerEntry[] {
    const added = readFrom(this.file, this.at);
    const lines = added.subarray(0, added.lastIndexOf("\n") + 1);
    this.at += lines.length;
    for (const line of lines.toString().split("\n").filter(Boolean))
      this.known.push(JSON.parse(line) as LedgerEntry);
    return [...this.known];
  }
}

function readFrom(file: string, at: number): Buffer {
  const opened = openSync(file, "r");
  try {
    const added = Buffer.alloc(fstatSync(opened).size - at);
    return added.subarray(0, readSync(opened, added, 0, added.length, at));
  } finally {
    closeSync(opened);
  }
}

/** A span without acknowledged writes. */
export interface Pause {
  /** Replica name, or `znodes`. */
  readonly who: string;
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

/** The longest pause of each replica and of the raw znodes, longest first: the write pause as the writers felt it. */
export function longestPauses(entries: readonly LedgerEntry[]): Pause[] {
  const acknowledged = new Map<string, number[]>();
  for (const entry of entries) {
    if (entry.kind === "note") continue;
    const who = entry.kind === "insert" ? entry.replica : "znodes";
    acknowledged.set(who, [...(acknowledged.get(who) ?? []), entry.at]);
  }
  return [...acknowledged].map(([who, times]) => longest(who, times)).sort((a, b) => b.ms - a.ms);
}

function longest(who: string, times: readonly number[]): Pause {
  const sorted = [...times].sort((a, b) => a - b);
  let pause: Pause = { who, from: sorted[0] ?? 0, to: sorted[0] ?? 0, ms: 0 };
  for (let at = 1; at < sorted.length; at++) {
    const [from = 0, to = 0] = sorted.slice(at - 1, at + 1);
    if (to - from > pause.ms) pause = { who, from, to, ms: to - from };
  }
  return pause;
}
