/**
 * What there is of a Pegasus cluster: each meta's configuration and process, and what the leading meta says of tables
 * and nodes.
 *
 * Metas are asked by `/config` and `/version` alone, which are safe while one starts; everything else goes through the
 * shell, which asks by the servers' own protocol.
 */
import { ifReachable, UserError } from "../engine/errors";
import type { JsonObject } from "../engine/step";
import { readRan } from "../journal/ran";
import type { HostAccess, World } from "../transports/contract";
import { DialFailed } from "../transports/contract";
import { getText } from "../transports/http";
import { connectZooKeeper, KeeperError } from "../transports/zkwire";
import { addressOf, namesOf } from "../zookeeper/desired";
import type { Side } from "../zookeeper/side";
import { chrootOf, explicitNameOf, metaPortOf, readSettings, SHIPPED_META_PORT } from "./config";
import type { PegasusDesired } from "./desired";
import { sayShellFailure } from "./read/answer";
import { readApps, type App } from "./read/apps";
import { readClusterInfo, type ClusterInfo } from "./read/cluster-info";
import { readConfigOption, readHttp } from "./read/http";
import { namesServers, sameZooKeeperHosts } from "./read/judge";
import { readNodes, type ReplicaServer } from "./read/nodes";
import type { ClusterRecord } from "./record";
import { askShell, type ShellPlace } from "./shell";
import { readUsersConfig } from "./users-config";

export interface MetaFacts {
  /** Short host name. */
  readonly name: string;
  readonly address: string;
  readonly unreachable?: string;
  /** Bytes of config.ini; absent when there is none. */
  readonly config?: Buffer;
  readonly port: number;
  /** What it may be called in the cluster's own answers. */
  readonly names: readonly string[];
}

export interface ClusterState {
  readonly info: ClusterInfo;
  /** Short host name of the leading meta; undefined when it is none of ours. */
  readonly primary?: string;
  readonly nodes: readonly ReplicaServer[];
  /** With dropped ones, with health. */
  readonly apps: readonly App[];
}

export interface PegasusFacts {
  readonly metas: readonly MetaFacts[];
  readonly shell: ShellPlace;
  /** Absent when no meta leads, or the shell does not work. */
  readonly cluster?: ClusterState;
  /** Why there is no {@link cluster}. */
  readonly silent?: string;
  /** What a recovery would not bring back, in words; undefined when it could not be looked for. */
  readonly uncarried?: readonly string[];
  /** Whether the side that is left has the newest metadata; otherwise what the other side holds still is. */
  readonly leftHasNewest: boolean;
  /** The last record in the journal. */
  readonly record?: ClusterRecord;
  /** Id of the move that left the cluster fenced; absent where it works. */
  readonly fencedBy?: string;
}

/** What the journal tells of the side that is left, and of the last move. */
export interface Past {
  readonly from: Side;
  /** Whether the metas have led there since they last did on the other one; `perhaps` of a repointing that stopped: its root is looked at. */
  readonly led: "yes" | "no" | "perhaps";
  readonly fencedBy?: string;
  readonly record?: ClusterRecord;
}

export async function observePegasus(
  world: World,
  desired: PegasusDesired,
  { from, led, fencedBy, record }: Past,
): Promise<PegasusFacts> {
  const metas = await observeMetas(world, desired);
  const shell = shellPlace(desired, metas);
  const cluster = await observeCluster(world, shell, metas);
  const seen = typeof cluster === "string" ? undefined : cluster;
  const root = desired.clusterRoot ?? seen?.info.zookeeperRoot ?? record?.root;
  const config = metas.find((meta) => meta.config)?.config;
  const left =
    root !== undefined && config
      ? await lookAtRoot(world, from, chrootOf(readSettings(config).hostsList), root)
      : undefined;
  return {
    metas,
    shell,
    cluster: seen,
    silent: typeof cluster === "string" ? cluster : undefined,
    uncarried: left?.uncarried,
    leftHasNewest: led === "yes" || (led === "perhaps" && (left?.holdsTables ?? true)),
    record,
    fencedBy,
  };
}

/** A text is run where Pegasus is unpacked: on any meta's host, since each may die before the plan has ended. */
function shellPlace(desired: PegasusDesired, metas: readonly MetaFacts[]): ShellPlace {
  if (typeof desired.shell !== "string") return desired.shell;
  const on = metas.find((meta) => meta.unreachable === undefined)?.name ?? metas[0]?.name;
  const others = metas.flatMap(({ name }) => (name === on ? [] : [name]));
  return { run: desired.shell, on, others };
}

export function observeMetas(world: World, desired: PegasusDesired): Promise<MetaFacts[]> {
  return Promise.all(namesOf(desired.metas).map((name) => observeMeta(world, desired, name)));
}

async function observeMeta(world: World, desired: PegasusDesired, name: string): Promise<MetaFacts> {
  const address = addressOf(desired.metas, name);
  try {
    const host = world.host(name);
    const [config, hostNames] = await Promise.all([
      host.readFile(desired.configPath),
      host.script("hostname; hostname -f 2>/dev/null; true"),
    ]);
    const port = config ? metaPortOf(config) : SHIPPED_META_PORT;
    const said = hostNames.stdout.split("\n").map((line) => line.trim());
    const names = [name, address, config && explicitNameOf(config), ...said].filter((one) => one);
    return { name, address, config, port, names: names.map((one) => `${one}:${port}`) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, address, unreachable: error.message, port: SHIPPED_META_PORT, names: [] };
  }
}

/** The cluster as the leading meta says it, or why nothing is said. */
export async function observeCluster(
  world: World,
  shell: ShellPlace,
  metas: readonly Pick<MetaFacts, "name" | "names">[],
): Promise<ClusterState | string> {
  try {
    const info = await askShell(world, shell, "cluster_info", readClusterInfo);
    if (!info.ok) return sayShellFailure(info.failure);
    const nodes = await askShell(world, shell, "nodes -d", readNodes);
    if (!nodes.ok) return sayShellFailure(nodes.failure);
    const apps = await askShell(world, shell, "ls -a -d", readApps);
    if (!apps.ok) return sayShellFailure(apps.failure);
    const leads = info.value.primaryMetaServer;
    const primary = metas.find((meta) => leads !== undefined && meta.names.includes(leads))?.name;
    return { info: info.value, primary, nodes: nodes.value, apps: apps.value };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** One option as the process at `address` (default: the host's own) has loaded it; undefined where nobody answers. */
export async function askConfig(
  host: HostAccess,
  port: number,
  option: string,
  address?: string,
): Promise<string | undefined> {
  try {
    const reply = await getText(host, port, `/config?name=${option}`, { address, timeoutMs: 3000 });
    const headers = { location: reply.headers.location };
    const answer = readHttp({ status: reply.status, headers, body: reply.body }, readConfigOption);
    return answer.kind === "ok" ? answer.value.value : undefined;
  } catch (error) {
    // Nobody listens, or it ended while it was asked: both are what the caller wants to know.
    if (error instanceof DialFailed || error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * Names of those that have loaded these servers since they were fenced, whatever their files say: that run now, or were found
 * running and stopped, and have not been copied since. One that cannot be asked is none.
 * @param args `servers`, and what else {@link isWanted} and {@link readRan} go by
 */
export async function metasOn(
  world: World,
  metas: readonly Pick<MetaFacts, "name" | "port">[],
  args: JsonObject,
): Promise<string[]> {
  const loaded = metas.map(async ({ name, port }) => {
    const host = world.host(name);
    const now = await askConfig(host, port, "hosts_list");
    const ran = await ifReachable(readRan(world, { host: name, args }));
    const lists = [...(now === undefined ? [] : [now]), ...(ran && !ran.settled ? ran.on : [])];
    const wanted = await Promise.all(lists.map((list) => isWanted(world, host, args, list)));
    return wanted.includes(true) ? [name] : [];
  });
  return (await Promise.all(loaded)).flat();
}

/**
 * Whether a meta that has loaded `hostsList` works with the servers of a step's args, or, where its file is put back, with
 * the ensemble as the user names it there: by other names, or not with all of its servers.
 */
export async function isWanted(
  world: World,
  host: HostAccess,
  args: JsonObject,
  hostsList: string,
): Promise<boolean> {
  const { servers, restore } = args;
  // Journals of 0.1.0 do not have them everywhere.
  if (typeof servers === "string" && namesServers(hostsList, servers)) return true;
  if (restore !== true) return false;
  const users = await readUsersConfig(host, world.migration, args);
  return users !== undefined && sameZooKeeperHosts(hostsList, readSettings(users).hostsList);
}

/** Whether a root of the ensemble holds tables, and what beside them a recovery would not bring back. */
async function lookAtRoot(
  world: World,
  side: Side,
  chroot: string,
  root: string,
): Promise<{ holdsTables: boolean; uncarried: readonly string[] } | undefined> {
  for (const { name } of side.servers) {
    try {
      const client = await connectZooKeeper(world.host(name), side.clientPort, { chroot });
      try {
        const children = async (path: string) =>
          (await client.exists(path)) ? (await client.getChildren(path)).children : [];
        const ids = (await children(`${root}/apps`)).filter((id) => /^\d+$/.test(id));
        const duplications = await Promise.all(ids.map((id) => children(`${root}/apps/${id}/duplication`)));
        const count = (what: string, found: readonly string[]) =>
          found.length === 0 ? [] : [`${found.length} ${what}: ${found.slice(0, 5).join(", ")}`];
        const uncarried = [
          ...count(
            "duplications",
            duplications.flatMap((found, at) => found.map((id) => `table ${ids[at]} #${id}`)),
          ),
          ...count("backup policies", await children(`${root}/backup`)),
          ...count("bulk loads", await children(`${root}/bulk_load`)),
          ...((await client.exists(`${root}/ranger_policy_meta_root`)) ? ["the ranger policies"] : []),
        ];
        return { holdsTables: ids.length > 0, uncarried };
      } finally {
        await client.close();
      }
    } catch (error) {
      // The next server may answer; where none does, nothing is known.
      if (!(error instanceof UserError) && !(error instanceof KeeperError)) throw error;
    }
  }
  return undefined;
}

/** As it would be found, for a plan that is only shown: nobody is asked. */
export function sketchPegasus(desired: PegasusDesired): PegasusFacts {
  const metas = namesOf(desired.metas).map((name) => ({
    name,
    address: addressOf(desired.metas, name),
    port: SHIPPED_META_PORT,
    names: [],
  }));
  return { metas, shell: shellPlace(desired, metas), leftHasNewest: true };
}
