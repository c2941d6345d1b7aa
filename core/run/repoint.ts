/**
 * `ConsumerRepoint`: makes one consumer work with the migration's active side.
 * It never moves data: where the migration is not done, it refuses.
 */
import { UserError } from "../engine/errors";
import type { Progress } from "../engine/execute";
import type { Run } from "../engine/journal";
import { describeSteps } from "../engine/plan-text";
import type { Plan } from "../engine/step";
import type { Span } from "../engine/timeline";
import { sayTimeline, timelineOf } from "../engine/timeline";
import type { World } from "../transports/contract";
import { canGoOn } from "./consumers";
import type { RepointDesired } from "./desired";
import type { ActiveSide, History } from "./history";
import { operations, readHistory } from "./history";
import { planRepoint } from "./plan-consumer";
import { verifyStages } from "./verify";
import { declaresAll, keepersOf, withMigrationWorld } from "./open";
import type { Session } from "./session";
import { readRuns } from "./session";
import { sidesOf } from "./sides";

export interface Repointed {
  readonly timeline: readonly Span[];
  /** Seconds from the fence of the move to the last writer resumed, as the operator's clock saw it. */
  readonly writePauseSeconds?: number;
}

/** What a preview shows: what was found, the steps, and a diff of every file. */
export async function reviewRepoint(desired: RepointDesired): Promise<{
  repoints: string;
  found?: readonly string[];
  steps: string[];
  diffs: Record<string, string[]>;
}> {
  const { consumer, migration } = desired;
  return withMigrationWorld(migration, async (world) => {
    const history = readHistory(await readRuns(world, keepersOf(migration)));
    const { plan, observed } = await planRepoint(world, migration, consumer, migration.active, history);
    const { to } = sidesOf(migration, migration.active);
    const steps = isThere(history, consumer.name, migration.active)
      ? []
      : describeSteps(withVerify(plan, desired));
    return {
      repoints: plan.title,
      ...(observed.found.length > 0 ? { found: observed.found } : {}),
      steps,
      diffs: observed.diffs(to),
    };
  });
}

/** Whether the consumer is yet to be repointed, whatever Pulumi's state says: the journal is the truth. */
export async function awaitsRepointing({ consumer, migration }: RepointDesired): Promise<boolean> {
  return withMigrationWorld(migration, async (world) => {
    const history = readHistory(await readRuns(world, keepersOf(migration)));
    return !history.isSettledOn(migration.active) || history.awaitsRepointing(consumer.name);
  });
}

/** Repoints, proves and releases one consumer within a session that is open already. */
export async function repointConsumer(
  world: World,
  session: Session,
  desired: RepointDesired,
  to: ActiveSide,
  progress: Progress,
): Promise<Repointed> {
  const { consumer, migration } = desired;
  const history = readHistory(await session.runs());
  if (!history.isSettledOn(to)) throw new MigrationNotThere(to, history);
  if (isThere(history, consumer.name, to)) return { timeline: [] };
  const last = history.lastRepointing(consumer.name);
  try {
    const isHalfDone =
      last?.plan.operation === operations.repoint(consumer.name, to) && last.outcome === undefined;
    const run =
      isHalfDone && canGoOn(consumer, last) && declaresAll(migration, last.plan)
        ? await session.resume(last)
        : await session.run(
            withVerify((await planRepoint(world, migration, consumer, to, history)).plan, desired),
          );
    const timeline = timelineOf(run);
    const writePauseSeconds = pauseOf(history, run);
    progress.say(sayTimeline(timeline));
    if (writePauseSeconds !== undefined) {
      progress.say(`writes of ${consumer.name} paused for ${writePauseSeconds.toFixed(1)} s`);
    }
    return { timeline, writePauseSeconds };
  } catch (error) {
    if (error instanceof UserError) throw new StaysFenced(consumer.name, error);
    throw error;
  }
}

/** The business's own checks come last before the writers go on. */
function withVerify(plan: Plan, { consumer, migration, verify }: RepointDesired): Plan {
  const commands = verify ?? migration.verify[consumer.name] ?? [];
  const checks = verifyStages(`verify ${consumer.name}`, commands, "repoint");
  const release = plan.stages.findIndex((stage) => stage.phase === "release");
  const at = release === -1 ? plan.stages.length : release;
  return { ...plan, stages: [...plan.stages.slice(0, at), ...checks, ...plan.stages.slice(at)] };
}

/** The consumer was to be repointed before its data is there. */
export class MigrationNotThere extends UserError {
  constructor(to: string, history: History) {
    super(
      `the migration's active side is ${history.active}${history.pendingMove ? `, with a move ${history.pendingMove.plan.operation} left half done` : ""}; ` +
        `expected ${to}. Run pulumi up to finish the move first. No consumer was touched.`,
    );
  }
}

/** Repointing failed after the data was moved. */
export class StaysFenced extends UserError {
  constructor(consumer: string, cause: Error) {
    super(
      `${cause.message}\n${consumer} stays fenced; nothing is lost. Go on: mend the cause and run pulumi up again. ` +
        "Go back: pulumi destroy.",
      { cause },
    );
  }
}

/** Whether the consumer works with that side, and nothing of it is half done. The source is where it was found. */
function isThere(history: History, consumer: string, to: ActiveSide): boolean {
  if (history.awaitsRepointing(consumer)) return false;
  const last = history.lastRepointing(consumer);
  if (!last) return to === "source";
  return last.outcome === "done" && last.plan.operation === operations.repoint(consumer, to);
}

function pauseOf(history: History, repointing: Run): number | undefined {
  const moves = history.runs.filter((run) => ["forward", "back"].includes(run.plan.operation));
  const move = moves[moves.length - 1];
  const fence = move && timelineOf(move).find((span) => span.phase === "fence");
  const spans = timelineOf(repointing);
  const end = spans[spans.length - 1];
  return fence && end ? (Date.parse(end.to) - Date.parse(fence.from)) / 1000 : undefined;
}
