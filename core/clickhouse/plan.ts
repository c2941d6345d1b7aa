/**
 * Plans the repointing of a ClickHouse replica set to another ZooKeeper ensemble, and what it does before and after
 * the move of the data.
 *
 * Order: rewrite every config → restart (or reload) every server → prove → resume the writers. No server is
 * restarted before every config is written, and the ensemble that is left is fenced all the while, so the replica
 * set is never split: a replica on another ensemble would accept inserts that the rest never sees.
 *
 * Pure: facts come from `observe.ts`, steps are run by `engine/execute.ts`.
 */
import { commandSteps } from "../engine/command-steps";
import type { JsonObject, Stage, Step } from "../engine/step";
import type { Side } from "../zookeeper/side";
import type { ClickHouseDesired } from "./desired";
import type { ClickHouseFacts, ReplicaServerFacts } from "./observe";
import { reloadsZooKeeper } from "./observe";

/**
 * What must stop before the data moves. Servers are stopped too where the old ensemble goes on serving others, and
 * where one may join the new ensemble as soon as that starts: nobody may write there before it is proved.
 */
export function fenceStages(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  options: { readonly stopServers: boolean; readonly mayJoin: boolean; readonly from: Side },
): Stage[] {
  const { pause, resume, addresses } = desired.writers;
  const stages: Stage[] = commandSteps(`pause writers of ${desired.name}`, pause, {
    undo: [...resume].reverse(),
  }).map((step) => ({
    phase: "fence",
    steps: [step],
  }));
  if (addresses.length > 0) {
    stages.push({ phase: "fence", steps: [writersGoneStep(desired, addresses, options.from)] });
  }
  if (options.stopServers || options.mayJoin || desired.fence === "stopped") {
    stages.push({
      phase: "fence",
      steps: facts.servers.map(({ name }) => ({
        id: `stop clickhouse ${name}`,
        host: name,
        kind: "ck.stop",
        args: { stop: desired.stop, restart: desired.restart, port: desired.query.port },
        says: "stop ClickHouse",
        undo: "start ClickHouse",
        lasting: true,
      })),
    });
  }
  return stages;
}

/** ClickHouse's own work tried out on the ensemble that it still has: what fails here did so before the move. */
export function checkStages(desired: ClickHouseDesired, facts: ClickHouseFacts): Stage[] {
  return [{ phase: "prepare", steps: [canaryStep(desired, facts, `canary ${desired.name} before`)] }];
}

/**
 * Where the ensemble that is left goes on serving, a server that its host's boot starts again writes there what the copy
 * does not have. It is stopped, and then nothing goes on: only the way back keeps what it wrote.
 */
export function stayedDownStages(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  sides: { readonly from: Side; readonly to: Side; readonly fencedBy?: string },
): Stage[] {
  const names = facts.servers.map(({ name }) => name);
  const via = names[0];
  if (via === undefined) return [];
  const { stop, query } = desired;
  return [
    {
      phase: "repoint",
      steps: names.map((name) => ({
        id: downId(name),
        host: name,
        kind: "ck.down",
        args: { consumer: desired.name, since: sides.fencedBy, stop, port: query.port, ...socketsOf(sides) },
        says: "make sure that ClickHouse is stopped",
        holdsUntil: `repoint ${name}`,
      })),
    },
    {
      phase: "repoint",
      steps: [
        {
          id: `${desired.name} stayed down`,
          host: via,
          kind: "ck.stayedDown",
          args: { servers: names },
          says: "none was started on what is left since it was fenced",
        },
      ],
    },
  ];
}

/** The step that finds a server down, or stops it; its result says on what that ran. */
export function downId(server: string): string {
  return `clickhouse ${server} is down`;
}

/** Writes the nodes of `to` into every configuration; `restore` puts back what the user had there. */
export function editStages(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  to: Side,
  restore: boolean,
): Stage[] {
  return [{ phase: "repoint", steps: facts.servers.map((server) => editStep(desired, server, to, restore)) }];
}

/** Makes every server take its configuration, proves that all work with `to` alone, and lets the writers go on. */
export function releaseStages(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  sides: { readonly from: Side; readonly to: Side },
): Stage[] {
  const login = loginOf(desired);
  const on = (make: (server: ReplicaServerFacts) => Step): Step[] => facts.servers.map(make);
  return [
    {
      phase: "repoint",
      steps: on((server) => ({
        id: `repoint ${server.name}`,
        host: server.name,
        kind: "ck.reconnect",
        args: {
          ...login,
          ...socketsOf(sides),
          reload: reloadsZooKeeper(server.version),
          restart: desired.restart,
        },
        says: reloadsZooKeeper(server.version)
          ? "reload the configuration, connected to the new servers only"
          : `restart (${desired.restart}), connected to the new servers only`,
        pointOfNoReturn: true,
        startsAgain: true,
      })),
    },
    {
      phase: "repoint",
      steps: on((server) => ({
        id: `healthy ${server.name}`,
        host: server.name,
        kind: "ck.healthy",
        args: { ...login },
        says: "every replicated table writable, all replicas active",
        proves: "replicated tables work",
      })),
    },
    { phase: "repoint", steps: [canaryStep(desired, facts, `canary ${desired.name}`)] },
    ...commandSteps(`resume writers of ${desired.name}`, [...desired.writers.resume].reverse()).map(
      (step): Stage => ({ phase: "release", steps: [step] }),
    ),
  ];
}

export function nodesOf(side: Side): { host: string; port: number }[] {
  return side.servers.map(({ address }) => ({ host: address, port: side.clientPort }));
}

function editStep(desired: ClickHouseDesired, server: ReplicaServerFacts, to: Side, restore: boolean): Step {
  return {
    id: `edit ${server.name}`,
    host: server.name,
    kind: "ck.edit",
    args: { path: desired.configPath, element: desired.element, nodes: nodesOf(to), restore },
    says: restore ? `put ${desired.configPath} back` : `edit ${desired.configPath}`,
    undo: restore ? undefined : "put the original back",
  };
}

function canaryStep(desired: ClickHouseDesired, facts: ClickHouseFacts, id: string): Step {
  return {
    id,
    host: facts.servers[0]?.name ?? "ops",
    kind: "ck.canary",
    args: {
      ...loginOf(desired),
      database: desired.query.database,
      cluster: desired.query.cluster,
      servers: facts.servers.map(({ name }) => name),
    },
    says: `canary: create a replicated table, insert, read on every other replica, drop it${sayCluster(desired)}`,
    proves: "ClickHouse's own work goes through",
  };
}

function sayCluster({ query: { cluster } }: ClickHouseDesired): string {
  return cluster === undefined ? "" : `; the same by distributed DDL on cluster ${cluster}`;
}

function writersGoneStep(desired: ClickHouseDesired, addresses: readonly string[], from: Side): Step {
  return {
    id: `writers of ${desired.name} gone`,
    host: from.servers[0]?.name ?? "ops",
    kind: "zk.clientsGone",
    args: {
      servers: from.servers.map(({ name }) => name),
      clientPort: from.clientPort,
      addresses: [...addresses],
    },
    says: `no connection left from ${addresses.join(", ")}`,
  };
}

/** What a step may know of the login; the password stays behind in the world's secrets. */
function loginOf(desired: ClickHouseDesired): JsonObject {
  return { port: desired.query.port, user: desired.query.user, secret: `${desired.name}/password` };
}

function socketsOf(sides: { readonly from: Side; readonly to: Side }): JsonObject {
  return { from: portsOf(sides.from), to: portsOf(sides.to) };
}

function portsOf(side: Side): string[] {
  return side.servers.map(({ address }) => `${address}:${side.clientPort}`);
}
