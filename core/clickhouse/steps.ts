/**
 * Carries out the steps of a ClickHouse repointing.
 *
 * Whether a server works with the new ensemble is read from its sockets and from its replicas, not from its
 * configuration: a file that was written proves nothing about the process.
 */
import { isDeepStrictEqual } from "node:util";
import { EditError } from "../editors/errors";
import { decodeText, editBytes } from "../editors/text";
import { readZooKeeperNodes } from "../editors/xml/read-zookeeper-nodes";
import { setZooKeeperNodes } from "../editors/xml/set-zookeeper-nodes";
import { Refusal, UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight } from "../engine/step";
import { waitFor } from "../engine/wait";
import { keepOriginal, readOriginal, replaceContent } from "../journal/originals";
import type { HostAccess, World } from "../transports/contract";
import { runCanary } from "./canary";
import { troublesOf } from "./observe";
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
    look: ({ step, world }) => configured(world.host(step.host), step.args),
    async apply({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const path = String(args["path"]);
      await keepOriginal(host, world.migration, path);
      const current = await readConfig(host, path);
      await replaceContent(host, path, await repointed(host, world.migration, args, current));
    },
    async undo({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const path = String(args["path"]);
      const original = await readOriginal(host, world.migration, path);
      if (original) await replaceContent(host, path, original);
    },
  },
  "ck.reconnect": {
    look: ({ step, world }) => connected(world.host(step.host), step.args),
    async apply({ step: { host: name, args }, world }) {
      const host = world.host(name);
      if (args["reload"] === true) await query(host, loginOf(world, args), "SYSTEM RELOAD CONFIG");
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
      await runCanary(servers, loginOf(world, args), String(args["database"]), run);
    },
  },
  "ck.stop": {
    async look({ step: { host, args }, world }) {
      const { stdout } = await world
        .host(host)
        .script('ss -Hltn "sport = :$1"', [String(args["port"])]);
      const done = stdout.trim() === "";
      return { done, found: done ? "not running" : `listens on port ${args["port"]}` };
    },
    async apply({ step: { host, args }, world }) {
      await world.host(host).script(String(args["stop"]), [], { timeoutMs: RESTART_TIMEOUT_MS });
    },
    async undo({ step: { host, args }, world }) {
      await world.host(host).script(String(args["restart"]), [], { timeoutMs: RESTART_TIMEOUT_MS });
    },
  },
};

/**
 * The file with the wanted nodes. Where the original already names them, the result is the original to the byte,
 * provided that nothing else was changed in between: what somebody edited by hand meanwhile is kept.
 */
async function repointed(
  host: HostAccess,
  migration: string,
  args: JsonObject,
  current: Buffer,
): Promise<Buffer> {
  const path = String(args["path"]);
  const element = String(args["element"]);
  const nodes = args["nodes"] as unknown as Node[];
  try {
    const edited = editBytes(current, (text) => setZooKeeperNodes(text, element, nodes));
    const original = await readOriginal(host, migration, path);
    if (!original || !names(original, element, nodes)) return edited;
    const currentNodes = readZooKeeperNodes(decodeText(current).text, element).nodes;
    const forward = editBytes(original, (text) => setZooKeeperNodes(text, element, currentNodes));
    return forward.equals(current) ? original : edited;
  } catch (error) {
    if (error instanceof EditError) throw new Refusal([{ where: `${host.name}:${path}`, ...error.complaint }]);
    throw error;
  }
}

async function configured(host: HostAccess, args: JsonObject): Promise<Sight> {
  const path = String(args["path"]);
  const config = await readConfig(host, path);
  const done = names(config, String(args["element"]), args["nodes"] as unknown as Node[]);
  return { done, found: done ? "the nodes are as wanted" : "other nodes" };
}

function names(config: Buffer, element: string, wanted: readonly Node[]): boolean {
  const { nodes } = readZooKeeperNodes(decodeText(config).text, element);
  const plain = (all: readonly Node[]) => all.map(({ host, port }) => ({ host, port: Number(port) }));
  return isDeepStrictEqual(plain(nodes as readonly Node[]), plain(wanted));
}

async function readConfig(host: HostAccess, path: string): Promise<Buffer> {
  const config = await host.readFile(path);
  if (config) return config;
  throw new Refusal([
    {
      where: `${host.name}:${path}`,
      found: "no such file",
      expected: "ClickHouse's configuration",
      next: "Put it back.",
    },
  ]);
}

async function answers(host: HostAccess, login: QueryLogin): Promise<Sight> {
  try {
    await query(host, login, "SELECT 1");
    return { done: true, found: "ClickHouse answers" };
  } catch (error) {
    if (error instanceof UserError) return { done: false, found: error.message };
    throw error;
  }
}

/** Established connections to servers of either side, as the kernel of the ClickHouse host knows them. */
async function connected(host: HostAccess, args: JsonObject): Promise<Sight> {
  const { stdout } = await host.script("ss -Htn state established | awk '{print $4}'");
  const peers = stdout
    .split("\n")
    .map((peer) => peer.trim().replace(/^\[(?:::ffff:)?([^\]]*)\]/, "$1"))
    .filter(Boolean);
  const left = (args["from"] as readonly string[]).filter((server) => peers.includes(server));
  const joined = (args["to"] as readonly string[]).filter((server) => peers.includes(server));
  return {
    done: joined.length > 0 && left.length === 0,
    found: `connected to ${[...joined, ...left].join(", ") || "no ZooKeeper server"}`,
  };
}

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
