/**
 * What has happened to a migration so far, read out of its journal: which side is active, and what was left half done.
 * Pure.
 */
import { isPastReturn } from "../engine/execute";
import type { Run } from "../engine/journal";
import type { JsonObject } from "../engine/step";

export type ActiveSide = "source" | "target";

/** Where a consumer's servers have worked: what they keep on the other side is older. */
export interface Worked {
  readonly on: ActiveSide;
  /** They may have begun to work there since, in a repointing that did not end. */
  readonly perhapsOn?: ActiveSide;
}

export interface LastDone {
  readonly result: JsonObject;
  /** False once its run was taken back or started over: what it found may have changed since. */
  readonly stands: boolean;
}

export interface History {
  /** Whose data is the truth: the source until a move forward was finished. */
  readonly active: ActiveSide;
  /** A move that neither ended nor was taken back. */
  readonly pendingMove?: Run;
  /** The move that made the target the active side, and that can still be taken back as if it had never been. */
  readonly undoable?: Run;
  /** Whether that side is active, and no move is half done; folders that one could not put back do not count. */
  readonly isSettledOn: (side: ActiveSide) => boolean;
  /** What each consumer's last finished repointing made it name; source where there was none. */
  readonly consumers: ReadonlyMap<string, ActiveSide>;
  /** Repointings to the target that stopped before its servers were started there, latest first. */
  readonly halfRepointed: readonly Run[];
  readonly workedOf: (consumer: string) => Worked;
  /** Whether a finished way back left the consumer fenced, for a repointing to release it. */
  readonly awaitsRelease: (consumer: string) => boolean;
  /** All that a finished way back left fenced, of those that were ever repointed: they may still name the target. */
  readonly unreleased: readonly string[];
  /** Id of the last finished move, where the consumer was not repointed since. */
  readonly fencedBy: (consumer: string) => string | undefined;
  /** Whether the consumer was not repointed since the last finished move, in either direction: it is still fenced. */
  readonly awaitsRepointing: (consumer: string) => boolean;
  readonly finalized: boolean;
  /** A consumer's last repointing; one that was taken back has changed nothing. */
  readonly lastRepointing: (consumer: string) => Run | undefined;
  /** What the step of that id came to when it was last done, in whichever run. */
  readonly lastDone: (step: string) => LastDone | undefined;
  readonly runs: readonly Run[];
}

/** Names of operations in the journal. */
export const operations = {
  move: (to: ActiveSide) => (to === "target" ? "forward" : "back"),
  repoint: (consumer: string, to: ActiveSide) => `repoint ${consumer} to ${to}`,
  finalize: "finalize",
} as const;

export function readHistory(runs: readonly Run[]): History {
  let active: ActiveSide = "source";
  let undoable: Run | undefined;
  let pendingMove: Run | undefined;
  let movedBy: string | undefined;
  let finalized = false;
  const consumers = new Map<string, ActiveSide>();
  const worked = new Map<string, Worked>();
  const workedOf = (consumer: string): Worked => worked.get(consumer) ?? { on: "source" };
  let halfRepointed: Run[] = [];
  let lastMove: ActiveSide | undefined;
  const released = new Set<string>();
  const repointed = new Set<string>();
  for (const run of runs) {
    const { operation } = run.plan;
    const [verb, consumer, , to] = operation.split(" ");
    if (operation === "forward" || operation === "back") {
      pendingMove = run.outcome === undefined ? run : undefined;
      // It was planned because somebody had worked with the target, whatever became of it.
      if (operation === "back") undoable = undefined;
      if (run.outcome === "taken back" && operation === "forward") active = "source";
      if (run.outcome !== "done") continue;
      active = operation === "forward" ? "target" : "source";
      undoable = operation === "forward" ? run : undefined;
      lastMove = active;
      movedBy = run.id;
      released.clear();
      halfRepointed = [];
    } else if (verb === "repoint" && consumer !== undefined) {
      repointed.add(consumer);
      // A consumer that was, or may have been, restarted on the target has written there.
      if (to === "target" && (run.outcome === "done" || isPastReturn(run))) undoable = undefined;
      const side = to as ActiveSide;
      if (side === "target" && run.outcome === undefined && !isPastReturn(run))
        halfRepointed = [run, ...halfRepointed];
      if (run.outcome === "done") worked.set(consumer, { on: side });
      else if (isPastReturn(run)) worked.set(consumer, { on: workedOf(consumer).on, perhapsOn: side });
      if (run.outcome === "done") {
        consumers.set(consumer, side);
        released.add(consumer);
      }
    } else if (operation === operations.finalize && run.outcome === "done") finalized = true;
  }
  const fencedBy = (consumer: string) => (released.has(consumer) ? undefined : movedBy);
  const awaitsRepointing = (consumer: string) => fencedBy(consumer) !== undefined;
  const awaitsRelease = (consumer: string) => lastMove === "source" && awaitsRepointing(consumer);
  const isSettledOn = (side: ActiveSide) =>
    active === side && (pendingMove === undefined || isTakenBackButForFolders(pendingMove));
  const lastRepointing = (name: string) =>
    runs.findLast(({ plan, outcome }) => {
      const [verb, consumer] = plan.operation.split(" ");
      return verb === "repoint" && consumer === name && outcome !== "taken back";
    });
  const lastDone = (step: string): LastDone | undefined => {
    const run = runs.findLast(({ found }) => found.has(step));
    const result = run?.found.get(step);
    return run && result && { result, stands: run.results.has(step) };
  };
  return {
    active,
    pendingMove,
    undoable,
    isSettledOn,
    consumers,
    halfRepointed,
    workedOf,
    awaitsRelease,
    unreleased: [...repointed].filter(awaitsRelease),
    fencedBy,
    awaitsRepointing,
    finalized,
    lastRepointing,
    lastDone,
    runs,
  };
}

/** Steps on hosts of the side that was to be joined: nobody has been brought there yet. */
const JOINING = new Set(["zk.setAside", "zk.start"]);

/** Of a move whose hosts were out of reach when it was taken back: whoever moves next begins with what is left of it. */
function isTakenBackButForFolders({ takingBack, begunSteps }: Run): boolean {
  return takingBack && begunSteps.every(({ undo, kind }) => undo === undefined || JOINING.has(kind));
}
