/**
 * Starting and stopping meta servers.
 *
 * A meta is down when its process is gone, and up when it answers `/config` with the ensemble that it shall use:
 * that is its own memory, not its file. Whether it leads is asked through the shell. One that ends again while it is
 * waited for (ZooKeeper out of reach, tables where a recovery expects none) is told at once, not after the time-out.
 */
import { HostUnreachable, ifDeclared, ifReachable, isTakenOut, UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight } from "../engine/step";
import { waitFor } from "../engine/wait";
import { noteRan, readRan, type Ran } from "../journal/ran";
import type { HostAccess, World } from "../transports/contract";
import { askSrvr, sayAnswer } from "../zookeeper/ask";
import { stopServer } from "../zookeeper/service-steps";
import { readSettings } from "./config";
import { askConfig, isWanted } from "./observe";
import { refuseOverwriting } from "./overwriting";
import { sayShellFailure } from "./read/answer";
import { readClusterInfo } from "./read/cluster-info";
import { namesServers } from "./read/judge";
import { askShell, shellOf, type ShellPlace } from "./shell";

const START_TIMEOUT_MS = 60_000;
/** A meta is gone 40 ms after its SIGTERM; the rest is for whatever the command does beside. */
const STOP_SECONDS = 30;
/** Above the session time-out of the largest clusters: a lock node of a killed meta lives that long. */
const LEAD_TIMEOUT_MS = 120_000;

export const metaServiceHandlers: Readonly<Record<string, Handler<World>>> = {
  "pg.stop": {
    look: ({ step: { host, args }, world }) => isDown(world.host(host), Number(args["port"])),
    async apply({ step: { host, args }, world }) {
      // Its host may have booted since the cluster was recorded.
      await refuseOverwriting(world, args, [{ name: host, port: Number(args["port"]) }]);
      await stopMeta(world.host(host), args);
    },
    async undo({ step: { host, args }, world }) {
      // Its host may have booted while its file named the other side; by now that is put back.
      const loaded = await askConfig(world.host(host), Number(args["port"]), "hosts_list");
      if (loaded && namesServers(loaded, String(args["other"]))) await stopMeta(world.host(host), args);
      if ((await isDown(world.host(host), Number(args["port"]))).done)
        await startMeta(world.host(host), args);
      await ledAgain(world, world.host(host), args);
    },
    // Metas stand in for each other: one may be missing where another leads.
    async mayStay({ step: { args, host }, world }, failure) {
      if (isTakenOut(failure, host)) return true;
      if (!(failure instanceof HostUnreachable)) return false;
      return (
        (await ifReachable(askShell(world, shellOf(args), "cluster_info", readClusterInfo)))?.ok === true
      );
    },
  },
  "pg.down": {
    async look({ step, world }) {
      const down = await isDown(world.host(step.host), Number(step.args["port"]));
      return down.done ? { ...down, result: ranOn(await readRan(world, step)) } : down;
    },
    async apply({ step, world }) {
      const host = world.host(step.host);
      const hostsList = await listLoaded(host, step.args);
      // By whichever names: the side that is joined goes by the servers' addresses from here on.
      const joined = await isWanted(world, host, step.args, hostsList);
      await noteRan(world, step, joined ? String(step.args["servers"]) : hostsList);
      await stopMeta(host, step.args);
      return ranOn(await readRan(world, step));
    },
  },
  "pg.start": {
    look: ({ step, world }) => isUp(world, world.host(step.host), step.args),
    async apply({ step: { host: name, args }, world, say }) {
      const host = world.host(name);
      const loaded = await loadedBy(host, args);
      // Started before its file was edited: by its host's boot, or by hand.
      if (loaded && (await otherThanWanted(world, host, loaded, args))) await stopMeta(host, args);
      if ((await isDown(host, Number(args["port"]))).done) await startMeta(host, args);
      let last = "";
      const sight = await waitFor(
        async () => {
          const state = await isUp(world, host, args);
          if (!state.done && (await isDown(host, Number(args["port"]))).done)
            throw new MetaEnded(name, state.found, await sayEnsemble(world, args));
          if (state.found !== last && !state.done) say((last = state.found));
          return state;
        },
        { timeoutMs: LEAD_TIMEOUT_MS, everyMs: 500 },
      );
      if (!sight.done)
        throw new UserError(
          `${name}: ${sight.found} ${LEAD_TIMEOUT_MS / 1000} s after its start. Look into its log.`,
        );
    },
    async undo({ step: { host, args }, world }) {
      await stopMeta(world.host(host), args);
    },
  },
};

/** The process went away by itself. */
class MetaEnded extends UserError {
  constructor(host: string, found: string, ensemble: string) {
    super(
      `${host}: the meta server ended by itself after it was started (last seen: ${found}). The last lines of its log say why: ` +
        `ERR_TIMEOUT is an ensemble that it cannot reach${ensemble}; \`find apps from remote storage\` a root that ` +
        "somebody filled after it was emptied, which the way back and another run empty again.",
    );
  }
}

/** One that does not answer yet has loaded what its file says. */
async function listLoaded(host: HostAccess, args: JsonObject): Promise<string> {
  const loaded = await askConfig(host, Number(args["port"]), "hosts_list");
  // Journals of 0.1.0 do not have the path.
  const config =
    loaded === undefined && args["path"] !== undefined
      ? await host.readFile(String(args["path"]))
      : undefined;
  return loaded ?? (config ? readSettings(config).hostsList : "unknown");
}

function ranOn(ran: Ran | undefined): JsonObject {
  return ran ? { ranOn: ran.on, settled: ran.settled } : {};
}

/** Ends the meta and waits until its process is gone. @throws UserError when it does not end */
async function stopMeta(host: HostAccess, args: JsonObject): Promise<void> {
  const service = {
    clientPort: Number(args["port"]),
    start: String(args["start"]),
    stop: String(args["stop"]),
  };
  await stopServer(host, service, STOP_SECONDS);
}

/** Starts the meta and waits until it answers anything. */
async function startMeta(host: HostAccess, args: JsonObject): Promise<void> {
  const start = String(args["start"]);
  // Daemons must not keep our channel: their output goes to their own logs.
  await host.script(`${start} >/dev/null 2>&1 </dev/null`, [], { timeoutMs: START_TIMEOUT_MS });
  const port = Number(args["port"]);
  const sight = await waitFor(
    async () => {
      const hostsList = await askConfig(host, port, "hosts_list");
      return { done: hostsList !== undefined, found: hostsList ?? `nobody answers on ${port}` };
    },
    { timeoutMs: START_TIMEOUT_MS },
  );
  if (!sight.done) {
    throw new UserError(
      `${host.name}: ${sight.found} ${START_TIMEOUT_MS / 1000} s after "${start}". Look into its log.`,
    );
  }
}

/** Whoever is told that the cluster works again may ask it at once: a meta that has just started does not know its leader. */
async function ledAgain(world: World, host: HostAccess, args: JsonObject): Promise<void> {
  // Journals of 0.1.0 do not have it.
  const shell = args["shell"] as unknown as ShellPlace | undefined;
  if (!shell) return;
  // Or on its own host: the shell's may be why this is taken back.
  const place = shell.on === undefined ? shell : { ...shell, others: [...(shell.others ?? []), host.name] };
  const sight = await waitFor(
    async () => {
      const answer = await askShell(world, place, "cluster_info", readClusterInfo);
      return { done: answer.ok, found: answer.ok ? "led" : sayShellFailure(answer.failure) };
    },
    { timeoutMs: LEAD_TIMEOUT_MS, everyMs: 500 },
  );
  if (!sight.done)
    throw new UserError(
      `${host.name}: ${sight.found} ${LEAD_TIMEOUT_MS / 1000} s after its start, expected a meta that leads. Look into its log.`,
    );
}

/** ` (now: zk-new1 follower 3.7.1, zk-new2 unreachable, …)`. */
async function sayEnsemble(world: World, args: JsonObject): Promise<string> {
  // Journals of 0.1.0 do not have it.
  const { hosts, clientPort } = (args["ensemble"] ?? { hosts: [], clientPort: 0 }) as {
    hosts: readonly string[];
    clientPort: number;
  };
  const answers = hosts.map(async (name) => {
    try {
      return `${name} ${sayAnswer(await askSrvr(world.host(name), clientPort))}`;
    } catch (error) {
      if (error instanceof UserError) return `${name} unreachable`;
      throw error;
    }
  });
  return hosts.length === 0 ? "" : ` (now: ${(await Promise.all(answers)).join(", ")})`;
}

export async function isDown(host: HostAccess, port: number): Promise<Sight> {
  const { stdout } = await host.script('ss -Hltnp "sport = :$1"', [String(port)]);
  const down = stdout.trim() === "";
  const pid = /pid=(\d+)/.exec(stdout)?.[1];
  return { done: down, found: down ? `nobody listens on ${port}` : `pid ${pid} listens on ${port}` };
}

/**
 * Whether no meta runs. One that is declared no longer counts as down: its own steps mind its host, which is gone without.
 * @param args `metas`, each with its port
 */
export async function allDown(world: World, args: JsonObject): Promise<boolean> {
  const metas = args["metas"] as unknown as readonly { readonly name: string; readonly port: number }[];
  const sights = await Promise.all(
    metas.map(({ name, port }) => ifDeclared(async () => isDown(world.host(name), port))),
  );
  return sights.every((sight) => sight?.done ?? true);
}

/** What the process of a meta has in its memory. */
interface Loaded {
  readonly hostsList: string;
  readonly recover: boolean;
}

async function loadedBy(host: HostAccess, args: JsonObject): Promise<Loaded | undefined> {
  const port = Number(args["port"]);
  const hostsList = await askConfig(host, port, "hosts_list");
  if (hostsList === undefined) return undefined;
  return { hostsList, recover: (await askConfig(host, port, "recover_from_replica_server")) === "true" };
}

/** In words; undefined where it is as wanted. */
async function otherThanWanted(
  world: World,
  host: HostAccess,
  { hostsList, recover }: Loaded,
  args: JsonObject,
): Promise<string | undefined> {
  if (!(await isWanted(world, host, args, hostsList))) return `runs with hosts_list ${hostsList}`;
  if (recover !== (args["until"] === "waits")) return `runs with recover_from_replica_server = ${recover}`;
  return undefined;
}

async function isUp(world: World, host: HostAccess, args: JsonObject): Promise<Sight> {
  const loaded = await loadedBy(host, args);
  if (!loaded) return { done: false, found: "no answer" };
  const other = await otherThanWanted(world, host, loaded, args);
  if (other !== undefined) return { done: false, found: other };
  const until = String(args["until"]);
  if (until === "answers") return { done: true, found: `answers, hosts_list ${loaded.hostsList}` };
  const answer = await askShell(world, shellOf(args), "cluster_info", readClusterInfo);
  if (answer.ok) {
    const primary = answer.value.primaryMetaServer;
    const leads = primary !== undefined && (args["names"] as readonly string[]).includes(primary);
    return { done: until === "leads" && leads, found: `${primary ?? "nobody"} leads` };
  }
  const waits = answer.failure.kind === "server-error" && answer.failure.code === "ERR_UNDER_RECOVERY";
  return { done: until === "waits" && waits, found: sayShellFailure(answer.failure) };
}
