/**
 * `ZkDataMigration`: brings the data to the side that is wanted, and says what came of it.
 *
 * Every operation is the same few lines: read the journal, settle what was left half done, and move if the active
 * side is not the wanted one. Create, update and delete differ only in the side they want and in who releases the
 * consumers at the end.
 */
import { Refusal } from "../engine/errors";
import type { Progress } from "../engine/execute";
import { isPastReturn, TakeBackFailed } from "../engine/execute";
import type { Run } from "../engine/journal";
import type { Span } from "../engine/timeline";
import { sayTimeline, timelineOf } from "../engine/timeline";
import type { World } from "../transports/contract";
import type { EnsembleDesired } from "../zookeeper/desired";
import { namesOf } from "../zookeeper/desired";
import { observeEnsemble } from "../zookeeper/observe";
import { sideOfManaged } from "../zookeeper/side";
import { complainQuorumServes } from "../zookeeper/snapshot/observe";
import { acceptsDataLoss } from "../zookeeper/snapshot/plan";
import { touchedSince } from "../zookeeper/snapshot/untouched";
import { worksOn } from "./consumers";
import type { MigrationDesired, RepointDesired } from "./desired";
import { guard, NotRolledBack, RolledBack, takeBackHarmless } from "./guard";
import type { ActiveSide, History } from "./history";
import { operations, readHistory } from "./history";
import { refuseAnother } from "./journals";
import { observeForward, planForward } from "./move";
import { declaresAll, withMigrationSession } from "./open";
import { foundOf } from "./review";
import type { Repointed } from "./repoint";
import { repointConsumer, StaysFenced } from "./repoint";
import type { Session } from "./session";
import { sideOf } from "./sides";
import { planBack } from "./way-back";

export interface Moved {
  readonly active: ActiveSide;
  /** Of the move that made it so; empty when nothing had to be moved. */
  readonly timeline: readonly Span[];
}

/** Brings the data to `to`; the consumers stay fenced for their own resources to repoint and release. */
export async function moveTo(desired: MigrationDesired, to: ActiveSide, progress: Progress): Promise<Moved> {
  return withMigrationSession(desired, progress, async (world, session) => {
    await refuseAnother(world, desired, readHistory(await session.runs()));
    return bring(world, session, desired, to, progress);
  });
}

/** The way back of a destroy: brings the data to the source, and releases every consumer there. */
export async function rollBack(desired: MigrationDesired, progress: Progress): Promise<void> {
  await withMigrationSession(desired, progress, (world, session) =>
    bringAllBack(world, session, desired, progress),
  );
}

/**
 * Repoints one consumer to the active side. Where that fails and the user chose `onFailure: "rollBack"`, data and
 * consumers go back to the source at once, with what was written on the target.
 * @throws RolledBack once they are there; the repointing's own error where the user chose to stop
 */
export async function repointOrRollBack(desired: RepointDesired, progress: Progress): Promise<Repointed> {
  const { migration } = desired;
  return withMigrationSession(migration, progress, async (world, session) => {
    try {
      return await repointConsumer(world, session, desired, migration.active, progress);
    } catch (error) {
      const chosen = migration.onFailure === "rollBack" && migration.active === "target";
      if (!(error instanceof StaysFenced) || !chosen) throw error;
      progress.say(`${error.message}\nonFailure: rollBack: going back to the source`);
      await bringAllBack(world, session, migration, progress).catch((second: Error) => {
        throw new NotRolledBack(error, second);
      });
      throw new RolledBack(error);
    }
  });
}

async function bringAllBack(
  world: World,
  session: Session,
  desired: MigrationDesired,
  progress: Progress,
): Promise<void> {
  await bring(world, session, desired, "source", progress);
  const history = readHistory(await session.runs());
  for (const consumer of desired.consumers) {
    if (!history.awaitsRelease(consumer.name)) continue;
    await repointConsumer(world, session, { consumer, migration: desired }, "source", progress);
  }
}

async function bring(
  world: World,
  session: Session,
  desired: MigrationDesired,
  to: ActiveSide,
  progress: Progress,
): Promise<Moved> {
  const run = await settleAndMove(world, session, desired, to, progress);
  const timeline = run ? timelineOf(run) : [];
  if (timeline.length > 0) progress.say(sayTimeline(timeline));
  return { active: to, timeline };
}

async function settleAndMove(
  world: World,
  session: Session,
  desired: MigrationDesired,
  to: ActiveSide,
  progress: Progress,
): Promise<Run | undefined> {
  const direction = operations.move(to);
  const guarded = {
    to,
    bystanders: hostsOfSide(desired, to),
    consumers: desired.consumers.map(({ name }) => name),
  };
  const carryOut = (act: () => Promise<Run>) => guard(session, guarded, progress, act);
  const before = readHistory(await session.runs());
  const { pendingMove } = before;
  if (pendingMove) {
    if (pendingMove.plan.operation === direction && mayGoOn(pendingMove, desired)) {
      return carryOut(() => session.resume(pendingMove));
    }
    if (isPastReturn(pendingMove)) await session.resume(pendingMove);
    else await takeBackPending(world, session, { desired, to, run: pendingMove }, progress);
  }
  const history = pendingMove ? readHistory(await session.runs()) : before;
  if (history.active === to) return undefined;
  if (history.finalized) throw new WayBackClosed();
  if (to === "source" && history.undoable && (await isUnused(world, desired, history))) {
    progress.say("nobody has worked with the target yet: the source goes on with its own, untouched files");
    for (const run of history.halfRepointed) await session.takeBack(run);
    await takeBackHarmless(session, history.undoable, hostsOfSide(desired, "target"), progress);
    return undefined;
  }
  if (to === "target") {
    const facts = await observeForward(world, desired, history);
    const plan = { ...planForward(desired, facts), found: foundOf(desired, facts) };
    return carryOut(() => session.run(plan));
  }
  const plan = await planBack(world, desired, history);
  return carryOut(() => session.run(plan));
}

function hostsOfSide(desired: MigrationDesired, side: ActiveSide): ReadonlySet<string> {
  return new Set(namesOf(desired[side].hosts));
}

/** A finalized migration was asked to move. */
export class WayBackClosed extends Refusal {
  constructor() {
    super([
      {
        where: "active",
        found: "source, in a migration that is finalized",
        expected: "target: finalizing closed the way back for good",
        next: "Set active: target and finalized: true again; destroy then removes the resources and touches no host.",
      },
    ]);
  }
}

/** A move of the other direction, or one that cannot be gone on with: after it, the next is planned anew. */
async function takeBackPending(
  world: World,
  session: Session,
  { desired, to, run }: { readonly desired: MigrationDesired; readonly to: ActiveSide; readonly run: Run },
  progress: Progress,
): Promise<void> {
  const movedTo = run.plan.operation === operations.move("target") ? "target" : "source";
  try {
    await takeBackHarmless(session, run, hostsOfSide(desired, movedTo), progress);
  } catch (error) {
    // A way back begun anew needs no target that serves: it takes what files are left there.
    const isAnother = movedTo === "source" && to === "source";
    if (!isAnother || !(error instanceof TakeBackFailed) || (await serves(world, desired.target)))
      throw error;
    progress.say(
      `${error.message}; the target cannot serve any more, the way back is planned from what is left`,
    );
  }
}

/**
 * A run whose taking back was interrupted, or that was planned before the user accepted a loss or took a host out, is planned
 * anew.
 */
function mayGoOn(run: Run, desired: MigrationDesired): boolean {
  if (run.takingBack || !declaresAll(desired, run.plan)) return false;
  return desired.strategy !== "snapshot" || acceptsDataLoss(run.plan) === desired.acceptDataLoss;
}

async function serves(world: World, ensemble: EnsembleDesired): Promise<boolean> {
  return complainQuorumServes(await observeEnsemble(world, sideOfManaged(ensemble))).length === 0;
}

/** Where no server of the target answers, the declared consumers are the ones that count, and none was repointed. */
async function isUnused(world: World, desired: MigrationDesired, history: History): Promise<boolean> {
  const target = sideOf(desired.target);
  const work = await Promise.all(
    desired.consumers.map((consumer) => worksOn(world, consumer, target, history)),
  );
  if (work.includes(true)) return false;
  const seen = await touchedSince(history.undoable?.results.get("prove"), world, target);
  return seen === "untouched" || (seen === "unknown" && desired.consumers.length > 0);
}
