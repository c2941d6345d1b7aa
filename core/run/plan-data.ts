/**
 * Which plan brings the data to the other side: by snapshot the whole ensemble, by tree a part of it, or none where a
 * consumer rebuilds its own. What the consumers do before it is theirs.
 */
import type { Plan, Stage } from "../engine/step";
import type { ComplainOptions } from "../pegasus/complain";
import type { Direction, Fence } from "../pegasus/plan";
import type { Side } from "../zookeeper/side";
import type { MoveFacts, ReachableHosts } from "../zookeeper/snapshot/move";
import { planMove, planOwnFiles } from "../zookeeper/snapshot/plan";
import { stayedFencedStep } from "../zookeeper/snapshot/planned-steps";
import { planTreeMove } from "../zookeeper/tree/plan";
import type { ObservedConsumer } from "./consumers";
import type { MigrationDesired } from "./desired";
import type { ActiveSide } from "./history";
import { sidesOf } from "./sides";

export interface DataMove {
  readonly operation: "forward" | "back";
  readonly origin: Side;
  readonly destination: Side;
  readonly consumers: readonly ObservedConsumer[];
  /** Consumers that the last move left fenced: their servers may be down, and nothing can be asked of those. */
  readonly fenced?: ReadonlySet<string>;
  readonly acceptDataLoss: boolean;
  /** Servers that do not serve, while a quorum does: what is copied over the wire goes without them. */
  readonly silent?: ReadonlySet<string>;
  /** Of strategy snapshot alone; `ownFiles` where nothing can be copied and the destination goes on with its own. */
  readonly snapshot?: MoveFacts | ({ readonly ownFiles: true } & ReachableHosts);
}

export function planData(desired: MigrationDesired, move: DataMove): Plan {
  const { operation, origin, destination } = move;
  const fence = fenceAll(desired, move);
  if (desired.strategy === "snapshot") {
    if (!move.snapshot) throw new Error("a snapshot of nobody's files");
    // Back, the ensemble that is left has nobody else's clients to serve.
    const ensembleFence = operation === "back" ? "stopSource" : desired.fence;
    const whole = {
      operation,
      origin,
      destination,
      fence: ensembleFence,
      consumerFence: [...fence.quiet, ...fence.stop],
      acceptDataLoss: move.acceptDataLoss,
    };
    return "ownFiles" in move.snapshot ? planOwnFiles(whole, move.snapshot) : planMove(whole, move.snapshot);
  }
  const roots = desired.strategy.kind === "tree" ? desired.strategy.roots : [];
  const excluded = move.consumers.flatMap((one) => one.excluded);
  return planTreeMove({ operation, origin, destination, silent: move.silent, roots, excluded, fence });
}

/** What of a consumer's znodes comes along. */
export function carriesOf({ strategy }: Pick<MigrationDesired, "strategy">): ComplainOptions["carries"] {
  if (strategy === "snapshot") return "everything";
  return strategy.kind === "tree" ? strategy.roots : "nothing";
}

/** Whether the ensemble that is left goes on serving, because others use it. */
export function leavesRunning({ strategy, fence }: Pick<MigrationDesired, "strategy" | "fence">): boolean {
  return strategy !== "snapshot" || fence === "consumersOnly";
}

function directionOf(desired: MigrationDesired, to: ActiveSide): Direction {
  // Back, the ensemble of a whole migration is stopped, since nobody else uses it.
  const leftServes = to === "target" ? leavesRunning(desired) : desired.strategy !== "snapshot";
  return { ...sidesOf(desired, to), restore: to === "source", leftServes };
}

/** From a fenced consumer to one that works with that side. */
export function repointStages(
  desired: MigrationDesired,
  consumer: ObservedConsumer,
  to: ActiveSide,
): Stage[] {
  const direction = directionOf(desired, to);
  const stages = consumer.repoint(direction);
  const joined = stages.flatMap(({ steps }) => steps).find((step) => step.pointOfNoReturn === true);
  const guarded: Stage[] = direction.leftServes
    ? []
    : [{ phase: "repoint", steps: [stayedFencedStep(direction.from, to, joined?.id)] }];
  return [...guarded, ...stages].filter(({ steps }) => steps.length > 0);
}

function fenceAll(desired: MigrationDesired, move: DataMove): Fence {
  const { origin, destination, operation, consumers, fenced } = move;
  const options = (name: string) => ({
    from: origin,
    to: destination,
    restore: operation === "back",
    toServes: desired.strategy !== "snapshot",
    stopServers: leavesRunning(desired),
    strict: operation === "forward" && !fenced?.has(name),
  });
  const fences = consumers.map((one) => {
    const fence = one.fence(options(one.consumer.name));
    return fenced?.has(one.consumer.name) ? withoutUndo(fence) : fence;
  });
  return { quiet: fences.flatMap(({ quiet }) => quiet), stop: fences.flatMap(({ stop }) => stop) };
}

/** Of a consumer that was fenced before: taken back, it is fenced again, and its half edited files name two ensembles. */
function withoutUndo({ quiet, stop }: Fence): Fence {
  const each = (stages: readonly Stage[]) =>
    stages.map((stage) => ({ ...stage, steps: stage.steps.map((step) => ({ ...step, undo: undefined })) }));
  return { quiet: each(quiet), stop: each(stop) };
}
