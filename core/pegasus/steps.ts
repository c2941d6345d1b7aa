/**
 * Carries out the steps of a Pegasus switchover that ask the cluster: record it, make it blind, wait for its leases,
 * give it its level back, prove it. Metas and files have handlers of their own.
 */
import { Refusal, UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight, StepContext } from "../engine/step";
import { setTimeout as pause } from "node:timers/promises";
import { waitFor } from "../engine/wait";
import { folderOf, makeFolder } from "../journal/folder";
import type { HostAccess, World } from "../transports/contract";
import { leaseSecondsOf, LEASE_KEYS, type LeaseKey } from "./config";
import { runCanary } from "./canary";
import { copyAgainHandlers } from "./copy-again-steps";
import { findTroubles } from "./complain";
import { editHandlers } from "./edit-steps";
import { isDown, metaServiceHandlers } from "./meta-service-steps";
import { askConfig, metasOn, observeCluster, type ClusterState } from "./observe";
import { sayShellFailure } from "./read/answer";
import { sameZooKeeperHosts } from "./read/judge";
import { readGetMetaLevel, readSetMetaLevel } from "./read/meta-level";
import { downId } from "./planned-steps";
import { fromJson, recordId, recordIn, toJson, type ClusterRecord } from "./record";
import { recoverHandlers } from "./recover-steps";
import { askShell, type ShellPlace } from "./shell";
import { proveCluster } from "./verify";

interface MetaPort {
  readonly name: string;
  readonly port: number;
  readonly names: readonly string[];
}

const LEVEL_TIMEOUT_MS = 120_000;

export const pegasusHandlers: Readonly<Record<string, Handler<World>>> = {
  ...metaServiceHandlers,
  ...editHandlers,
  ...recoverHandlers,
  ...copyAgainHandlers,
  "pg.record": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "recorded" : "not recorded by this process",
    }),
    async apply(context) {
      return toJson(await record(context));
    },
  },
  "pg.blind": {
    async look({ step: { args }, world }) {
      if (await allDown(world, args)) return { done: true, found: "no meta runs" };
      return levelIs(world, args, "blind");
    },
    async apply({ step: { args }, world }) {
      await setLevel(world, args, "blind");
    },
    async undo(context) {
      const { args } = context.step;
      await bringLevel(context.world, args, recordOf(context));
    },
  },
  "pg.level": {
    look: ({ step: { args }, world }) => levelIs(world, args, recordIn(args).level),
    async apply({ step: { args }, world }) {
      const before = recordIn(args);
      await bringLevel(world, args, before);
      await untilInForce(world, args, before.level);
    },
  },
  "pg.lease": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "every lease has run out" : "not waited for",
    }),
    async apply({ step: { args }, world }) {
      const until = performance.now() + Number(args["seconds"]) * 1000;
      for (;;) {
        await allDownOrFail(world, args);
        const left = until - performance.now();
        if (left <= 0) return;
        await pause(Math.min(left, 1000));
      }
    },
  },
  "pg.canary": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "the canary lived" : "not tried yet" }),
    apply: ({ step: { args }, world, run }) => runCanary(world, shellOf(args), run),
  },
  "pg.healthy": {
    async look(context) {
      return context.applied ? (await proven(context)).sight : { done: false, found: "not proven yet" };
    },
    async apply(context) {
      const { args } = context.step;
      let last = "";
      const sight = await waitFor(
        async () => {
          const { sight } = await proven(context);
          if (!sight.done && sight.found !== last) context.say((last = sight.found));
          return sight;
        },
        { timeoutMs: Number(args["timeoutSeconds"]) * 1000, everyMs: 1000 },
      );
      if (!sight.done) {
        throw new UserError(
          `not healthy ${args["timeoutSeconds"]} s after the metas started: ${sight.found}. ` +
            `Look into the metas' logs and at \`ls -d\`, \`nodes -d\`, \`ddd_diagnose\`.${sayMayChange(args)}`,
        );
      }
      return sight.result;
    },
  },
};

/** A copy carries whatever the tables had become: only whoever changed them can say whether that was wanted. */
function sayMayChange({ mayChange }: JsonObject): string {
  if (mayChange !== false) return "";
  return " Where somebody dropped, made or changed a table meanwhile, acceptLost: true takes the tables as they are.";
}

function proven({ step: { args }, world, result }: StepContext<World>): Promise<{ sight: Sight }> {
  const metas = args["metas"] as unknown as readonly MetaPort[];
  const workedSince = metas.some(({ name }) => result(downId(name))["ranOn"] !== undefined);
  return proveCluster(world, args, { workedSince });
}

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
  const seen = { ...made, level: before?.level ?? made.level };
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

/** A meta that was started on the side that is copied over has written what only the way that was begun before keeps. */
async function refuseOverwriting(world: World, args: JsonObject, metas: readonly MetaPort[]): Promise<void> {
  const over = args["over"] as JsonObject | undefined;
  const running = over ? await metasOn(world, metas, over) : [];
  if (running.length === 0) return;
  throw new Refusal([
    {
      where: running.join(", "),
      found: `a meta server that was started on ${String(over?.["servers"])}, which this move copies over`,
      expected: `none there: what it wrote is not on ${String(args["from"])}`,
      next:
        "Run pulumi up once with active as it was before: that brings along what it wrote. Then move again. Where it wrote nothing " +
        "that counts, acceptLost: true copies over it; a dump of it stays.",
    },
  ]);
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
  return {
    primary: cluster.primary ?? metas[0]?.name ?? "",
    level: cluster.info.level,
    root: cluster.info.zookeeperRoot,
    hostsList: cluster.info.zookeeperHosts.replace(/\/.*$/, ""),
    nodes: cluster.nodes,
    apps: cluster.apps,
    leaseSeconds: leaseSecondsOf(lease),
  };
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

async function allDown(world: World, args: JsonObject): Promise<boolean> {
  const metas = args["metas"] as unknown as readonly MetaPort[];
  const sights = await Promise.all(metas.map(({ name, port }) => isDown(world.host(name), port)));
  return sights.every(({ done }) => done);
}

async function allDownOrFail(world: World, args: JsonObject): Promise<void> {
  const metas = args["metas"] as unknown as readonly MetaPort[];
  for (const { name, port } of metas) {
    const sight = await isDown(world.host(name), port);
    if (!sight.done)
      throw new UserError(
        `${name}: ${sight.found}: somebody started a meta server while the leases had to run out. Stop it, and run the same command again.`,
      );
  }
}

async function levelIs(world: World, args: JsonObject, level: string): Promise<Sight> {
  const answer = await askShell(world, shellOf(args), "get_meta_level", readGetMetaLevel);
  if (!answer.ok) return { done: false, found: sayShellFailure(answer.failure) };
  return { done: answer.value === level, found: `level ${answer.value}` };
}

/** Waits until a meta leads, and sets the level where it started with another one. */
async function bringLevel(world: World, args: JsonObject, before: ClusterRecord): Promise<void> {
  let seen: Sight = { done: false, found: "not asked" };
  await waitFor(
    async () => {
      seen = await levelIs(world, args, before.level);
      return { ...seen, done: seen.done || seen.found.startsWith("level ") };
    },
    { timeoutMs: LEVEL_TIMEOUT_MS, everyMs: 500 },
  );
  if (!seen.done) await setLevel(world, args, before.level);
}

/**
 * A cluster that was set to steady reads as freezed as long as too few replica servers are ALIVE, as they are to a meta that
 * has just begun to lead: each has to find it first. Source: Pegasus `meta_service::check_freeze`.
 */
async function untilInForce(world: World, args: JsonObject, level: string): Promise<void> {
  const sight = await waitFor(() => levelIs(world, args, level), {
    timeoutMs: LEVEL_TIMEOUT_MS,
    everyMs: 500,
  });
  if (sight.done) return;
  throw new UserError(
    `${sight.found} ${LEVEL_TIMEOUT_MS / 1000} s after set_meta_level ${level}, expected ${level}. ` +
      "It is freezed while too few replica servers are ALIVE: look at nodes -d, start them, and run the same command again.",
  );
}

async function setLevel(world: World, args: JsonObject, level: string): Promise<void> {
  const answer = await askShell(world, shellOf(args), `set_meta_level ${level}`, readSetMetaLevel);
  if (!answer.ok) throw new UserError(`set_meta_level ${level}: ${sayShellFailure(answer.failure)}`);
}

function recordOf(context: StepContext<World>): ClusterRecord {
  const found = fromJson(context.result(recordId(String(context.step.args["consumer"]))));
  if (!found) throw new Error("a record without a primary");
  return found;
}

function shellOf(args: JsonObject): ShellPlace {
  return args["shell"] as unknown as ShellPlace;
}
