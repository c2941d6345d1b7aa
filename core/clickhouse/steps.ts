/**
 * Carries out the steps of a ClickHouse repointing.
 *
 * Whether a server works with the new ensemble is read from its sockets and from its replicas, not from its
 * configuration: a file that was written proves nothing about the process.
 */
import { isDeepStrictEqual } from "node:util";
import { unifiedDiff } from "../editors/edit";
import { EditError } from "../editors/errors";
import { xmlSecrets } from "../editors/secrets";
import { decodeText, editBytes } from "../editors/text";
import { readZooKeeperNodes } from "../editors/xml/read-zookeeper-nodes";
import { setZooKeeperNodes } from "../editors/xml/set-zookeeper-nodes";
import { isTakenOut, Refusal, UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight, StepContext } from "../engine/step";
import { waitFor } from "../engine/wait";
import { noteRan, readRan, type Ran } from "../journal/ran";
import { keepOriginal, readEdited, readOriginal, replaceContent } from "../journal/originals";
import type { HostAccess, World } from "../transports/contract";
import { resolveServers } from "../zookeeper/named-servers";
import { runCanary } from "./canary";
import { troublesOf } from "./observe";
import { downId } from "./plan";
import type { QueryLogin } from "./query";
import { query } from "./query";

const RESTART_TIMEOUT_MS = 120_000;
const HEALTH_TIMEOUT_MS = 120_000;

interface Node {
  readonly host: string;
  readonly port: number;
}

export const clickhouseHandlers: Readonly<Record<string, Handler<World>>> = {
  "ck.edit": {
    look: ({ step, world }) => configured(world.host(step.host), world.migration, step.args),
    async apply({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const path = String(args["path"]);
      if (args["restore"] === true) return restore(host, world.migration, args);
      const before = await readConfig(host, path);
      const edited = edit(host, args, before, nodesOf(args));
      // A run that starts over edits without a look: a file that names the target already is no original.
      if (!isDeepStrictEqual(readNodes(args, before), nodesOf(args)))
        await keepOriginal(host, world.migration, path);
      await replaceContent(host, path, edited);
      return diffOf(path, before, edited);
    },
    async undo({ step: { host: name, args }, world }) {
      const host = world.host(name);
      // The original is kept before the first edit: where there is none, nothing was edited.
      if (!(await readOriginal(host, world.migration, String(args["path"])))) return;
      await restore(host, world.migration, { ...args, restore: true });
    },
    mayStay: async ({ step }, failure) => isTakenOut(failure, step.host),
  },
  "ck.reconnect": {
    look: ({ step, world }) => connected(world.host(step.host), step.args),
    async apply({ step: { host: name, args }, world }) {
      const host = world.host(name);
      // A server that the fence has stopped has nothing to reload with.
      const reloads = args["reload"] === true && (await answers(host, loginOf(world, args))).done;
      if (reloads) await query(host, loginOf(world, args), "SYSTEM RELOAD CONFIG");
      else await host.script(String(args["restart"]), [], { timeoutMs: RESTART_TIMEOUT_MS });
      await waitFor(() => answers(host, loginOf(world, args)), { timeoutMs: RESTART_TIMEOUT_MS });
      await waitFor(() => connected(host, args), { timeoutMs: HEALTH_TIMEOUT_MS });
    },
  },
  "ck.healthy": {
    look: ({ step, world }) => healthy(world.host(step.host), loginOf(world, step.args)),
    async apply({ step: { host, args }, world }) {
      await waitFor(() => healthy(world.host(host), loginOf(world, args)), { timeoutMs: HEALTH_TIMEOUT_MS });
    },
  },
  "ck.canary": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "the canary lived" : "not tried yet" }),
    async apply({ step: { args }, world, run }) {
      const servers = (args["servers"] as readonly string[]).map((name) => world.host(name));
      const cluster = typeof args["cluster"] === "string" ? args["cluster"] : undefined;
      return runCanary(servers, loginOf(world, args), { database: String(args["database"]), cluster, run });
    },
  },
  "ck.down": {
    async look({ step, world }) {
      const down = await isDown(world.host(step.host), step.args);
      return down.done ? { ...down, result: ranOf(await readRan(world, step)) } : down;
    },
    async apply({ step, world }) {
      const host = world.host(step.host);
      const { done: joined, found } = await connected(host, step.args);
      if (!joined) await noteRan(world, step, found);
      await host.script(String(step.args["stop"]), [], { timeoutMs: RESTART_TIMEOUT_MS });
      return ranOf(await readRan(world, step));
    },
  },
  "ck.stayedDown": {
    // Goes by what the journal has: nothing on the hosts could be believed or not, when a run has started over.
    look: async ({ applied }) => ({ done: applied, found: applied ? "all were down" : "not looked at yet" }),
    async apply(context) {
      const started = startedSince(context);
      if (started.length === 0) return;
      throw new UserError(
        `${started.join(", ")} was started after it was fenced, as by its host's boot: found it running on the ` +
          "ensemble that is left, which goes on serving; expected it down. What it wrote there since is not on the side that is " +
          "joined. It is stopped again. Go back with active: source and pulumi up, which keeps all of it; then move again.",
      );
    },
  },
  "ck.stop": {
    look: ({ step, world }) => isDown(world.host(step.host), step.args),
    async apply({ step: { host, args }, world }) {
      await world.host(host).script(String(args["stop"]), [], { timeoutMs: RESTART_TIMEOUT_MS });
    },
    async undo({ step: { host, args }, world }) {
      await world.host(host).script(String(args["restart"]), [], { timeoutMs: RESTART_TIMEOUT_MS });
    },
    mayStay: async ({ step }, failure) => isTakenOut(failure, step.host),
  },
};

async function isDown(host: HostAccess, args: JsonObject): Promise<Sight> {
  const { stdout } = await host.script('ss -Hltn "sport = :$1"', [String(args["port"])]);
  const done = stdout.trim() === "";
  return { done, found: done ? "not running" : `listens on port ${args["port"]}` };
}

function ranOf(ran: Ran | undefined): JsonObject {
  return ran ? { ran: ran.on.join(", then ") } : {};
}

/** Of servers that ran while they had to be stopped, other than on the side that is joined: which, and what was seen. */
function startedSince({ step: { args }, result }: StepContext<World>): readonly string[] {
  return (args["servers"] as readonly string[]).flatMap((name) => {
    const { ran } = result(downId(name));
    return typeof ran === "string" ? [`${name} (${ran})`] : [];
  });
}

/**
 * Puts the file back: the original to the byte, provided that nothing but the nodes was changed since; what somebody
 * edited by hand meanwhile is kept, and only the nodes go back.
 */
async function restore(host: HostAccess, migration: string, args: JsonObject): Promise<JsonObject> {
  const path = String(args["path"]);
  const [current, original] = await Promise.all([
    readConfig(host, path),
    readOriginal(host, migration, path),
  ]);
  const back = edit(host, args, current, await wantedNodes(host, migration, args));
  const isOurs = original && edit(host, args, original, readNodes(args, current)).equals(current);
  const written = isOurs ? original : back;
  await replaceContent(host, path, written);
  return diffOf(path, current, written);
}

/** For the report; secrets are masked. */
function diffOf(path: string, before: Buffer, after: Buffer): JsonObject {
  return { diff: unifiedDiff(path, decodeText(before).text, decodeText(after).text, xmlSecrets) };
}

async function configured(host: HostAccess, migration: string, args: JsonObject): Promise<Sight> {
  const config = await readConfig(host, String(args["path"]));
  const wanted = await wantedNodes(host, migration, args);
  const done = isDeepStrictEqual(readNodes(args, config), wanted);
  return { done, found: done ? "the nodes are as wanted" : "other nodes" };
}

/** Going back, the nodes as the user wrote them (names, order), where an original was kept. */
async function wantedNodes(host: HostAccess, migration: string, args: JsonObject): Promise<Node[]> {
  if (args["restore"] !== true) return nodesOf(args);
  const original = await readOriginal(host, migration, String(args["path"]));
  return original ? readNodes(args, original) : nodesOf(args);
}

function edit(host: HostAccess, args: JsonObject, config: Buffer, nodes: readonly Node[]): Buffer {
  try {
    return editBytes(config, (text) => setZooKeeperNodes(text, String(args["element"]), nodes));
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new Refusal([{ where: `${host.name}:${String(args["path"])}`, ...error.complaint }]);
  }
}

function readNodes(args: JsonObject, config: Buffer): Node[] {
  const { nodes } = readZooKeeperNodes(decodeText(config).text, String(args["element"]));
  return nodes.map(({ host, port }) => ({ host, port }));
}

function nodesOf(args: JsonObject): Node[] {
  return args["nodes"] as unknown as Node[];
}

const readConfig = (host: HostAccess, path: string) => readEdited(host, path, "ClickHouse's configuration");

async function answers(host: HostAccess, login: QueryLogin): Promise<Sight> {
  try {
    await query(host, login, "SELECT 1");
    return { done: true, found: "ClickHouse answers" };
  } catch (error) {
    if (error instanceof UserError) return { done: false, found: error.message };
    throw error;
  }
}

/** Established connections to servers of either side, as the kernel of the ClickHouse host knows them, and as it resolves names. */
async function connected(host: HostAccess, args: JsonObject): Promise<Sight> {
  const [from = [], to = []] = [args["from"], args["to"]] as unknown as readonly (readonly string[])[];
  const { stdout } = await host.script(CONNECTED);
  const peers = new Set(
    stdout.split("\n").map((peer) => peer.trim().replace(/^\[(?:::ffff:)?([^\]]*)\]/, "$1")),
  );
  const known = await resolveServers(host, [...from, ...to]);
  const isConnected = (server: string) => known.get(server)?.some((peer) => peers.has(peer)) === true;
  const left = from.filter(isConnected);
  const joined = to.filter(isConnected);
  return {
    done: joined.length > 0 && left.length === 0,
    found: `connected to ${[...joined, ...left].join(", ") || "no ZooKeeper server"}`,
  };
}

/** A peer a line. */
const CONNECTED = "ss -Htn state established | awk '{print $4}'";

async function healthy(host: HostAccess, login: QueryLogin): Promise<Sight> {
  try {
    const troubles = await troublesOf(host, login);
    return { done: troubles.length === 0, found: troubles.join("; ") || "every replicated table is well" };
  } catch (error) {
    if (error instanceof UserError) return { done: false, found: error.message };
    throw error;
  }
}

function loginOf(world: World, args: JsonObject): QueryLogin {
  return {
    port: Number(args["port"]),
    user: String(args["user"]),
    password: world.secret(String(args["secret"])),
  };
}
