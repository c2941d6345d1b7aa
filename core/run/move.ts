/**
 * From a desired migration and the world to a plan: observes both sides and the consumers, collects every complaint,
 * and plans the move in the wanted direction.
 */
import { complainClickHouse, editStages, fenceStages, releaseStages } from "../clickhouse/plan";
import type { ClickHouseFacts } from "../clickhouse/observe";
import { observeClickHouse } from "../clickhouse/observe";
import type { Complaint } from "../engine/errors";
import { Refusal } from "../engine/errors";
import type { Plan, Stage } from "../engine/step";
import type { World } from "../transports/contract";
import { addressOf, namesOf } from "../zookeeper/desired";
import type { EnsembleFacts } from "../zookeeper/observe";
import { observeEnsemble } from "../zookeeper/observe";
import type { Side } from "../zookeeper/side";
import { quorumOf, sideOfExisting, sideOfManaged } from "../zookeeper/side";
import {
  chooseAnyhow,
  chooseServing,
  complainCrossReferences,
  complainFolders,
  foreignClients,
} from "../zookeeper/snapshot/observe";
import { planMove } from "../zookeeper/snapshot/plan";
import type { Consumer, EitherEnsemble, MigrationDesired } from "./desired";
import { isManaged } from "./desired";
import type { ActiveSide, History } from "./history";
import { operations } from "./history";

export interface ConsumerFacts {
  readonly consumer: Consumer;
  readonly facts: ClickHouseFacts;
}

/** Everything a forward move was planned from; the review prints it. */
export interface ForwardFacts {
  readonly source: Side;
  readonly target: Side;
  readonly ensemble: EnsembleFacts;
  readonly consumers: readonly ConsumerFacts[];
  readonly foreign: ReadonlyMap<string, number>;
}

/** Looks at the world before a move forward; the target need not exist yet. */
export async function observeForward(world: World, desired: MigrationDesired): Promise<ForwardFacts> {
  const [ensemble, consumers] = await Promise.all([
    observeEnsemble(world, sideOf(desired.source)),
    observeConsumers(world, desired),
  ]);
  return {
    source: withFlags(desired.source, ensemble),
    target: sideOfManaged(desired.target),
    ensemble,
    consumers,
    foreign: foreignClients(ensemble, knownAddresses(desired)),
  };
}

/** Everything that speaks against moving forward. */
export function complainForward(desired: MigrationDesired, facts: ForwardFacts): Complaint[] {
  const { ensemble, source, target } = facts;
  return [
    ...chooseServing(ensemble).complaints,
    ...complainCrossReferences(ensemble, target),
    ...complainFolders(ensemble, source),
    ...complainNewer(desired, ensemble),
    ...complainForeign(desired, facts.foreign),
    ...facts.consumers.flatMap(({ consumer, facts: seen }) =>
      complainClickHouse(consumer, seen, { healthMatters: true }),
    ),
  ];
}

/** @throws Refusal with every complaint */
export function planForward(desired: MigrationDesired, facts: ForwardFacts): Plan {
  const complaints = complainForward(desired, facts);
  const { origin } = chooseServing(facts.ensemble);
  const foldOn = facts.target.servers[0];
  if (complaints.length > 0 || !origin || !foldOn) throw new Refusal(complaints);
  return planMove(
    {
      operation: "forward",
      origin: facts.source,
      destination: facts.target,
      fence: desired.fence,
      consumerFence: fenceAll(desired, facts.consumers, facts.source, new Set()),
      acceptDataLoss: desired.acceptDataLoss,
    },
    {
      ...origin,
      foldOn: { server: foldOn, side: facts.target },
      reachableOrigin: facts.source.servers,
      reachableDestination: facts.target.servers,
      snapshotFormat: formatOf(desired.target.version),
    },
  );
}

/** Plans the way back to the source, from whatever is left of the target. */
export async function planBack(world: World, desired: MigrationDesired, history: History): Promise<Plan> {
  const target = sideOfManaged(desired.target);
  const [targetFacts, sourceFacts, consumers] = await Promise.all([
    observeEnsemble(world, target),
    observeEnsemble(world, sideOf(desired.source)),
    observeConsumers(world, desired),
  ]);
  const source = withFlags(desired.source, sourceFacts);
  const choice = await chooseAnyhow(world, target, targetFacts, desired.acceptDataLoss);
  const reachableTarget = reachable(targetFacts);
  const reachableSource = reachable(sourceFacts);
  const complaints = [
    ...choice.complaints,
    ...complainQuorum(source, reachableSource.length),
    ...consumers.flatMap(({ consumer, facts }) =>
      complainClickHouse(consumer, facts, { healthMatters: false }),
    ),
  ];
  const { origin } = choice;
  if (complaints.length > 0 || !origin) throw new Refusal(complaints);
  return planMove(
    {
      operation: "back",
      origin: target,
      destination: source,
      fence: "stopSource",
      consumerFence: fenceAll(desired, consumers, target, history.fenced),
      acceptDataLoss: desired.acceptDataLoss,
    },
    {
      ...origin,
      foldOn: { server: origin.from, side: target },
      reachableOrigin: reachableTarget,
      reachableDestination: reachableSource,
      snapshotFormat: isManaged(desired.source) ? formatOf(desired.source.version) : "3.4",
    },
  );
}

/** The way back as it would be from a healthy target: what a destroy prints before it begins. */
export function sketchBack(desired: MigrationDesired): Plan {
  const target = sideOfManaged(desired.target);
  const source = sideOf(desired.source);
  const from = target.servers[0];
  if (!from) throw new Error("an ensemble without servers");
  const consumers = desired.consumers.map((consumer) => ({
    consumer,
    facts: { servers: serversOf(consumer) },
  }));
  const move = planMove(
    {
      operation: "back",
      origin: target,
      destination: source,
      fence: "stopSource",
      consumerFence: fenceAll(desired, consumers, target, new Set()),
      acceptDataLoss: false,
    },
    {
      from,
      fromIs: "or whichever leads then",
      foldOn: { server: from, side: target },
      reachableOrigin: target.servers,
      reachableDestination: source.servers,
      snapshotFormat: isManaged(desired.source) ? formatOf(desired.source.version) : "3.4",
    },
  );
  const release = consumers.flatMap(({ consumer, facts }) => [
    ...editStages(consumer, facts, source, true),
    ...releaseStages(consumer, facts, { from: target, to: source }),
  ]);
  return { ...move, stages: [...move.stages, ...nonEmpty(release)] };
}

/** Plans the repointing of one consumer and the release of its writers. */
export async function planRepoint(
  world: World,
  desired: MigrationDesired,
  consumer: Consumer,
  to: ActiveSide,
): Promise<Plan> {
  const facts = await observeClickHouse(world, consumer);
  const complaints = complainClickHouse(consumer, facts, { healthMatters: false });
  if (complaints.length > 0) throw new Refusal(complaints);
  const sides = sidesOf(desired, to);
  return {
    title: `repoint ${consumer.name} to the ${to}`,
    operation: operations.repoint(consumer.name, to),
    stages: nonEmpty([
      ...editStages(consumer, facts, sides.to, to === "source"),
      ...releaseStages(consumer, facts, sides),
    ]),
  };
}

/** Plans taking a consumer's repointing away: pause its writers, put its configuration back, leave it fenced. */
export async function planUnpoint(
  world: World,
  desired: MigrationDesired,
  consumer: Consumer,
): Promise<Plan> {
  const facts = await observeClickHouse(world, consumer);
  const complaints = complainClickHouse(consumer, facts, { healthMatters: false });
  if (complaints.length > 0) throw new Refusal(complaints);
  const { from, to } = sidesOf(desired, "source");
  return {
    title: `put ${consumer.name}'s configuration back, its writers paused`,
    operation: operations.unpoint(consumer.name),
    stages: nonEmpty([
      ...fenceStages(consumer, facts, { stopServers: false, from }),
      ...editStages(consumer, facts, to, true),
    ]),
  };
}

export function sideOf(ensemble: EitherEnsemble): Side {
  return isManaged(ensemble) ? sideOfManaged(ensemble) : sideOfExisting(ensemble);
}

export function sidesOf(desired: MigrationDesired, to: ActiveSide): { from: Side; to: Side } {
  const source = sideOf(desired.source);
  const target = sideOfManaged(desired.target);
  return to === "target" ? { from: source, to: target } : { from: target, to: source };
}

/** The existing ensemble with the limits that its running servers really have. */
function withFlags(ensemble: EitherEnsemble, facts: EnsembleFacts): Side {
  if (isManaged(ensemble)) return sideOfManaged(ensemble);
  const seen = facts.servers.flatMap((one) => (one.seen?.pid === undefined ? [] : [one.seen]));
  if (seen.length === 0) return sideOfExisting(ensemble);
  return sideOfExisting(ensemble, {
    juteMaxBuffer: Math.min(...seen.map((one) => one.juteMaxBuffer)),
    extendedTypes: seen.every((one) => one.extendedTypes),
  });
}

function observeConsumers(world: World, desired: MigrationDesired): Promise<ConsumerFacts[]> {
  return Promise.all(
    desired.consumers.map(async (consumer) => ({
      consumer,
      facts: await observeClickHouse(world, consumer),
    })),
  );
}

/** Stages of all consumers side by side where they belong to one phase; consumers already fenced are left out. */
function fenceAll(
  desired: MigrationDesired,
  consumers: readonly ConsumerFacts[],
  from: Side,
  fenced: ReadonlySet<string>,
): Stage[] {
  return consumers
    .filter(({ consumer }) => !fenced.has(consumer.name))
    .flatMap(({ consumer, facts }) =>
      fenceStages(consumer, facts, { stopServers: desired.fence === "consumersOnly", from }),
    );
}

function serversOf(consumer: Consumer): ClickHouseFacts["servers"] {
  return namesOf(consumer.hosts).map((name) => ({ name, address: addressOf(consumer.hosts, name) }));
}

function knownAddresses(desired: MigrationDesired): ReadonlySet<string> {
  return new Set(
    desired.consumers.flatMap((consumer) => [
      ...Object.keys(consumer.hosts).map((name) => addressOf(consumer.hosts, name)),
      ...consumer.writers.addresses,
    ]),
  );
}

function complainForeign(desired: MigrationDesired, foreign: ReadonlyMap<string, number>): Complaint[] {
  if (desired.acceptForeignClients || desired.fence === "consumersOnly") return [];
  return [...foreign].map(([address, connections]) => ({
    where: address,
    found: `${connections} connection${connections === 1 ? "" : "s"} to the source, and no consumer at that address`,
    expected: "only the consumers' clients, since the source will be stopped",
    next:
      "Find out whose it is. Then add it to the consumers (or to their writers.addresses), end it, choose fence " +
      "consumersOnly, or set acceptForeignClients: true to cut it off.",
  }));
}

function complainNewer(desired: MigrationDesired, ensemble: EnsembleFacts): Complaint[] {
  const { version } = ensemble;
  if (version === undefined || compareVersions(version, desired.target.version) <= 0) return [];
  return [
    {
      where: "target.version",
      found: `${desired.target.version}, while the source runs ${version}`,
      expected: "the source's version or a newer one",
      next: "An older server may not read a newer one's files. Choose a newer target version.",
    },
  ];
}

function complainQuorum(side: Side, reachableServers: number): Complaint[] {
  if (reachableServers >= quorumOf(side)) return [];
  return [
    {
      where: side.servers.map((server) => server.name).join(", "),
      found: `${reachableServers} of ${side.servers.length} hosts reachable`,
      expected: `at least ${quorumOf(side)}, a quorum`,
      next: "Bring hosts back: an ensemble without a quorum cannot take the data.",
    },
  ];
}

function reachable(facts: EnsembleFacts) {
  return facts.servers.filter((one) => one.seen !== undefined).map((one) => one.server);
}

/** The digest behind the tree came with 3.6. */
function formatOf(version: string): "3.4" | "3.6+" {
  return compareVersions(version, "3.6.0") >= 0 ? "3.6+" : "3.4";
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function nonEmpty(stages: readonly Stage[]): Stage[] {
  return stages.filter((stage) => stage.steps.length > 0);
}
