/**
 * Records what a cluster is before its metas stop: what the proof afterwards compares with, and the level that it gets back.
 * Nothing is recorded, and the move refused, where a copy would be laid over what a meta has written since.
 */
import { UserError } from "../engine/errors";
import type { Handler, JsonObject, StepContext } from "../engine/step";
import { folderOf, makeFolder } from "../journal/folder";
import type { HostAccess, World } from "../transports/contract";
import { findTroubles } from "./complain";
import { leaseSecondsOf, LEASE_KEYS, type LeaseKey } from "./config";
import { allDown } from "./meta-service-steps";
import { askConfig, observeCluster, type ClusterState } from "./observe";
import { refuseOverwriting } from "./overwriting";
import { sayShellFailure } from "./read/answer";
import { sameZooKeeperHosts } from "./read/judge";
import { readGetMetaLevel, type MetaLevel } from "./read/meta-level";
import { fromJson, toJson, type ClusterRecord } from "./record";
import { askShell, shellOf } from "./shell";

interface MetaPort {
  readonly name: string;
  readonly port: number;
  readonly names: readonly string[];
}

export const recordHandlers: Readonly<Record<string, Handler<World>>> = {
  "pg.record": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "recorded" : "not recorded by this process",
    }),
    async apply(context) {
      return toJson(await record(context));
    },
  },
};

async function record(context: StepContext<World>): Promise<ClusterRecord> {
  const { args } = context.step;
  const metas = args["metas"] as unknown as readonly MetaPort[];
  const file = `${folderOf(context.world.migration)}/${String(args["consumer"])}-record.json`;
  const keeper = context.world.host(metas[0]?.name ?? context.step.host);
  const kept = await readKept(keeper, file);
  const own = kept?.run === context.run ? kept.record : undefined;
  await refuseOverwriting(context.world, args, metas);
  // Nobody is left to be asked: what was recorded before they went is what counts.
  if (await allDown(context.world, args)) {
    const earlier = kept?.record ?? fromJson(args["earlier"]);
    if (earlier) return asOfNow(earlier, args);
    throw new UserError(
      "no meta server runs, and nothing was recorded before. Start the metas, and run the same command again.",
    );
  }
  const cluster = await observeCluster(context.world, shellOf(args), metas);
  if (typeof cluster === "string" || (args["strict"] !== true && cluster.primary === undefined)) {
    const earlier = own ?? fromJson(args["earlier"]);
    if (args["strict"] !== true && earlier) return asOfNow(earlier, args);
    throw new UserError(typeof cluster === "string" ? cluster : "no meta server leads");
  }
  const made = await makeRecord(context, cluster, metas);
  // A run that starts over finds the level that it has set itself; one after a repointing by half, the level of a start.
  const before = own ?? (args["fenced"] === true ? fromJson(args["earlier"]) : undefined);
  const seen = {
    ...made,
    level: before?.level ?? made.level,
    freezed: made.freezed === true || before?.freezed === true,
  };
  await makeFolder(keeper, context.world.migration);
  const text = `${JSON.stringify({ ...seen, run: context.run }, undefined, 2)}\n`;
  await keeper.writeFile(file, text, { mode: "0600" });
  return seen;
}

/** What an earlier record left beside the journal, and the run that made it. */
async function readKept(
  keeper: HostAccess,
  file: string,
): Promise<{ run?: string; record?: ClusterRecord } | undefined> {
  const kept = await keeper.readFile(file);
  if (!kept) return undefined;
  const { run, ...record } = JSON.parse(kept.toString("utf8")) as JsonObject;
  return { run: run as string | undefined, record: fromJson(record) };
}

/** What was recorded on the side that is left now is as good as new, unless the metas have worked since. */
function asOfNow(earlier: ClusterRecord, args: JsonObject): ClusterRecord {
  const made = sameZooKeeperHosts(earlier.hostsList ?? "", String(args["from"]));
  return { ...earlier, older: earlier.older === true || !made };
}

async function makeRecord(
  { world, step: { args } }: StepContext<World>,
  cluster: ClusterState,
  metas: readonly MetaPort[],
): Promise<ClusterRecord> {
  const named = Object.fromEntries(metas.map(({ name }) => [name, {}]));
  const troubles = findTroubles({ name: String(args["consumer"]), metas: named as never }, cluster);
  if (args["strict"] === true && troubles.length > 0) {
    throw new UserError(
      `${troubles.join("; ")}. Every node must be ALIVE and every partition healthy before the metas stop.`,
    );
  }
  const lease = await longestLease(world, args, cluster, metas);
  const level = await levelSet(world, args, cluster.info.level);
  return {
    primary: cluster.primary ?? metas[0]?.name ?? "",
    level,
    freezed: level !== cluster.info.level,
    root: cluster.info.zookeeperRoot,
    hostsList: cluster.info.zookeeperHosts.replace(/\/.*$/, ""),
    nodes: cluster.nodes,
    apps: cluster.apps,
    leaseSeconds: leaseSecondsOf(lease),
  };
}

/**
 * `cluster_info` says the level in force, which is freezed as long as too few replica servers are ALIVE, whatever was set;
 * `get_meta_level` says the one that was set. Source: Pegasus `meta_service::get_function_level` and `on_control_meta_level`.
 */
async function levelSet(world: World, args: JsonObject, inForce: MetaLevel): Promise<MetaLevel> {
  if (inForce !== "freezed") return inForce;
  const answer = await askShell(world, shellOf(args), "get_meta_level", readGetMetaLevel);
  if (!answer.ok) throw new UserError(`get_meta_level: ${sayShellFailure(answer.failure)}`);
  return answer.value;
}

/** Of the metas' files and of what every live replica server runs with, the longest. */
async function longestLease(
  world: World,
  args: JsonObject,
  cluster: ClusterState,
  metas: readonly MetaPort[],
): Promise<Record<LeaseKey, number>> {
  const through = world.host(metas[0]?.name ?? "");
  const configured = args["lease"] as unknown as Record<LeaseKey, number>;
  const asked = await Promise.all(
    cluster.nodes.flatMap(({ address, alive }) => {
      const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
      if (!alive || host === undefined) return [];
      return LEASE_KEYS.map(
        async (key) => [key, Number(await askConfig(through, Number(port), key, host))] as const,
      );
    }),
  );
  const longest = { ...configured };
  for (const [key, value] of asked) if (value > longest[key]) longest[key] = value;
  return longest;
}
