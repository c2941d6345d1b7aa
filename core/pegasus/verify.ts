/**
 * The proof that a cluster works on the ensemble that it was given, and is what it was before: every meta's own memory,
 * the leading meta, level, nodes, tables, and the health of every partition.
 *
 * Cheap questions first: the shell costs a second each, and the first thing that is not so decides.
 */
import { UserError } from "../engine/errors";
import type { JsonObject, Sight } from "../engine/step";
import type { World } from "../transports/contract";
import { askConfig, isWanted, observeCluster } from "./observe";
import type { App } from "./read/apps";
import { findChangedApps, findClusterDifferences, findMissingNodes, findUnhealthy } from "./read/judge";
import type { MetaLevel } from "./read/meta-level";
import { fromJson, type ClusterRecord } from "./record";
import { shellOf } from "./shell";

interface MetaPort {
  readonly name: string;
  readonly port: number;
}

/**
 * What was compared is the sight's result; what is wrong, the first of it, is what it found.
 * @param options `workedSince`: a meta was started since the cluster was recorded, so tables may have come
 */
export async function proveCluster(
  world: World,
  args: JsonObject,
  { workedSince }: { readonly workedSince: boolean },
): Promise<{ sight: Sight }> {
  const wrong = await metasWrong(world, args);
  if (wrong.length > 0) return { sight: { done: false, found: wrong.join("; ") } };
  const cluster = await observeCluster(world, shellOf(args), []);
  if (typeof cluster === "string") return { sight: { done: false, found: cluster } };
  // Of whichever meta leads: each user's file may name the servers in its own way.
  const metas = args["metas"] as unknown as readonly MetaPort[];
  const namesThem = await Promise.all(
    metas.map(({ name }) => isWanted(world, world.host(name), args, cluster.info.zookeeperHosts)),
  );
  const before = fromJson(args["record"]);
  if (!before)
    throw new UserError("nothing was recorded before the metas stopped, so nothing can be compared");
  // Dropped tables come back as available ones from a recovery; whoever accepted that knows their names.
  const returned = new Set(
    args["mayReturn"] === true
      ? before.apps.filter((app) => app.status === "DROPPED").map((app) => app.id)
      : [],
  );
  const known = new Set(before.apps.map((app) => app.id));
  const apps = cluster.apps.filter(
    (app) => !returned.has(app.id) && ((before.older !== true && !workedSince) || known.has(app.id)),
  );
  const found = [
    ...findClusterDifferences(cluster.info, {
      zookeeperRoot: before.root,
      level: levelFor(before, cluster.info.level),
    }),
    ...(namesThem.includes(true) ? [] : [`zookeeper_hosts is ${cluster.info.zookeeperHosts}`]),
    ...findMissingNodes(
      before.nodes.filter((node) => node.alive).map((node) => node.address),
      cluster.nodes,
    ),
    ...(args["mayChange"] === true
      ? []
      : [...findChangedApps(before.apps, apps), ...findChangedEnvs(before.apps, apps)]),
    ...findUnhealthy(cluster.apps),
  ];
  if (found.length > 0) return { sight: { done: false, found: found.slice(0, 5).join("; ") } };
  const live = cluster.apps.filter((app) => app.status !== "DROPPED");
  const proof = {
    hostsList: cluster.info.zookeeperHosts,
    primary: cluster.info.primaryMetaServer,
    level: cluster.info.level,
    nodesAlive: cluster.nodes.length,
    tables: live.length,
    partitionsFullyHealthy: live.reduce((sum, app) => sum + app.partitions, 0),
  };
  const says = `${proof.primary} leads, level ${proof.level}, ${proof.nodesAlive} nodes ALIVE, ${proof.tables} tables with ${proof.partitionsFullyHealthy} partitions fully healthy`;
  return { sight: { done: true, found: says, result: proof } };
}

/** In force; freezed as it was before is as good, since the nodes that are asked for are no more than those that were ALIVE. */
function levelFor({ level, freezed }: ClusterRecord, inForce: MetaLevel): MetaLevel {
  return freezed === true && inForce === "freezed" ? inForce : level;
}

/** `/config` is answered by each process itself: it proves what was loaded, whatever the file says now. */
async function metasWrong(world: World, args: JsonObject): Promise<string[]> {
  const metas = args["metas"] as unknown as readonly MetaPort[];
  const answers = await Promise.all(
    metas.map(async ({ name, port }) => {
      const host = world.host(name);
      const hostsList = await askConfig(host, port, "hosts_list");
      if (hostsList === undefined) return [`${name} does not answer`];
      if (!(await isWanted(world, host, args, hostsList)))
        return [`${name} runs with hosts_list ${hostsList}`];
      const recover = await askConfig(host, port, "recover_from_replica_server");
      return recover === "true" ? [`${name} runs with recover_from_replica_server = true`] : [];
    }),
  );
  return answers.flat();
}

/** `ls` tells how many envs a table has, not which. */
function findChangedEnvs(before: readonly App[], after: readonly App[]): string[] {
  const was = new Map(before.map((app) => [app.id, app.envs]));
  return after.flatMap((app) => {
    const count = was.get(app.id);
    return count === undefined || count === app.envs
      ? []
      : [`table ${app.name} (${app.id}): ${count} envs before, ${app.envs} now`];
  });
}
