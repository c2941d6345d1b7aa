/**
 * What has been done, written where it was done.
 *
 * Pulumi's state does not survive a kill between two steps, so the record of progress lies on the machines that
 * are changed. Every entry is written, and synced, before the act it announces. Entries are only ever appended;
 * the union of what any majority of the hosts holds is the journal, so a host that was down is no gap.
 *
 * This file holds the grammar and the reading of it; where entries are stored is a {@link JournalStore}.
 */
import type { JsonObject, Plan, Step } from "./step";
import { stepsOf } from "./step";

export type Entry = {
  /** Which run this belongs to; every run begins with a `begin` entry. */
  readonly run: string;
  /** Position in the run, from 0; (run, seq) is unique. */
  readonly seq: number;
  /** ISO 8601, the operator's clock. */
  readonly at: string;
} & (
  | {
      readonly event: "begin";
      readonly owner: string;
      readonly plan: Plan;
      /** How many runs were begun before it. Two operators' clocks may differ, and one clock may jump. */
      readonly number?: number;
    }
  | { readonly event: "intent"; readonly step: string }
  | { readonly event: "done"; readonly step: string; readonly result?: JsonObject; readonly found: string }
  | { readonly event: "failed"; readonly step: string; readonly reason: string }
  /** Something that had to last no longer did: the run starts over, and its own marks are not to be believed. */
  | { readonly event: "rewound"; readonly because: string }
  | { readonly event: "undoing"; readonly step: string }
  | { readonly event: "undone"; readonly step: string }
  | { readonly event: "end"; readonly outcome: Outcome }
);

/** How a run ended: all steps done, or all taken back. */
export type Outcome = "done" | "taken back";

type WithoutPlace<T> = T extends unknown ? Omit<T, "run" | "seq" | "at"> : never;
/** An entry without its place and time, which the {@link Journal} gives it. */
export type Event = WithoutPlace<Entry>;

export interface JournalStore {
  /** Returns once the entries are synced on a majority of the journal's hosts. */
  append(entries: readonly Entry[]): Promise<void>;
  /** All entries that any reachable host holds, in any order, duplicates removed. */
  read(): Promise<readonly Entry[]>;
}

/** One run as its entries tell it. */
export interface Run {
  readonly id: string;
  readonly plan: Plan;
  readonly owner: string;
  readonly begun: string;
  readonly number?: number;
  readonly entries: readonly Entry[];
  /** Absent while the run is unfinished. */
  readonly outcome?: Outcome;
  /** Steps written as intended, whether or not they were finished, in that order. */
  readonly begunSteps: readonly Step[];
  /** Results of the steps that are done, not taken back, and not older than the last rewinding. */
  readonly results: ReadonlyMap<string, JsonObject>;
  /** What each step last came to, whether or not it still stands. */
  readonly found: ReadonlyMap<string, JsonObject>;
  /** The run started over once; what it left on the hosts before that is not to be believed. */
  readonly rewound: boolean;
  /** It was being taken back, and that did not come to its end. */
  readonly takingBack: boolean;
}

/** Reads the runs out of the entries, oldest first: by their numbers, and by the clock where none were given yet. */
export function runsOf(entries: readonly Entry[]): Run[] {
  const byRun = new Map<string, Entry[]>();
  for (const entry of entries) {
    const list = byRun.get(entry.run) ?? [];
    list.push(entry);
    byRun.set(entry.run, list);
  }
  return [...byRun.values()]
    .map((list) => readRun(list.sort((a, b) => a.seq - b.seq)))
    .filter((run): run is Run => run !== undefined)
    .sort((a, b) => (a.number ?? -1) - (b.number ?? -1) || (a.begun < b.begun ? -1 : 1));
}

function readRun(entries: readonly Entry[]): Run | undefined {
  const first = entries[0];
  if (first?.event !== "begin") return undefined;
  const steps = new Map(stepsOf(first.plan).map((step) => [step.id, step]));
  const begun = new Map<string, Step>();
  const results = new Map<string, JsonObject>();
  const found = new Map<string, JsonObject>();
  let outcome: Outcome | undefined;
  let rewound = false;
  let takingBack = false;
  for (const entry of entries) {
    if (entry.event === "end") {
      outcome = entry.outcome;
      takingBack = false;
    }
    if (entry.event === "undoing") takingBack = true;
    if (entry.event === "intent") {
      takingBack = false;
      const step = steps.get(entry.step);
      // A step begun again (the run went back to it) counts from its latest beginning.
      begun.delete(entry.step);
      if (step) begun.set(entry.step, step);
      results.delete(entry.step);
    }
    if (entry.event === "done") {
      results.set(entry.step, entry.result ?? {});
      found.set(entry.step, entry.result ?? {});
    }
    if (entry.event === "rewound" || entry.event === "undoing") {
      // Half taken back counts as unfinished: going on from there means to start over.
      outcome = undefined;
      rewound = true;
      results.clear();
    }
    if (entry.event === "undone") {
      begun.delete(entry.step);
      results.delete(entry.step);
    }
  }
  return {
    id: first.run,
    plan: first.plan,
    owner: first.owner,
    begun: first.at,
    number: first.number,
    entries,
    outcome,
    begunSteps: [...begun.values()],
    results,
    found,
    rewound,
    takingBack,
  };
}

/** Writes one run. Appends are serial, so that sequence numbers are the order on the disk. */
export class Journal {
  private queue: Promise<void> = Promise.resolve();
  private waiting: Entry[] = [];

  private constructor(
    readonly run: string,
    private readonly store: JournalStore,
    private seq: number,
    private readonly clock: () => Date,
  ) {}

  static async begin(
    store: JournalStore,
    begin: { run: string; owner: string; plan: Plan; number?: number },
    clock: () => Date,
  ): Promise<Journal> {
    const journal = new Journal(begin.run, store, 0, clock);
    const { owner, plan, number } = begin;
    await journal.write([{ event: "begin", owner, plan, number }]);
    return journal;
  }

  static resume(store: JournalStore, run: Run, clock: () => Date): Journal {
    const last = run.entries[run.entries.length - 1];
    return new Journal(run.id, store, (last?.seq ?? -1) + 1, clock);
  }

  /**
   * Keeps entries for the next {@link write}, which puts them on the disks together with its own. For what has been
   * done and nothing has been built on yet: nobody acts before an intent is written, and that is a write.
   */
  note(events: readonly Event[]): void {
    const at = this.clock().toISOString();
    for (const event of events) this.waiting.push({ ...event, run: this.run, seq: this.seq++, at });
  }

  /** Resolves once these entries, and all noted before, are on the disks. */
  write(events: readonly Event[]): Promise<void> {
    this.note(events);
    const entries = this.waiting.splice(0);
    if (entries.length === 0) return this.queue;
    const written = this.queue.then(() => this.store.append(entries));
    this.queue = written.catch(() => undefined);
    return written;
  }
}
