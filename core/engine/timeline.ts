/** When each part of the night began and ended, read back from the journal. */
import type { Run } from "./journal";
import type { Phase } from "./step";

export interface Span {
  readonly phase: Phase;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

/**
 * The phases of a run in the order in which they began. A phase that was gone through twice (the run was
 * interrupted and went back) spans from its first entry to its last.
 */
export function timelineOf(run: Run): Span[] {
  const phaseOf = new Map(
    run.plan.stages.flatMap((stage) => stage.steps.map((step) => [step.id, stage.phase] as const)),
  );
  const spans = new Map<Phase, { from: string; to: string }>();
  for (const entry of run.entries) {
    if (entry.event !== "intent" && entry.event !== "done" && entry.event !== "failed") continue;
    const phase = phaseOf.get(entry.step);
    if (!phase) continue;
    const span = spans.get(phase);
    if (span) span.to = entry.at;
    else spans.set(phase, { from: entry.at, to: entry.at });
  }
  return [...spans].map(([phase, { from, to }]) => ({
    phase,
    from,
    to,
    seconds: (Date.parse(to) - Date.parse(from)) / 1000,
  }));
}

/** `prepare 3.1 s, fence 1.4 s, copy 0.6 s`. */
export function sayTimeline(spans: readonly Span[]): string {
  return spans.map((span) => `${span.phase} ${span.seconds.toFixed(1)} s`).join(", ");
}
