/**
 * Carries out the steps of a move by snapshot: set aside, stage, fold, hand over, tail, reckon, prove, clean up.
 * What each looks at is on the disks and in the servers; the order between them is the plan's.
 */
import { HostUnreachable, ifReachable, UserError } from "../../engine/errors";
import type { Handler, JsonObject, Sight, StepContext } from "../../engine/step";
import { waitFor } from "../../engine/wait";
import type { HostAccess, World } from "../../transports/contract";
import { exists } from "../exists";
import { askSrvr } from "../ask";
import { sessionsIn } from "../files/snapshot";
import { sayServers, type Server } from "../side";
import { fold, foldedSnapshot } from "./fold";
import { handOver, handedOver } from "./hand-over";
import { stillLeads } from "./leads";
import { prove, reckonHanded } from "./prove";
import { setAside } from "./set-aside";
import type { Staged, Staging } from "./stage";
import { stage, unstage } from "./stage";
import { type BroughtTail, bringTail } from "./tail";
import { limitsOf, unknownTypes } from "./unfit";
import { changesAfter, highestZxid } from "./untouched";

export const snapshotHandlers: Readonly<Record<string, Handler<World>>> = {
  "zk.stayedFenced": {
    async look({ step: { args }, world }) {
      const servers = args["servers"] as unknown as readonly Server[];
      const zxid = await highestZxid(world, servers, Number(args["clientPort"]));
      const found = zxid === undefined ? "does not serve" : `serves, at zxid 0x${zxid.toString(16)}`;
      return { done: zxid === undefined, found };
    },
    async apply({ step: { args } }) {
      const servers = args["servers"] as unknown as readonly Server[];
      const { stopAgain } = args;
      throw new UserError(
        `${sayServers({ servers })}: found the ensemble serving, expected it stopped since the fence: somebody ` +
          "started it, or its hosts have booted. Consumers may have written there what the side that is joined does not have. " +
          (typeof stopAgain === "string"
            ? "The way back had taken its data before that: what was written there since stays in the files on those hosts, and " +
              `is not on the source. Stop it again, on each of them: ${stopAgain}; then run the same command again.`
            : "Go back with active: source and pulumi up, which keeps all of it; then move again."),
      );
    },
  },
  "zk.setAside": setAside,
  "zk.stage": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "staged" : "not staged yet" }),
    async apply({ step, world, say }) {
      const destination = { where: String(step.args["to"]), limits: limitsOf(step.args) };
      const { set, last } = await stage(stagingOf(world, step.args, step.host), destination);
      for (const note of set.notes) say(note);
      return { lastZxid: set.lastZxid.toString(), trustEmpty: set.trustEmpty, ...(last ? { last } : {}) };
    },
    async undo({ step: { host, args }, world }) {
      await unstage(world.host(host), String(args["staging"]));
    },
    // Only a folder: the next one that stages there empties it.
    mayStay: async (_context, failure) => failure instanceof HostUnreachable,
  },
  "zk.fold": {
    async look(context) {
      const { step, world } = context;
      const path = context.applied
        ? await foldedSnapshot(world.host(step.host), String(step.args["staging"]), stagedZxid(context))
        : undefined;
      return { done: path !== undefined, found: path ?? "not folded" };
    },
    async apply(context) {
      const { args, host } = context.step;
      const path = await fold(context.world.host(host), {
        folder: String(args["staging"]),
        home: String(args["home"]),
        runAs: String(args["runAs"]),
        maxHeap: String(args["maxHeap"]),
        juteMaxBuffer: Number(args["juteMaxBuffer"]),
        trustEmpty: context.result("stage")["trustEmpty"] === true,
        lastZxid: stagedZxid(context),
      });
      return { path };
    },
  },
  "zk.handOver": {
    async look({ step: { args }, world, applied }) {
      return applied ? handedOver(world, args) : { done: false, found: "not handed over" };
    },
    apply(context) {
      return handOver(context, String(context.result("fold")["path"]), stagedZxid(context));
    },
  },
  "zk.quiet": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "the zxid stood still" : "not watched yet",
    }),
    async apply({ step: { host, args }, world }) {
      return { zxid: (await standsStill(world.host(host), args)).toString() };
    },
  },
  "zk.stillQuiet": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "the zxid stood still" : "not looked yet",
    }),
    async apply(context) {
      const { host: name, args } = context.step;
      const host = context.world.host(name);
      const before = BigInt(String(context.result("origin stands still")["zxid"]));
      const answer = await askSrvr(host, Number(args["clientPort"]));
      if (answer.kind === "serving" && answer.zxid === before) return;
      const folders = { dataDir: String(args["dataDir"]), dataLogDir: String(args["dataLogDir"]) };
      const changes = await changesAfter(host, folders, context.result("tail"));
      // A consumer that was stopped leaves sessions behind, and those expire meanwhile.
      if (answer.kind === "serving" && changes?.length === 0) return;
      throw new UserError(
        `zxid 0x${before.toString(16)} at the fence, ${answer.kind === "serving" ? `0x${answer.zxid.toString(16)}` : answer.kind} ` +
          `after the copy (${changes?.join(", ") ?? "its logs do not tell why"}): somebody still writes there. ` +
          "Find the client by `cons`, and pause it.",
      );
    },
  },
  "zk.clientsGone": {
    look: ({ step: { args }, world }) => clientsGone(world, args),
    async apply({ step: { args }, world }) {
      await waitFor(() => clientsGone(world, args), { timeoutMs: 30_000 });
    },
  },
  "zk.leads": stillLeads,
  "zk.tail": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "the log is whole" : "not brought yet" }),
    async apply(context) {
      const { chain, ...tail } = await tailOf(context);
      for (const note of chain.notes) context.say(note);
      const end = chain.logs[chain.logs.length - 1];
      context.say(`${tail.records} transactions since it was staged; ${tail.closedSessions} sessions ended`);
      return {
        ...(tail.log === undefined ? {} : { log: tail.log }),
        // Where the origin ended; sessions that were ended for the destination come after it.
        lastZxid: tail.originZxid.toString(),
        zxid: tail.lastZxid.toString(),
        // Where whoever wants to know what came later goes on reading.
        end: { log: end?.name, bytes: end?.usedBytes },
      };
    },
  },
  "zk.reckon": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "reckoned" : "not reckoned yet" }),
    apply: (context) => reckonHanded(context, context.result("hand over"), context.result("tail")),
  },
  "zk.prove": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "proven" : "not proven yet" }),
    apply: (context) => prove(context, context.result("reckon")),
  },
  "zk.cleanStaging": {
    async look({ step: { host, args }, world }) {
      const path = String(args["staging"]);
      const isThere = await ifReachable(exists(world.host(host), path));
      // On the way back its host may be gone for good, and everything is proved by now.
      if (isThere === undefined)
        return { done: true, found: "out of reach; the next one that stages there empties it" };
      return { done: !isThere, found: isThere ? "staged files" : "nothing staged" };
    },
    async apply({ step: { host, args }, world }) {
      await world.host(host).run(["rm", "-rf", "--", String(args["staging"])]);
    },
  },
};

function stagingOf(world: World, args: JsonObject, on: string): Staging {
  return {
    from: world.host(String(args["from"])),
    folders: { dataDir: String(args["dataDir"]), dataLogDir: String(args["dataLogDir"]) },
    on: world.host(on),
    folder: String(args["staging"]),
  };
}

function stagedZxid(context: StepContext<World>): bigint {
  return BigInt(String(context.result("stage")["lastZxid"]));
}

/** What the origin wrote since it was staged, brought to every server of the destination. */
async function tailOf(context: StepContext<World>): Promise<BroughtTail> {
  const { step, world } = context;
  const { from, folders } = stagingOf(world, step.args, step.host);
  const limits = limitsOf(step.args);
  const folded = String(context.result("fold")["path"]);
  return bringTail(
    { from, folders, last: context.result("stage")["last"] as Staged["last"], atLeast: atLeast(context) },
    {
      hosts: (step.args["to"] as readonly string[]).map((name) => world.host(name)),
      dataLogDir: String(step.args["targetLogDir"]),
      limits,
    },
    {
      after: stagedZxid(context),
      sessions: await sessionsIn(
        folded,
        (await world.host(step.host).readStream(folded)) as AsyncIterable<Buffer>,
      ),
      unknown: unknownTypes(limits),
      now: new Date().getTime(),
    },
  );
}

/** The highest zxid that a server of the origin answered just before it was stopped. */
function atLeast(context: StepContext<World>): bigint | undefined {
  const ids = (context.step.args["fencedBy"] ?? []) as readonly string[];
  const zxids = ids.flatMap((id) => {
    const zxid = context.result(id)["zxid"];
    return typeof zxid === "string" ? [BigInt(zxid)] : [];
  });
  return zxids.reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
}

async function standsStill(host: HostAccess, args: JsonObject): Promise<bigint> {
  const quietMs = Number(args["quietMs"]);
  let last: { zxid: bigint; since: number } | undefined;
  const sight = await waitFor(
    async () => {
      const answer = await askSrvr(host, Number(args["clientPort"]));
      const zxid = answer.kind === "serving" ? answer.zxid : -1n;
      if (last?.zxid !== zxid) last = { zxid, since: performance.now() };
      return { done: performance.now() - last.since >= quietMs, found: `zxid 0x${zxid.toString(16)}` };
    },
    { timeoutMs: Number(args["timeoutMs"]) },
  );
  if (sight.done && last) return last.zxid;
  throw new UserError(
    `${host.name}: the zxid does not stand still (${sight.found}): somebody still writes. ` +
      "A pause that does not take effect, or a client that is no consumer: look at `cons`.",
  );
}

async function clientsGone(world: World, args: JsonObject): Promise<Sight> {
  const addresses = args["addresses"] as readonly string[];
  const lists = await Promise.all(
    (args["servers"] as readonly string[]).map((name) => clientsOf(world.host(name), args["clientPort"])),
  );
  const left = addresses.filter((address) => lists.some((clients) => clients.includes(address)));
  return {
    done: left.length === 0,
    found: left.length === 0 ? "none is connected" : `still connected after the pause: ${left.join(", ")}`,
  };
}

/** Addresses connected to the port. A host that is gone serves nobody: where it must not be, others find out. */
async function clientsOf(host: HostAccess, port: unknown): Promise<string[]> {
  const said = await ifReachable(host.script('ss -Htn state established "sport = :$1"', [String(port)]));
  const peers = said?.stdout.split("\n").map((line) => line.trim().split(/\s+/)[3] ?? "") ?? [];
  return peers.map((peer) => peer.replace(/:\d+$/, "").replace(/^\[(::ffff:)?|\]$/g, ""));
}
