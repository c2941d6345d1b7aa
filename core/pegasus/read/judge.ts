/**
 * Judges a cluster by what was read: is every table fully healthy, are the tables the same as before,
 * do all nodes live, did the recovery lose anything. Each judgement lists what is wrong in words that
 * can be shown as they are; an empty list is the proof, and says what was compared only by its caller.
 *
 * Pure. What to do about a finding is the plan's business.
 */
import type { App } from "./apps";
import type { ClusterInfo } from "./cluster-info";
import type { MetaLevel } from "./meta-level";
import type { ReplicaServer } from "./nodes";
import type { Recovery, RecoveryHint } from "./recover";

/** Every available table has all of its partitions fully healthy. A table without health counts as unproven. */
export function findUnhealthy(apps: readonly App[]): readonly string[] {
  return apps
    .filter((app) => app.status !== "DROPPED")
    .flatMap((app) => {
      const name = `table ${app.name} (${app.id})`;
      if (app.status !== "AVAILABLE") return [`${name} is ${app.status}`];
      if (app.health === undefined) return [`${name}: its health was not listed (ls -d)`];
      const { fullyHealthy, writeUnhealthy, readUnhealthy } = app.health;
      if (fullyHealthy === app.partitions) return [];
      return [
        `${name}: ${fullyHealthy} of ${app.partitions} partitions are fully healthy, ` +
          `${writeUnhealthy} cannot be written, ${readUnhealthy} cannot be read`,
      ];
    });
}

/** In front of the names of the tables that we make and drop ourselves (canary.ts). */
export const CANARY_PREFIX = "pulumi_zookeeper_canary_";

export function isCanary({ name }: Pick<App, "name">): boolean {
  return name.startsWith(CANARY_PREFIX);
}

/** The same tables with the same names, partition and replica counts. Dropped tables and canaries are left aside. */
export function findChangedApps(before: readonly App[], after: readonly App[]): readonly string[] {
  const kept = (apps: readonly App[]) =>
    new Map(apps.filter((app) => app.status !== "DROPPED" && !isCanary(app)).map((app) => [app.id, app]));
  const was = kept(before);
  const is = kept(after);
  const missing = [...was.values()]
    .filter((app) => !is.has(app.id))
    .map((app) => `table ${app.name} (${app.id}) is gone`);
  const added = [...is.values()]
    .filter((app) => !was.has(app.id))
    .map((app) => `table ${app.name} (${app.id}) is new`);
  const changed = [...is.values()].flatMap((app) => {
    const old = was.get(app.id);
    return old === undefined ? [] : differences(old, app);
  });
  return [...missing, ...added, ...changed];
}

/** Every expected node is listed and ALIVE. Nodes that were not expected are no fault. */
export function findMissingNodes(
  expected: readonly string[],
  servers: readonly ReplicaServer[],
): readonly string[] {
  return expected.flatMap((address) => {
    const server = servers.find((candidate) => candidate.address === address);
    if (server === undefined) return [`replica server ${address} is not listed`];
    return server.alive ? [] : [`replica server ${address} is UNALIVE`];
  });
}

/** What a cluster should say of itself; what is left out is not looked at. */
export interface ExpectedCluster {
  readonly zookeeperHosts?: string;
  readonly zookeeperRoot?: string;
  readonly level?: MetaLevel;
  readonly clusterName?: string;
}

export function findClusterDifferences(info: ClusterInfo, expected: ExpectedCluster): readonly string[] {
  const compare = (what: string, found: string | undefined, wanted: string | undefined) =>
    wanted === undefined || found === wanted
      ? []
      : [`${what} is ${found ?? "not known"}, expected ${wanted}`];
  return [
    ...(info.primaryMetaServer === undefined ? ["no meta server leads"] : []),
    ...(expected.zookeeperHosts !== undefined &&
    !sameZooKeeperHosts(info.zookeeperHosts, expected.zookeeperHosts)
      ? [`zookeeper_hosts is ${info.zookeeperHosts}, expected ${expected.zookeeperHosts}`]
      : []),
    ...compare("zookeeper_root", info.zookeeperRoot, expected.zookeeperRoot),
    ...compare("meta_function_level", info.level, expected.level),
    ...compare("cluster_name", info.clusterName, expected.clusterName),
  ];
}

/** The same servers in any order, under the same chroot: `a:1,b:2/x` and `b:2, a:1/x`. */
export function sameZooKeeperHosts(one: string, other: string): boolean {
  const normal = (hosts: string) => {
    const slash = hosts.indexOf("/");
    const servers = (slash < 0 ? hosts : hosts.slice(0, slash)).split(",").map((server) => server.trim());
    const chroot = slash < 0 ? "" : hosts.slice(slash).trim().replace(/\/+$/, "");
    return `${servers.sort().join(",")}${chroot}`;
  };
  return normal(one) === normal(other);
}

/** Whether a `hosts_list` names these servers, under whatever chroot. */
export function namesServers(hostsList: string, servers: string): boolean {
  return sameZooKeeperHosts(hostsList.replace(/\/.*$/, ""), servers);
}

export type RecoveryVerdict =
  /** Every partition came back with all of its replicas. */
  | { readonly kind: "complete" }
  /** ERR_OK, but something may be lost; each hint names what. */
  | { readonly kind: "complete-with-losses"; readonly hints: readonly RecoveryHint[] }
  /** ERR_TRY_AGAIN: nothing was written; may be asked again once the hints are dealt with. */
  | { readonly kind: "may-be-tried-again"; readonly hints: readonly RecoveryHint[] }
  /** ERR_SERVICE_ALREADY_RUNNING: the metas do not wait for recovery, perhaps because it was done before. */
  | { readonly kind: "not-waiting" }
  /** The shell knows nothing: look at the metas before anything else. */
  | { readonly kind: "unknown" }
  | { readonly kind: "failed"; readonly code: string; readonly hints: readonly RecoveryHint[] };

export function judgeRecovery(recovery: Recovery): RecoveryVerdict {
  const { outcome } = recovery;
  if (outcome.kind === "no-reply") return { kind: "unknown" };
  const { code, hints } = outcome;
  switch (code) {
    case "ERR_OK":
      return hints.length === 0 ? { kind: "complete" } : { kind: "complete-with-losses", hints };
    case "ERR_TRY_AGAIN":
      return { kind: "may-be-tried-again", hints };
    case "ERR_SERVICE_ALREADY_RUNNING":
      return { kind: "not-waiting" };
    default:
      return { kind: "failed", code, hints };
  }
}

function differences(old: App, app: App): readonly string[] {
  const name = `table ${app.name} (${app.id})`;
  const compare = (what: string, was: string | number, is: string | number) =>
    was === is ? [] : [`${name}: ${what} was ${was}, is ${is}`];
  return [
    ...compare("name", old.name, app.name),
    ...compare("status", old.status, app.status),
    ...compare("partition count", old.partitions, app.partitions),
    ...compare("replica count", old.replicas, app.replicas),
  ];
}
