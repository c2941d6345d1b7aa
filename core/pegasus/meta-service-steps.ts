/**
 * Starting and stopping meta servers.
 *
 * A meta is down when its process is gone, and up when it answers `/config` with the ensemble that it shall use:
 * that is its own memory, not its file. Whether it leads is asked through the shell. One that ends again while it is
 * waited for (ZooKeeper out of reach, tables where a recovery expects none) is told at once, not after the time-out.
 */
import { UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight } from "../engine/step";
import { waitFor } from "../engine/wait";
import type { HostAccess, World } from "../transports/contract";
import { stopServer } from "../zookeeper/service-steps";
import { askConfig } from "./observe";
import { sayShellFailure } from "./read/answer";
import { readClusterInfo } from "./read/cluster-info";
import { sameZooKeeperHosts } from "./read/judge";
import { askShell, type ShellPlace } from "./shell";

const START_TIMEOUT_MS = 60_000;
/** A meta is gone 40 ms after its SIGTERM; the rest is for whatever the command does beside. */
const STOP_SECONDS = 30;
/** Above the session time-out of the largest clusters: a lock node of a killed meta lives that long. */
const LEAD_TIMEOUT_MS = 120_000;

export const metaServiceHandlers: Readonly<Record<string, Handler<World>>> = {
  "pg.stop": {
    look: ({ step: { host, args }, world }) => isDown(world.host(host), Number(args["port"])),
    async apply({ step: { host, args }, world }) {
      await stopMeta(world.host(host), args);
    },
    async undo({ step: { host, args }, world }) {
      if ((await isDown(world.host(host), Number(args["port"]))).done)
        await startMeta(world.host(host), args);
    },
  },
  "pg.start": {
    look: ({ step, world }) => isUp(world, world.host(step.host), step.args),
    async apply({ step: { host: name, args }, world, say }) {
      const host = world.host(name);
      if ((await isDown(host, Number(args["port"]))).done) await startMeta(host, args);
      let last = "";
      const sight = await waitFor(
        async () => {
          const state = await isUp(world, host, args);
          if (!state.done && (await isDown(host, Number(args["port"]))).done)
            throw new MetaEnded(name, state.found);
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
  constructor(host: string, found: string) {
    super(
      `${host}: the meta server ended by itself after it was started (last seen: ${found}). The last lines of its log say why: ` +
        "ERR_TIMEOUT is an ensemble that it cannot reach; `find apps from remote storage` a root that somebody filled " +
        "after it was emptied, which the way back and another run empty again.",
    );
  }
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

export async function isDown(host: HostAccess, port: number): Promise<Sight> {
  const { stdout } = await host.script('ss -Hltnp "sport = :$1"', [String(port)]);
  const down = stdout.trim() === "";
  const pid = /pid=(\d+)/.exec(stdout)?.[1];
  return { done: down, found: down ? `nobody listens on ${port}` : `pid ${pid} listens on ${port}` };
}

async function isUp(world: World, host: HostAccess, args: JsonObject): Promise<Sight> {
  const hostsList = await askConfig(host, Number(args["port"]), "hosts_list");
  if (hostsList === undefined) return { done: false, found: "no answer" };
  const servers = hostsList.replace(/\/.*$/, "");
  if (!sameZooKeeperHosts(servers, String(args["servers"]))) {
    return { done: false, found: `runs with hosts_list ${hostsList}` };
  }
  const until = String(args["until"]);
  if (until === "answers") return { done: true, found: `answers, hosts_list ${hostsList}` };
  const answer = await askShell(
    world,
    args["shell"] as unknown as ShellPlace,
    "cluster_info",
    readClusterInfo,
  );
  if (answer.ok) {
    const primary = answer.value.primaryMetaServer;
    const leads = primary !== undefined && (args["names"] as readonly string[]).includes(primary);
    return { done: until === "leads" && leads, found: `${primary ?? "nobody"} leads` };
  }
  const waits = answer.failure.kind === "server-error" && answer.failure.code === "ERR_UNDER_RECOVERY";
  return { done: until === "waits" && waits, found: sayShellFailure(answer.failure) };
}
