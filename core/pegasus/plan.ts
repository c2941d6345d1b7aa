/**
 * Plans what a Pegasus cluster does before and after its metadata moves, by either published method.
 *
 * Method "copy": stop the backup metas → blind → (bulk copy) → stop the primary → (the difference, proof) → edit →
 * start the primary, then the backups → the level that was there. Blind does not stop every write, so nothing counts
 * as copied before the primary is gone; and what a meta wrote that its host's boot started since, is copied again.
 *
 * Method "recover": stop every meta → `hosts_list` and `recover_from_replica_server = true` in one edit (a meta with
 * only one of them would write default tables into an empty root, or end) → wait until every replica server's lease
 * has run out → start one meta → `recover` → `false` again → start all. A replica that still serves by the old metadata ignores the
 * new one, or ends: nothing starts before the leases are out.
 *
 * Replica servers are never touched. Pure: facts come from `observe.ts`, steps are run by `engine/execute.ts`.
 */
import { commandSteps } from "../engine/command-steps";
import type { Step, Stage } from "../engine/step";
import { znodesOf } from "./complain";
import type { PegasusDesired } from "./desired";
import type { MetaFacts, PegasusFacts } from "./observe";
import {
  blindStep,
  canaryStages,
  clearStep,
  copyAgainStep,
  downStep,
  editId,
  editStage,
  healthyStep,
  leaseStep,
  levelStep,
  recordStep,
  recoverStep,
  stage,
  startStep,
  stopStep,
  type AwaitedState,
  type FenceDirection,
  type Sides,
} from "./planned-steps";

const START = "start meta";
const START_FOR_RECOVERY = "start for recovery";
const END_RECOVERY = "end recovery in";

/** What stops the writes: `quiet` while the metadata may still be copied, `stop` at the end of that. */
export interface Fence {
  readonly quiet: readonly Stage[];
  readonly stop: readonly Stage[];
}

export function fencePegasus(desired: PegasusDesired, facts: PegasusFacts, direction: FenceDirection): Fence {
  const { pause, resume } = desired.writers;
  const [primary, ...backups] = orderOf(facts);
  const pauses = commandSteps(`pause writers of ${desired.name}`, pause, { undo: [...resume].reverse() });
  const stopBackups = stage(
    "fence",
    backups.map((meta) => stopStep(desired, facts, meta, { says: "stop (backup meta)", direction })),
  );
  const stopPrimary = stage(
    "fence",
    primary ? [stopStep(desired, facts, primary, { says: "stop (primary meta)", direction })] : [],
  );
  const quiet = [
    ...pauses.map((step) => stage("fence", [step])),
    stage("fence", [recordStep(desired, facts, direction)]),
    ...(desired.method === "copy"
      ? [stopBackups, stage("fence", [blindStep(desired, facts, direction)])]
      : []),
  ];
  return { quiet, stop: desired.method === "copy" ? [stopPrimary] : [stopBackups, stopPrimary] };
}

export interface Direction extends Sides {
  /** Whether the ensemble that is left goes on serving, so that a meta that boots can write there. */
  readonly leftServes: boolean;
}

/** Where the metas never came to lead, the other side's metadata is still the truth and needs no recovery. */
function needsRecovery(desired: PegasusDesired, facts: PegasusFacts): boolean {
  return desired.method === "recover" && facts.leftHasNewest;
}

/** The cluster's own work tried out on the ensemble that it still has: what fails here did so before the move. */
export function checkPegasus(desired: PegasusDesired, facts: PegasusFacts): Stage[] {
  return canaryStages(desired, facts, { phase: "prepare", id: `canary ${desired.name} before` });
}

/**
 * Whether a meta that was started since the copy may have made it old, also one that never led on the side that is left before:
 * its file may be edited by half. A recovery goes by what the replica servers hold.
 */
function mayBeOutdated(desired: PegasusDesired, { leftServes }: Direction): boolean {
  return desired.method === "copy" && leftServes;
}

/** Repoints a fenced cluster to `to`, proves it healthy there and lets its writers go on. */
export function repointPegasus(desired: PegasusDesired, facts: PegasusFacts, direction: Direction): Stage[] {
  const recover = needsRecovery(desired, facts);
  const [primary, ...backups] = orderOf(facts);
  if (!primary) return [];
  const on = (metas: readonly MetaFacts[], make: (meta: MetaFacts) => Step) =>
    stage("repoint", metas.map(make));
  const start = (id: string, until: AwaitedState) => (meta: MetaFacts) => ({
    ...startStep(desired, facts, meta, { ...direction, id, until }),
    startsAgain: true as const,
  });
  const downUntil = (meta: MetaFacts) => {
    if (!recover) return `${START} ${primary.name}`;
    return meta === primary ? `${START_FOR_RECOVERY} ${meta.name}` : recoveryEnds(desired, facts);
  };
  const znodes = mayBeOutdated(desired, direction) ? znodesOf(desired, facts) : undefined;
  return [
    on(facts.metas, (meta) => downStep(desired, facts, meta, { ...direction, until: downUntil(meta) })),
    stage("repoint", znodes ? [copyAgainStep(desired, facts, znodes, direction)] : []),
    ...(recover
      ? rebuildStages(desired, facts, direction, primary)
      : [editStage(desired, facts, { ...direction, recover: false, id: "edit" })]),
    on([primary], (meta) => ({ ...start(START, "leads")(meta), pointOfNoReturn: true })),
    on(backups, start(START, "answers")),
    stage("repoint", [levelStep(desired, facts)]),
    stage("repoint", [healthyStep(desired, facts, direction)]),
    ...canaryStages(desired, facts, { phase: "repoint", id: `canary ${desired.name}` }),
    ...commandSteps(`resume writers of ${desired.name}`, [...desired.writers.resume].reverse()).map((step) =>
      stage("release", [step]),
    ),
  ].filter(({ steps }) => steps.length > 0);
}

function rebuildStages(
  desired: PegasusDesired,
  facts: PegasusFacts,
  direction: Direction,
  primary: MetaFacts,
): Stage[] {
  const start = startStep(desired, facts, primary, { ...direction, id: START_FOR_RECOVERY, until: "waits" });
  return [
    stage("repoint", [clearStep(desired, facts, direction.to)]),
    editStage(desired, facts, { ...direction, recover: true, id: "edit" }),
    stage("repoint", [leaseStep(desired, facts)]),
    // A meta that ended while it recovered may have filled half of the root: it takes an empty one again.
    stage("repoint", [{ ...start, holdsUntil: recoveryEnds(desired, facts) }]),
    stage("repoint", [recoverStep(desired, facts, primary)]),
    editStage(desired, facts, { ...direction, recover: false, id: END_RECOVERY }),
    // Not optional: the process that recovered never starts duplication or split.
    stage("repoint", [
      {
        ...stopStep(desired, facts, primary, { says: "stop after the recovery" }),
        id: `stop recovered meta ${primary.name}`,
        undo: undefined,
        lasting: undefined,
      },
    ]),
  ];
}

/** Which step begins once `recover` is done. */
function recoveryEnds(desired: PegasusDesired, facts: PegasusFacts): string {
  return editId(desired, END_RECOVERY, facts.metas[0]?.name ?? "");
}

/** The meta that leads, or led, before all others. */
function orderOf(facts: PegasusFacts): MetaFacts[] {
  const primary = facts.cluster?.primary ?? facts.record?.primary;
  return [...facts.metas].sort((a, b) => Number(b.name === primary) - Number(a.name === primary));
}
