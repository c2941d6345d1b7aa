/**
 * `ZkDataMigration`: brings the data to the side that is wanted, and says what came of it.
 *
 * Every operation is the same few lines: read the journal, settle what was left half done, and move if the active
 * side is not the wanted one. Create, update and delete differ only in the side they want and in who releases the
 * consumers at the end.
 */
import { Refusal, UserError } from "../engine/errors";
import type { Progress } from "../engine/execute";
import { isPastReturn } from "../engine/execute";
import type { Run } from "../engine/journal";
import type { Span } from "../engine/timeline";
import { sayTimeline, timelineOf } from "../engine/timeline";
import type { World } from "../transports/contract";
import type { MigrationDesired } from "./desired";
import type { ActiveSide } from "./history";
import { readHistory } from "./history";
import { observeForward, planBack, planForward } from "./move";
import { withMigrationSession } from "./open";
import { repointConsumer } from "./repoint";
import type { Session } from "./session";

export interface Moved {
  readonly active: ActiveSide;
  /** Of the move that made it so; empty when nothing had to be moved. */
  readonly timeline: readonly Span[];
}

/** Brings the data to `to`; the consumers stay fenced for their own resources to repoint and release. */
export async function moveTo(desired: MigrationDesired, to: ActiveSide, progress: Progress): Promise<Moved> {
  return withMigrationSession(desired, progress, (world, session) =>
    bring(world, session, desired, to, progress),
  );
}

/** The way back of a destroy: brings the data to the source, and releases every consumer there. */
export async function rollBack(desired: MigrationDesired, progress: Progress): Promise<void> {
  await withMigrationSession(desired, progress, async (world, session) => {
    await bring(world, session, desired, "source", progress);
    const history = readHistory(await session.runs());
    for (const consumer of desired.consumers) {
      if (!history.awaitsRelease(consumer.name)) continue;
      await repointConsumer(world, session, { consumer, migration: desired, verify: [] }, "source", progress);
    }
  });
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
  const direction = to === "target" ? "forward" : "back";
  const before = readHistory(await session.runs());
  const { pendingMove } = before;
  if (pendingMove) {
    if (pendingMove.plan.operation === direction) {
      return guard(session, to, progress, () => session.resume(pendingMove));
    }
    if (isPastReturn(pendingMove)) await session.resume(pendingMove);
    else await session.takeBack(pendingMove);
  }
  const history = pendingMove ? readHistory(await session.runs()) : before;
  if (history.active === to) return undefined;
  if (history.finalized) throw new WayBackClosed();
  if (to === "source" && history.undoable) {
    progress.say(
      "no consumer has worked with the target yet: the source goes on with its own, untouched files",
    );
    await session.takeBack(history.undoable);
    return undefined;
  }
  if (to === "target") {
    const plan = planForward(desired, await observeForward(world, desired, history));
    return guard(session, to, progress, () => session.run(plan));
  }
  const plan = await planBack(world, desired, history);
  return guard(session, to, progress, () => session.run(plan));
}

/**
 * Forward, a failure takes everything back: no consumer has been repointed, so the untouched source can go on.
 * On the way back there is no such side to return to: it stops, stays fenced, and says which ways are open.
 */
async function guard(
  session: Session,
  to: ActiveSide,
  progress: Progress,
  act: () => Promise<Run>,
): Promise<Run> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { pendingMove } = readHistory(await session.runs());
    if (!pendingMove) throw error;
    if (to === "source" || isPastReturn(pendingMove)) throw new StoppedFenced(error);
    progress.say(`${error.message}; taking back what was done`);
    try {
      await session.takeBack(pendingMove);
    } catch (second) {
      throw new NotTakenBack(error, second as Error);
    }
    throw new TakenBack(error);
  }
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

/** The move failed, and the world is as it was before it. */
export class TakenBack extends UserError {
  constructor(cause: Error) {
    super(
      `${cause.message}\nNo consumer was repointed: the source serves again, untouched, and its consumers were released. ` +
        "Mend the cause and run pulumi up again.",
      { cause },
    );
  }
}

/** The move failed, and so did taking it back. */
export class NotTakenBack extends UserError {
  constructor(cause: Error, second: Error) {
    super(
      `${cause.message}\nTaking it back failed too: ${second.message}\nConsumers may still be fenced. ` +
        "pulumi up goes on from here; pulumi destroy takes back the rest.",
      { cause },
    );
  }
}

/** The move failed where the data's only complete copy is on the way. */
export class StoppedFenced extends UserError {
  constructor(cause: Error) {
    super(
      `${cause.message}\nThe consumers stay fenced, nothing is lost. The same command again goes on with the way back; ` +
        "pulumi up with active: target makes the target serve again.",
      { cause },
    );
  }
}
