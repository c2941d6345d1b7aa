/**
 * What has happened to a migration so far, read out of its journal: which side is active, and what was left half done.
 * Pure.
 */
import { isPastReturn } from "../engine/execute";
import type { Run } from "../engine/journal";
import type { JsonObject } from "../engine/step";

export type ActiveSide = "source" | "target";

export interface History {
  /** Whose data is the truth: the source until a move forward was finished. */
  readonly active: ActiveSide;
  /** A move that neither ended nor was taken back. */
  readonly pendingMove?: Run;
  /** The move that made the target the active side, and that can still be taken back as if it had never been. */
  readonly undoable?: Run;
  /** What each consumer's last finished repointing made it name; source where there was none. */
  readonly consumers: ReadonlyMap<string, ActiveSide>;
  /** Consumers whose writers were paused by their way back and not resumed since. */
  readonly fenced: ReadonlySet<string>;
  /** Whether a finished way back left the consumer fenced, for a repointing to release it. */
  readonly awaitsRelease: (consumer: string) => boolean;
  readonly finalized: boolean;
  /** What the step of that id came to when it was last done. */
  readonly lastResult: (step: string) => JsonObject | undefined;
  readonly runs: readonly Run[];
}

/** Names of operations in the journal. */
export const operations = {
  move: (to: ActiveSide) => (to === "target" ? "forward" : "back"),
  repoint: (consumer: string, to: ActiveSide) => `repoint ${consumer} to ${to}`,
  unpoint: (consumer: string) => `unpoint ${consumer}`,
  finalize: "finalize",
} as const;

export function readHistory(runs: readonly Run[]): History {
  let active: ActiveSide = "source";
  let undoable: Run | undefined;
  let pendingMove: Run | undefined;
  let finalized = false;
  const consumers = new Map<string, ActiveSide>();
  const fenced = new Set<string>();
  let cameBack = false;
  const released = new Set<string>();
  for (const run of runs) {
    const { operation } = run.plan;
    const [verb, consumer, , to] = operation.split(" ");
    if (operation === "forward" || operation === "back") {
      pendingMove = run.outcome === undefined ? run : undefined;
      if (run.outcome === "taken back" && operation === "forward") active = "source";
      if (run.outcome !== "done") continue;
      active = operation === "forward" ? "target" : "source";
      undoable = operation === "forward" ? run : undefined;
      cameBack = operation === "back";
      released.clear();
    } else if (verb === "repoint" && consumer !== undefined) {
      // A consumer that was, or may have been, restarted on the target has written there.
      if (to === "target" && (run.outcome === "done" || isPastReturn(run))) undoable = undefined;
      if (run.outcome === "done") {
        consumers.set(consumer, to as ActiveSide);
        fenced.delete(consumer);
        released.add(consumer);
      }
    } else if (verb === "unpoint" && consumer !== undefined && run.outcome === "done") {
      consumers.set(consumer, "source");
      fenced.add(consumer);
    } else if (operation === operations.finalize && run.outcome === "done") finalized = true;
  }
  const awaitsRelease = (consumer: string) => cameBack && !released.has(consumer);
  const lastResult = (step: string) =>
    [...runs]
      .reverse()
      .find((run) => run.results.has(step))
      ?.results.get(step);
  return { active, pendingMove, undoable, consumers, fenced, awaitsRelease, finalized, lastResult, runs };
}
