/**
 * From a desired migration and the world to a plan: observes both sides and the consumers, collects every complaint,
 * and plans the move in the wanted direction.
 */
import type { Complaint } from "../engine/errors";
import { Refusal } from "../engine/errors";
import type { Plan } from "../engine/step";
import { waitFor } from "../engine/wait";
import type { World } from "../transports/contract";
import type { EnsembleFacts } from "../zookeeper/observe";
import { observeEnsemble } from "../zookeeper/observe";
import type { Side } from "../zookeeper/side";
import { sideOfManaged } from "../zookeeper/side";
import {
  chooseServing,
  complainCrossReferences,
  complainFolders,
  complainQuorumServes,
  foreignClients,
} from "../zookeeper/snapshot/observe";
import { complainForeign, complainNewer, formatOf } from "./complain-move";
import { addressesOf, observeConsumer, sketchConsumer, type ObservedConsumer } from "./consumers";
import type { MigrationDesired } from "./desired";
import { isManaged } from "./desired";
import type { ActiveSide, History } from "./history";
import { carriesOf, leavesRunning, planData, repointStages } from "./plan-data";
import { sideOf, silentIn, withFlags } from "./sides";
import { checksBefore } from "./verify";

/** A server that has lost its session takes seconds to find an ensemble that serves again. */
const WELL_AGAIN_MS = 60_000;

/** Everything a forward move was planned from; the review prints it. */
export interface ForwardFacts {
  readonly source: Side;
  readonly target: Side;
  readonly ensemble: EnsembleFacts;
  readonly consumers: readonly ObservedConsumer[];
  readonly foreign: ReadonlyMap<string, number>;
  /** Consumers that a way back left fenced: they cannot be healthy, and need not be. */
  readonly fenced: ReadonlySet<string>;
}

/** Looks at the world before a move forward; the target need not exist yet. */
export async function observeForward(
  world: World,
  desired: MigrationDesired,
  history: History,
): Promise<ForwardFacts> {
  const fenced = stillFenced(desired, history);
  const consumers = await observeWorking(world, desired, history, fenced);
  // After them: while they are waited for, other clients find the source again too.
  const ensemble = await observeEnsemble(world, sideOf(desired.source));
  return {
    source: withFlags(desired.source, ensemble),
    target: sideOfManaged(desired.target),
    ensemble,
    consumers,
    fenced,
    foreign: foreignClients(ensemble, new Set(desired.consumers.flatMap(addressesOf))),
  };
}

/** Every consumer; where a move was just taken back, and their ensemble started again, as soon as they work with it. */
async function observeWorking(
  world: World,
  desired: MigrationDesired,
  history: History,
  fenced: ReadonlySet<string>,
): Promise<ObservedConsumer[]> {
  const direction = { from: sideOf(desired.source), to: "target" } as const;
  const carries = carriesOf(desired);
  const isWell = (one: ObservedConsumer) =>
    fenced.has(one.consumer.name) ||
    one.complain({ healthMatters: true, carries }).length ===
      one.complain({ healthMatters: false, carries }).length;
  let consumers: ObservedConsumer[] = [];
  await waitFor(
    async () => {
      consumers = await observeAll(world, desired, direction, history);
      const unwell = consumers.filter((one) => !isWell(one));
      return { done: unwell.length === 0, found: unwell.map(({ consumer }) => consumer.name).join(", ") };
    },
    { timeoutMs: history.runs.at(-1)?.outcome === "taken back" ? WELL_AGAIN_MS : 0, everyMs: 1_000 },
  );
  return consumers;
}

/** Everything that speaks against moving forward. */
export function complainForward(desired: MigrationDesired, facts: ForwardFacts): Complaint[] {
  const { ensemble, source, target, foreign, consumers } = facts;
  const bySnapshot = desired.strategy === "snapshot";
  const carries = carriesOf(desired);
  const complainServing = bySnapshot
    ? (all: EnsembleFacts) => chooseServing(all).complaints
    : complainQuorumServes;
  return [
    // A consumer that rebuilds its own metadata may be leaving an ensemble that no longer serves.
    ...(carries === "nothing" ? [] : complainServing(ensemble)),
    ...complainCrossReferences(ensemble, target),
    ...(bySnapshot ? complainFolders(ensemble, source) : []),
    ...complainNewer(desired, ensemble),
    ...(leavesRunning(desired) ? [] : complainForeign(desired, foreign)),
    ...consumers.flatMap((one) =>
      one.complain({ healthMatters: !facts.fenced.has(one.consumer.name), carries }),
    ),
  ];
}

/** @throws Refusal with every complaint */
export function planForward(desired: MigrationDesired, facts: ForwardFacts): Plan {
  const { source, target, consumers } = facts;
  const complaints = complainForward(desired, facts);
  if (complaints.length > 0) throw new Refusal(complaints);
  const { origin } = chooseServing(facts.ensemble);
  const foldOn = target.servers[0];
  const move = planData(desired, {
    operation: "forward",
    origin: source,
    destination: target,
    consumers,
    fenced: facts.fenced,
    acceptDataLoss: desired.acceptDataLoss,
    silent: silentIn(facts.ensemble),
    snapshot: origin &&
      foldOn && {
        ...origin,
        foldOn: { server: foldOn, side: target },
        reachableOrigin: source.servers,
        reachableDestination: target.servers,
        snapshotFormat: formatOf(desired.target.version),
      },
  });
  const working = consumers.filter((one) => !facts.fenced.has(one.consumer.name));
  return { ...move, stages: [...checksBefore(desired, working), ...move.stages] };
}

/** The way back as it would be from a healthy target: what a destroy prints before it begins. */
export function sketchBack(desired: MigrationDesired): Plan {
  const target = sideOfManaged(desired.target);
  const source = sideOf(desired.source);
  const from = target.servers[0];
  if (!from) throw new Error("an ensemble without servers");
  const consumers = desired.consumers.map(sketchConsumer);
  const move = planData(desired, {
    operation: "back",
    origin: target,
    destination: source,
    consumers,
    acceptDataLoss: false,
    snapshot: {
      from,
      fromIs: "or whichever leads then",
      fromLeads: true,
      foldOn: { server: from, side: target },
      reachableOrigin: target.servers,
      reachableDestination: source.servers,
      snapshotFormat: isManaged(desired.source) ? formatOf(desired.source.version) : "3.4",
    },
  });
  const release = consumers.flatMap((one) => repointStages(desired, one, "source"));
  return { ...move, stages: [...move.stages, ...release] };
}

/** Names of the consumers that did not follow the last move, whichever way it went. */
export function stillFenced({ consumers }: MigrationDesired, history: History): ReadonlySet<string> {
  return new Set(consumers.map(({ name }) => name).filter(history.awaitsRepointing));
}

/** Every consumer, looked at side by side. */
export function observeAll(
  world: World,
  desired: MigrationDesired,
  direction: { readonly from: Side; readonly to: ActiveSide },
  history: History,
): Promise<ObservedConsumer[]> {
  return Promise.all(
    desired.consumers.map((consumer) => observeConsumer(world, consumer, direction, history)),
  );
}
