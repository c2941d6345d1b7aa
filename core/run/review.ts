/**
 * The plan of a move as the reviewer reads it: what was found, what will be done, what it will cost.
 *
 * Everything here must read the same as long as nothing that matters has changed, since a reviewed plan is compared
 * with the one that is carried out: counts are told as upper bounds (under live writes they change by the second),
 * and zxids, sessions and times are left out.
 */
import { describeSteps } from "../engine/plan-text";
import type { Plan } from "../engine/step";
import type { World } from "../transports/contract";
import type { TreeSummary } from "../zookeeper/files/tree-summary";
import { describeSnapshot } from "../zookeeper/files/refit-snapshot";
import { BrokenFile } from "../zookeeper/files/broken-file";
import type { SeenServer } from "../zookeeper/observe";
import { sayServers, type Side } from "../zookeeper/side";
import { endpointOn, surveyTree } from "../zookeeper/tree";
import { clientsOf } from "./consumers";
import type { MigrationDesired } from "./desired";
import type { ForwardFacts } from "./move";
import { leavesRunning } from "./plan-data";

export interface Review {
  readonly moves: string;
  /** Connect strings, which are long: Pulumi cuts a line off at 150 characters. */
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly clients: readonly string[];
  /** Of the consumers, as they were when this was written; their diffs stand in the repointing's own plan. */
  readonly files: Readonly<Record<string, string>>;
  readonly cannotMove: readonly string[];
  readonly pause: string;
  readonly steps: readonly string[];
  readonly noWayBackAfter: string;
}

/** Reads the newest snapshot of the leader to say what is in it: the one slow look of a preview. */
export async function reviewForward(
  world: World,
  desired: MigrationDesired,
  facts: ForwardFacts,
  plan: Plan,
): Promise<Review> {
  if (desired.strategy !== "snapshot") return reviewPart(world, desired, facts, plan);
  const tree = await describeNewest(world, facts);
  const znodes = znodesOf(facts, tree);
  return {
    moves:
      `${facts.ensemble.version ?? "?"} ${sayServers(facts.source)} (leader ${facts.ensemble.leader?.name}) → ` +
      `${desired.target.version} ${sayServers(facts.target)}`,
    from: sayAddresses(facts.source),
    to: sayAddresses(facts.target),
    data: sayData(znodes, tree),
    clients: sayClients(facts, desired),
    files: Object.assign({}, ...facts.consumers.map(({ files }) => files)) as Record<string, string>,
    cannotMove: tree ? sayUnfit(tree, facts.target) : [],
    pause: sayPause(znodes),
    steps: describeSteps(plan),
    noWayBackAfter:
      "nothing: what is written on the new side comes back with `pulumi destroy` or `active: source`, until `finalized`",
  };
}

/** What a move forward was planned from, for its report. */
export function foundOf(desired: MigrationDesired, facts: ForwardFacts): Record<string, string> {
  const { ensemble } = facts;
  const clients = sayClients(facts, desired);
  return {
    source: `ZooKeeper ${ensemble.version ?? "?"}, leader ${ensemble.leader?.name ?? "none"}`,
    znodes: `${znodesOf(facts, undefined)}, as the leader counted them`,
    clients: clients.length > 0 ? clients.join("\n") : "none connected",
    ...Object.fromEntries(
      facts.consumers.flatMap(({ consumer, found }) =>
        found.length > 0 ? [[consumer.name, found.join("\n")]] : [],
      ),
    ),
  };
}

/** Strategies `tree` and `none`: a part of the tree, or nothing, while the source serves on. */
async function reviewPart(
  world: World,
  desired: MigrationDesired,
  facts: ForwardFacts,
  plan: Plan,
): Promise<Review> {
  const roots =
    desired.strategy !== "snapshot" && desired.strategy.kind === "tree" ? desired.strategy.roots : [];
  const { servers, clientPort } = facts.source;
  const source = endpointOn({
    name: "source",
    hosts: servers.map(({ name }) => world.host(name)),
    port: clientPort,
  });
  const survey = roots.length > 0 ? await surveyTree(source, roots) : undefined;
  return {
    moves: `${facts.ensemble.version ?? "?"} ${sayServers(facts.source)} → ${desired.target.version} ${sayServers(facts.target)}; the source goes on`,
    from: sayAddresses(facts.source),
    to: sayAddresses(facts.target),
    data: survey
      ? `below ${roots.join(", ")}: under ${sayCount(survey.znodes)} znodes, under ${sayBytes(survey.bytes)}; ephemerals stay behind`
      : "nothing: the consumer rebuilds its own",
    clients: sayClients(facts, desired),
    files: Object.assign({}, ...facts.consumers.map(({ files }) => files)) as Record<string, string>,
    cannotMove: (survey?.masked ?? []).map((path) => `${path}: its ACL is hidden from us`),
    pause: survey
      ? `about ${Math.ceil(8 + upperBound(survey.znodes) / 20_000)} s without meta servers: stop 1 s, copy the rest and compare it, start 5 s`
      : "from the stop of the meta servers until every partition is healthy: the wait for the leases, and then about as long again",
    steps: describeSteps(plan),
    noWayBackAfter:
      "nothing: what is written on the new side comes back with `pulumi destroy` or `active: source`, until `finalized`",
  };
}

function sayAddresses(side: Side): string {
  return side.servers.map(({ address }) => `${address}:${side.clientPort}`).join(",");
}

/** As the leader counts them now: its newest snapshot may be days old. */
function znodesOf({ ensemble }: ForwardFacts, tree: TreeSummary | undefined): number {
  const leader = ensemble.servers.find(({ server }) => server.name === ensemble.leader?.name);
  const answer = leader?.seen?.answer;
  return Math.max(answer?.kind === "serving" ? answer.nodeCount : 0, tree?.znodes ?? 0);
}

function sayData(znodes: number, tree: TreeSummary | undefined): string {
  const inSnapshot = tree
    ? `in the newest snapshot under ${sayBytes(tree.dataBytes)}, largest under ${sayBytes(tree.largest.bytes)} ${tree.largest.path}`
    : "no whole snapshot yet, all of it in logs";
  return `under ${sayCount(znodes)} znodes; ${inSnapshot}; ephemerals and sessions stay behind`;
}

function sayClients(facts: ForwardFacts, desired: MigrationDesired): string[] {
  const connected = new Set(facts.ensemble.servers.flatMap(({ seen }) => seen?.clients ?? []));
  const known = facts.consumers.flatMap(({ consumer }) =>
    clientsOf(consumer)
      .filter(({ address }) => connected.has(address))
      .map(({ name, address }) => `${name} (${address}): consumer`),
  );
  const fate = leavesRunning(desired)
    ? "stays on the source"
    : desired.acceptForeignClients
      ? "NOT a consumer: will be cut off, as accepted"
      : "NOT a consumer: refused with fence stopSource";
  return [...known, ...[...facts.foreign.keys()].sort().map((address) => `${address}: ${fate}`)];
}

function sayUnfit(tree: TreeSummary, target: Side): string[] {
  const found: string[] = [];
  if (tree.largest.bytes + 1024 > target.juteMaxBuffer) {
    found.push(
      `${tree.largest.path}: ${tree.largest.bytes} bytes, above the target's jute.maxbuffer (${target.juteMaxBuffer})`,
    );
  }
  if (tree.ttls.count > 0 && !target.extendedTypes) {
    found.push(
      `TTL znodes, for example ${tree.ttls.paths[0]}: the target would delete them (extendedTypesEnabled)`,
    );
  }
  return found;
}

/**
 * Seconds, measured on a two-core machine with 10 000, 100 000 and 300 000 znodes and rounded up: a constant for
 * stopping, electing and reconnecting, and the servers' own loading of the tree. What was written since staging is
 * brought at the rate of the network, and is not known beforehand.
 */
function sayPause(znodes: number): string {
  const start = Math.ceil(4 + upperBound(znodes) / 150_000);
  const total = 2 + 1 + start + 6;
  return `about ${total} s: stop 2 s, bring the log's tail 1 s, start ${start} s, repoint 6 s (from the bound on znodes)`;
}

async function describeNewest(world: World, facts: ForwardFacts): Promise<TreeSummary | undefined> {
  const leader = facts.ensemble.servers.find(({ server }) => server.name === facts.ensemble.leader?.name);
  const newest = leader?.seen && newestSnapshot(leader.seen);
  if (!leader || !newest) return undefined;
  const stream = await world
    .host(leader.server.name)
    .readStream(`${facts.source.dataDir}/version-2/${newest}`);
  try {
    return (await describeSnapshot(newest, stream as AsyncIterable<Buffer>)).summary;
  } catch (error) {
    // Being written, or truncated: the staging will look for an older one.
    if (error instanceof BrokenFile) return undefined;
    throw error;
  }
}

function newestSnapshot(seen: SeenServer): string | undefined {
  const zxid = (name: string) => BigInt(`0x${name.slice("snapshot.".length).replace(/\..*$/, "")}`);
  return seen.snapshots
    .map((file) => file.name)
    .filter((name) => /^snapshot\.[0-9a-f]+(\.gz)?$/.test(name))
    .sort((a, b) => (zxid(a) < zxid(b) ? 1 : -1))[0];
}

/** The next of 1, 2, 5, 10, 20, 50 … above. */
export function upperBound(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((bound) => bound > value) ?? 10 * power;
}

function sayCount(value: number): string {
  return upperBound(value).toLocaleString("en").replaceAll(",", " ");
}

function sayBytes(value: number): string {
  const bound = upperBound(value);
  if (bound >= 1e9) return `${bound / 1e9} GB`;
  if (bound >= 1e6) return `${bound / 1e6} MB`;
  if (bound >= 1e3) return `${bound / 1e3} kB`;
  return `${bound} B`;
}
