/**
 * Carries out the steps of a move by snapshot: set aside, stage, tail, fold, hand over, prove, clean up.
 * What each looks at is on the disks and in the servers; the order between them is the plan's.
 */
import { Refusal, UserError } from "../../engine/errors";
import type { Handler, JsonObject, Sight, StepContext } from "../../engine/step";
import { waitFor } from "../../engine/wait";
import type { HostAccess, World } from "../../transports/contract";
import { askSrvr } from "../ask";
import { fold, foldedSnapshot } from "./fold";
import type { Staging } from "./gather";
import { readManifest, stage, stageTail } from "./gather";
import { handOver, handedOver } from "./hand-over";
import { prove } from "./prove";
import { limitsOf } from "./unfit";

export const snapshotHandlers: Readonly<Record<string, Handler<World>>> = {
  "zk.setAside": {
    async look({ step: { host, args }, world, run }) {
      const { stdout } = await world.host(host).script(FOLDERS_EMPTY, foldersOf(args));
      const aside = await world.host(host).run(["test", "-e", asideOf(args, run)], { accept: [0, 1] });
      const done = stdout.trim() === "empty" && (aside.code === 0 || args["operation"] === "forward");
      return { done, found: stdout.trim() };
    },
    async apply({ step: { host, args }, world, run }) {
      await refuseRunning(world.host(host), args);
      await world.host(host).script(SET_ASIDE, [...foldersOf(args), run]);
    },
    async undo({ step: { host, args }, world, run }) {
      await refuseRunning(world.host(host), args);
      await world.host(host).script(PUT_BACK, [...foldersOf(args), run]);
    },
  },
  "zk.stage": {
    async look({ step, world }) {
      const { on, folder } = stagingOf(world, step.args, step.host);
      const manifest = await readManifest(on, folder);
      return { done: manifest !== undefined, found: manifest ? "staged" : "nothing staged" };
    },
    async apply({ step, world, say }) {
      const destination = { where: String(step.args["to"]), limits: limitsOf(step.args) };
      const listing = await stage(stagingOf(world, step.args, step.host), destination);
      for (const snapshot of listing.snapshots) {
        if (!snapshot.whole) say(`passed over ${snapshot.broken.message}`);
      }
    },
    async undo({ step: { host, args }, world }) {
      await world.host(host).run(["rm", "-rf", "--", String(args["staging"])]);
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
      const { host, args } = context.step;
      const before = BigInt(String(context.result("origin stands still")["zxid"]));
      const answer = await askSrvr(context.world.host(host), Number(args["clientPort"]));
      if (answer.kind === "serving" && answer.zxid === before) return;
      throw new UserError(
        `zxid 0x${before.toString(16)} at the fence, ${answer.kind === "serving" ? `0x${answer.zxid.toString(16)}` : answer.kind} ` +
          "after the copy: somebody still writes there, or opens sessions. Find the client by `cons`, and pause it.",
      );
    },
  },
  "zk.clientsGone": {
    look: ({ step: { args }, world }) => clientsGone(world, args),
    async apply({ step: { args }, world }) {
      await waitFor(() => clientsGone(world, args), { timeoutMs: 30_000 });
    },
  },
  "zk.tail": {
    async look({ applied }) {
      return { done: applied, found: applied ? "the set is whole" : "not brought yet" };
    },
    async apply(context) {
      const { step, world, say } = context;
      const set = await stageTail(stagingOf(world, step.args, step.host), atLeast(context));
      for (const note of set.notes) say(note);
      const last = set.logs[set.logs.length - 1];
      return {
        lastZxid: set.lastZxid.toString(),
        trustEmpty: set.trustEmpty,
        // Where whoever wants to know what came later goes on reading.
        end: { log: last?.name, bytes: last?.usedBytes },
      };
    },
  },
  "zk.fold": {
    async look(context) {
      const { step, world } = context;
      const { lastZxid } = setOf(context);
      const path = context.applied
        ? await foldedSnapshot(world.host(step.host), String(step.args["staging"]), lastZxid)
        : undefined;
      return { done: path !== undefined, found: path ?? "not folded" };
    },
    async apply(context) {
      const { args, host } = context.step;
      const { lastZxid, trustEmpty } = setOf(context);
      const path = await fold(context.world.host(host), {
        folder: String(args["staging"]),
        home: String(args["home"]),
        runAs: String(args["runAs"]),
        maxHeap: String(args["maxHeap"]),
        juteMaxBuffer: Number(args["juteMaxBuffer"]),
        trustEmpty,
        lastZxid,
      });
      return { path };
    },
  },
  "zk.handOver": {
    async look({ step: { args }, world, applied }) {
      return applied ? handedOver(world, args) : { done: false, found: "not handed over" };
    },
    apply(context) {
      return handOver(context, String(context.result("fold")["path"]), setOf(context).lastZxid);
    },
  },
  "zk.prove": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "proven" : "not proven yet" }),
    apply: (context) => prove(context, context.result("hand over")),
  },
  "zk.cleanStaging": {
    async look({ step: { host, args }, world }) {
      const { code } = await world
        .host(host)
        .run(["test", "-e", String(args["staging"])], { accept: [0, 1] });
      return { done: code === 1, found: code === 1 ? "nothing staged" : "staged files" };
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

function setOf(context: StepContext<World>): { lastZxid: bigint; trustEmpty: boolean } {
  const result = context.result("tail");
  return { lastZxid: BigInt(String(result["lastZxid"])), trustEmpty: result["trustEmpty"] === true };
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
      if (last?.zxid !== zxid) last = { zxid, since: Date.now() };
      return { done: Date.now() - last.since >= quietMs, found: `zxid 0x${zxid.toString(16)}` };
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
    (args["servers"] as readonly string[]).map((name) =>
      world.host(name).script('ss -Htn state established "sport = :$1"', [String(args["clientPort"])]),
    ),
  );
  const left = addresses.filter((address) =>
    lists.some(({ stdout }) =>
      stdout.split("\n").some((line) => {
        const peer = line.trim().split(/\s+/)[3] ?? "";
        return peer.replace(/:\d+$/, "").replace(/^\[(::ffff:)?|\]$/g, "") === address;
      }),
    ),
  );
  return {
    done: left.length === 0,
    found: left.length === 0 ? "none is connected" : `still connected after the pause: ${left.join(", ")}`,
  };
}

async function refuseRunning(host: HostAccess, args: JsonObject): Promise<void> {
  const { stdout } = await host.script('ss -Hltn "sport = :$1"', [String(args["clientPort"])]);
  if (stdout.trim() === "") return;
  throw new Refusal([
    {
      where: host.name,
      found: `a server that listens on ${args["clientPort"]}`,
      expected: "a stopped server: its folders are about to be changed",
      next: "Find out who started it, stop it, and run the same command again.",
    },
  ]);
}

function foldersOf(args: JsonObject): string[] {
  return [String(args["dataDir"]), String(args["dataLogDir"])];
}

function asideOf(args: JsonObject, run: string): string {
  return `${args["dataDir"]}/version-2.aside-${run}`;
}

const FOLDERS_EMPTY = `
for dir in "$1" "$2"; do
  [ -z "$(ls -A "$dir/version-2" 2>/dev/null)" ] || { echo "files in $dir/version-2"; exit 0; }
done
echo empty`;

/** Moves version-2 within its own file system, so that it is instant and nothing is copied. $1 $2 folders $3 run. */
const SET_ASIDE = `
set -e
for dir in "$1" "$2"; do
  if [ -d "$dir/version-2" ] && ! [ -e "$dir/version-2.aside-$3" ]; then
    mv "$dir/version-2" "$dir/version-2.aside-$3"
  fi
  rm -rf "$dir/version-2"
  mkdir -p "$dir/version-2"
  chown --reference="$dir" "$dir/version-2"
  chmod 0750 "$dir/version-2"
  sync "$dir"
done`;

const PUT_BACK = `
set -e
for dir in "$1" "$2"; do
  if [ -d "$dir/version-2.aside-$3" ]; then
    rm -rf "$dir/version-2"
    mv "$dir/version-2.aside-$3" "$dir/version-2"
    sync "$dir"
  fi
done`;
