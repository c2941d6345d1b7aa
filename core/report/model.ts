/**
 * What a report says, as data: read back from the journal, so that it tells what was done and not what was meant.
 *
 * Pure. Names of steps, hosts and results are the plan's own: a strategy that does other things is reported without
 * a change here. {@link Report} is what lies beside the page as JSON.
 */
import type { Entry, Run } from "../engine/journal";
import type { Json, JsonObject, Phase } from "../engine/step";
import { stepsOf } from "../engine/step";
import { timelineOf } from "../engine/timeline";
import { moveOf } from "./episodes";

export interface Interval {
  /** ISO 8601, the operator's clock. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

export interface NamedInterval extends Interval {
  readonly name: string;
}

/** How a step ended. */
export type StepState = "done" | "failed" | "taken back" | "not finished" | "not begun";

export interface ReportedStep {
  readonly phase: Phase;
  readonly host: string;
  readonly says: string;
  readonly state: StepState;
  /** What was seen on the host afterwards, or why it failed. */
  readonly found?: string;
  readonly took?: Interval;
}

export interface Proof {
  readonly host: string;
  readonly shows: string;
  readonly says: string;
  readonly found: string;
  readonly at: string;
  /** What was compared, by name. */
  readonly compared: Readonly<Record<string, string>>;
}

export interface ReportedRun {
  readonly title: string;
  readonly operation: string;
  readonly owner: string;
  readonly begun: string;
  readonly outcome: "done" | "taken back" | "not finished";
  /** Phases of the plan, and the taking back where there was one. */
  readonly phases: readonly NamedInterval[];
  readonly steps: readonly ReportedStep[];
  /** It was interrupted, and started over because something no longer held. */
  readonly rewound: readonly string[];
}

/** A named value, for a list of facts. */
export type Fact = readonly [name: string, value: string];

export interface Diff {
  readonly where: string;
  /** Unified, secrets masked. */
  readonly lines: readonly string[];
}

export interface ReportContext {
  /** Which migration this is, on the hosts: `migration-0123456789ab`. */
  readonly migration: string;
  /** From where to where, versions, strategy: from the arguments. */
  readonly facts: readonly Fact[];
  /** What the user chose to accept, as sentences. */
  readonly accepted: readonly string[];
  readonly onCall: readonly Fact[];
  /** Why the operation ended with an error. */
  readonly error?: string;
  /** What going back from here would do, step by step. */
  readonly wayBack: readonly string[];
  readonly wayBackUntil: string;
  /** ISO 8601. */
  readonly written: string;
}

export interface Report extends ReportContext {
  readonly title: string;
  readonly outcome: "done" | "taken back" | "not finished";
  readonly whole: Interval;
  /** From the first step of the first fence to the last step of all; absent where nobody was fenced. */
  readonly writePause?: Interval;
  /** What the plans were made from. */
  readonly found: readonly Fact[];
  readonly runs: readonly ReportedRun[];
  readonly proofs: readonly Proof[];
  readonly diffs: readonly Diff[];
  /** Runs before these, one line each. */
  readonly before: readonly string[];
}

/** @param episode the runs to report; `earlier` those before them */
export function reportOf(episode: readonly Run[], earlier: readonly Run[], context: ReportContext): Report {
  const runs = episode.map(reportRun);
  const outcome = runs.find((run) => run.outcome !== "done")?.outcome ?? "done";
  const entries = episode.flatMap((run) => run.entries);
  return {
    ...context,
    title: moveOf(episode).plan.title,
    outcome: context.error !== undefined && outcome === "done" ? "not finished" : outcome,
    whole: spanning(entries.map(({ at }) => at)),
    writePause: pauseOf(episode),
    found: episode.flatMap(({ plan }) => Object.entries(plan.found ?? {})),
    runs,
    proofs: episode.flatMap(proofsOf),
    diffs: episode.flatMap(diffsOf),
    before: earlier.map(
      (run) => `${run.begun}  ${run.plan.title}: ${run.outcome ?? "not finished"} (${run.owner})`,
    ),
  };
}

function reportRun(run: Run): ReportedRun {
  return {
    title: run.plan.title,
    operation: run.plan.operation,
    owner: run.owner,
    begun: run.begun,
    outcome: run.outcome ?? "not finished",
    phases: [
      ...timelineOf(run).map(({ phase, ...span }) => ({ ...span, name: phase })),
      ...takingBackOf(run),
    ],
    steps: run.plan.stages.flatMap(({ phase, steps }) =>
      steps.map((step) => ({ phase, host: step.host, says: step.says, ...lastOf(run, step.id) })),
    ),
    rewound: run.entries.flatMap((entry) => (entry.event === "rewound" ? [entry.because] : [])),
  };
}

function takingBackOf(run: Run): NamedInterval[] {
  const times = run.entries.flatMap(({ event, at }) =>
    event === "undoing" || event === "undone" ? [at] : [],
  );
  return times.length === 0 ? [] : [{ ...spanning(times), name: "take back" }];
}

/** What the entries of one step come to; of a step gone through twice, the second time counts. */
function lastOf(run: Run, id: string): Pick<ReportedStep, "state" | "found" | "took"> {
  let begun: string | undefined;
  let last: Pick<ReportedStep, "state" | "found" | "took"> = { state: "not begun" };
  for (const entry of run.entries) {
    if (!("step" in entry) || entry.step !== id) continue;
    const took = begun === undefined ? undefined : interval(begun, entry.at);
    if (entry.event === "intent") {
      begun = entry.at;
      last = { state: "not finished" };
    }
    if (entry.event === "done") last = { state: "done", found: entry.found, took };
    if (entry.event === "failed") last = { state: "failed", found: entry.reason, took };
    if (entry.event === "undone") last = { ...last, state: "taken back" };
  }
  return last;
}

/** Steps whose plan says that they prove something, with what they compared. */
function proofsOf(run: Run): Proof[] {
  return stepsOf(run.plan).flatMap((step) => {
    const done = lastDone(run, step.id);
    if (step.proves === undefined || !done || run.results.get(step.id) === undefined) return [];
    return [
      {
        host: step.host,
        shows: step.proves,
        says: step.says,
        found: done.found,
        at: done.at,
        compared: sayResult(done.result ?? {}),
      },
    ];
  });
}

/** A step that edits a file keeps its diff, masked, as `diff` in its result. */
function diffsOf(run: Run): Diff[] {
  return stepsOf(run.plan).flatMap((step) => {
    const lines = run.results.get(step.id)?.["diff"];
    if (!Array.isArray(lines) || lines.length === 0) return [];
    return [{ where: `${step.host}:${sayJson(step.args["path"] ?? null)}`, lines: lines.map(String) }];
  });
}

function lastDone(run: Run, id: string): Extract<Entry, { event: "done" }> | undefined {
  return run.entries.findLast(
    (entry): entry is Extract<Entry, { event: "done" }> => entry.event === "done" && entry.step === id,
  );
}

/**
 * Writers wait from the first fence on until the last of them was let go, or, where a move was taken back, until
 * that came to its end.
 */
function pauseOf(episode: readonly Run[]): Interval | undefined {
  const fences = episode.flatMap((run) => timelineOf(run).filter(({ phase }) => phase === "fence"));
  const [first] = fences.map(({ from }) => from).sort();
  if (first === undefined) return undefined;
  const ends = episode.flatMap((run) => run.entries.map(({ at }) => at));
  return spanning([first, ...ends.filter((at) => at >= first)]);
}

function sayResult(result: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(result).flatMap(([key, value]) =>
      value === undefined || value === null ? [] : [[key, sayJson(value)]],
    ),
  );
}

function sayJson(value: Json): string {
  if (Array.isArray(value)) return value.map(sayJson).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function spanning(times: readonly string[]): Interval {
  const sorted = [...times].sort();
  return interval(sorted[0] ?? "", sorted[sorted.length - 1] ?? "");
}

function interval(from: string, to: string): Interval {
  return { from, to, seconds: (Date.parse(to) - Date.parse(from)) / 1000 };
}
