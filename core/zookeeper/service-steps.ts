/**
 * Starting and stopping servers, and waiting until they form one ensemble.
 *
 * A server is stopped when its process is gone, not when `zkServer.sh stop` prints STOPPED: that script sends a
 * signal, waits a second and prints without looking. A server is started when it answers; whether it found its
 * quorum is the concern of `zk.joined`, once all are started.
 */
import { ifReachable, UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight, Step, StepContext } from "../engine/step";
import { waitFor } from "../engine/wait";
import type { HostAccess, World } from "../transports/contract";
import type { Mode } from "../transports/fourlw";
import { askEach, askMntr, askSrvr, isLed, runs, sayAnswer, sayEach, type Answered } from "./ask";
import { changesBegunAfter } from "./snapshot/untouched";
import { quorumOf, type Server, type Side } from "./side";

type ServiceArgs = { clientPort: number; start: string; stop: string; dataDir: string };

const STOP_SECONDS = 60;
const START_TIMEOUT_MS = 60_000;
/** Two servers of 3.4.14 whose third was dead were seen to take 42 s: more than once initLimit. */
const LEADER_TIMEOUT_MS = 120_000;
/** What a follower takes to sync with its new leader, or a busy server to answer. */
const SETTLES_WITHIN_MS = 10_000;

/** Stops one server; taken back by starting it, and by waiting for a leader once a majority is started. */
export function stopStep(
  side: Side,
  server: Server,
  says: string,
  options?: Partial<Pick<Step, "undo" | "lasting">>,
): Step {
  return {
    id: `stop ${server.name}`,
    host: server.name,
    kind: "zk.stop",
    args: { ...serviceArgs(side), dataLogDir: side.dataLogDir, servers: serverArgs(side) },
    says,
    // A host that boots starts its server by itself, over folders that are being filled.
    ...(options?.lasting ? {} : { holdsUntil: `start ${server.name}` }),
    ...options,
  };
}

/** Starts one server; taken back by stopping it. */
export function startStep(side: Side, server: Server, says: string): Step {
  return {
    id: `start ${server.name}`,
    host: server.name,
    kind: "zk.start",
    args: serviceArgs(side),
    says,
    undo: "stop",
    lasting: true,
  };
}

/** Waits for one leader and every other server synced. `via` is where progress and the journal show it. */
export function joinedStep(side: Side, via: Server, timeoutMs: number): Step {
  return {
    id: `joined ${side.servers.map((server) => server.name).join(" ")}`,
    host: via.name,
    kind: "zk.joined",
    args: {
      clientPort: side.clientPort,
      servers: serverArgs(side),
      timeoutMs,
    },
    says: `wait for one leader and ${side.servers.length - 1} synced followers`,
  };
}

export const serviceHandlers: Readonly<Record<string, Handler<World>>> = {
  "zk.stop": {
    look: (context) => (context.has("tail") ? stayedStopped(context) : stoppedNow(context)),
    async apply({ step, world }) {
      const answer = await askSrvr(world.host(step.host), serviceOf(step.args).clientPort);
      await stopServer(world.host(step.host), serviceOf(step.args));
      // How far the server had come: whoever takes its files checks that they reach as far.
      return answer.kind === "serving" ? { zxid: answer.zxid.toString() } : {};
    },
    async undo({ step, world }) {
      await startServer(world.host(step.host), serviceOf(step.args));
      await ledAgain(world, step.args);
    },
    // One server may be missing where the others serve: its host may be gone for good.
    async mayStay({ step, world }) {
      return servesWithQuorum(world, step.args);
    },
  },
  "zk.start": {
    async look({ step, world }) {
      return started(world.host(step.host), serviceOf(step.args));
    },
    async apply({ step, world }) {
      await startServer(world.host(step.host), serviceOf(step.args));
    },
    async undo({ step, world }) {
      await stopServer(world.host(step.host), serviceOf(step.args));
    },
  },
  "zk.joined": {
    look: ({ step, world }) => joined(world, step.args),
    async apply({ step, world }) {
      const sight = await waitFor(() => joined(world, step.args), {
        timeoutMs: Number(step.args["timeoutMs"]),
      });
      if (!sight.done) throw new UserError(`${sight.found}. Look into the servers' logs for the reason.`);
    },
  },
};

/** Ends the server and waits for every process that listened to be gone. @param seconds how long that may take */
export async function stopServer(
  host: HostAccess,
  service: Omit<ServiceArgs, "dataDir">,
  seconds = STOP_SECONDS,
): Promise<void> {
  const { stdout } = await host.script(STOP, [String(service.clientPort), service.stop, String(seconds)], {
    timeoutMs: (seconds + 30) * 1000,
  });
  if (stdout.trim() === "") return;
  throw new UserError(
    `${host.name}: still runs ${seconds} s after "${service.stop}": ${stdout.trim().replaceAll("\n", "; ")}`,
  );
}

/**
 * $1 port $2 the stop command $3 seconds. Prints nothing once every process that listened is gone, else which are left
 * and what the command said.
 *
 * Neither the exit code of a stop command nor its end means much (zkServer.sh sleeps a second and ends with 0 whatever
 * happened), and that second is write pause: what counts is the process.
 */
const STOP = `
pids=$(ss -Hltnp "sport = :$1" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u)
[ -n "$pids" ] || exit 0
said=$(mktemp)
sh -c "$2" > "$said" 2>&1 < /dev/null &
tries=$(($3 * 50))
while [ $tries -gt 0 ]; do
  left=
  for pid in $pids; do [ ! -d "/proc/$pid" ] || left="$left $pid"; done
  [ -n "$left" ] || break
  tries=$((tries - 1))
  sleep 0.02
done
[ -z "$left" ] || { echo "pid$left"; cat "$said"; }
rm -f "$said"`;

async function startServer(host: HostAccess, service: ServiceArgs): Promise<void> {
  if ((await started(host, service)).done) return;
  // Daemons must not keep our channel: their output goes to their own logs.
  const start = `${FORGET_DEAD}\n${service.start} >/dev/null 2>&1 </dev/null`;
  const command = host.script(start, [service.dataDir], { timeoutMs: START_TIMEOUT_MS });
  // Beside the command, which (zkServer.sh) sleeps a second of its own; when it fails there is nothing to wait for.
  const [sight] = await Promise.all([
    waitFor(() => started(host, service), { timeoutMs: START_TIMEOUT_MS }),
    command,
  ]);
  if (!sight.done) {
    throw new UserError(
      `${host.name}: ${sight.found} ${START_TIMEOUT_MS / 1000} s after "${service.start}". Look into the server's log.`,
    );
  }
}

/**
 * After a power cut zkServer.sh finds the dead server's pid file, and takes whatever has that number now for the
 * server ("already running", exit code 1). $1 dataDir.
 */
const FORGET_DEAD = `
if [ -s "$1/zookeeper_server.pid" ]; then
  tr '\\0' ' ' 2>/dev/null < "/proc/$(cat "$1/zookeeper_server.pid")/cmdline" | grep -q "[Q]uorumPeerMain" ||
    rm -f "$1/zookeeper_server.pid"
fi 2>/dev/null`;

async function stopped(host: HostAccess, service: ServiceArgs): Promise<Sight> {
  const pids = await listeners(host, service.clientPort);
  if (pids.length === 0) return { done: true, found: `nobody listens on ${service.clientPort}` };
  return { done: false, found: `pid ${pids.join(", ")} listens on ${service.clientPort}` };
}

function stoppedNow({ step, world }: StepContext<World>): Promise<Sight> {
  return stopped(world.host(step.host), serviceOf(step.args));
}

/** The same once the ensemble's files were taken: what is written there later would be left behind. */
async function stayedStopped(context: StepContext<World>): Promise<Sight> {
  const { step, world } = context;
  const looked = stoppedNow(context);
  const now = await ifReachable(looked);
  // All that counts of servers that nobody sees is that they cannot serve by themselves.
  if (!now && (await isQuorumDown(world, step.args)))
    return { done: true, found: "out of reach, and the others are down", unseen: true };
  const { dataDir, dataLogDir } = step.args;
  // Only the ensemble that is left stays stopped for good. Journals of 0.1.0 have no log folder there.
  if (!now?.done || !step.lasting || typeof dataLogDir !== "string") return looked;
  const folders = { dataDir: String(dataDir), dataLogDir };
  const changes = await changesBegunAfter(world.host(step.host), folders, context.result("tail"));
  if (changes?.length === 0) return now;
  const what = changes?.join(", ") ?? "a log that cannot be read";
  return { done: false, found: `stopped, but it has run since its files were taken: ${what}` };
}

async function started(host: HostAccess, service: ServiceArgs): Promise<Sight> {
  const answer = await askSrvr(host, service.clientPort);
  return { done: answer.kind === "serving" || answer.kind === "notServing", found: sayAnswer(answer) };
}

async function listeners(host: HostAccess, port: number): Promise<number[]> {
  const { stdout } = await host.script(
    `ss -Hltnp "sport = :$1" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u`,
    [String(port)],
  );
  return stdout.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** Observers have joined as well; the leader does not count them among those that are synced. */
async function joined(world: World, args: JsonObject): Promise<Sight> {
  const servers = args["servers"] as unknown as readonly Server[];
  const port = Number(args["clientPort"]);
  const answers = await Promise.all(servers.map(({ name }) => askSrvr(world.host(name), port)));
  const modes = answers.map((answer) => (answer.kind === "serving" ? answer.mode : answer.kind));
  const found = servers.map(({ name }, index) => `${name} ${modes[index]}`).join(", ");
  const lead = servers.length === 1 ? "standalone" : "leader";
  const leader = servers[modes.indexOf(lead)];
  const count = (mode: Mode) => modes.filter((one) => one === mode).length;
  const complete = count(lead) === 1 && count("follower") + count("observer") === servers.length - 1;
  if (!complete || !leader) return { done: false, found };
  if (servers.length === 1) return { done: true, found };
  const mntr = await askMntr(world.host(leader.name), port);
  // A server that does not allow mntr leaves only srvr to go by.
  if (!mntr) return { done: true, found };
  const synced = mntr.syncedFollowers ?? 0;
  return { done: synced === count("follower"), found: `${found}, ${synced} synced` };
}

/** Whether so many are seen to be down that the others are no quorum. */
async function isQuorumDown(world: World, args: JsonObject): Promise<boolean> {
  const servers = serversOf(args);
  const answers = await askEach(world, servers, Number(args["clientPort"]));
  const maybeUp = answers.filter((one) => mayRun(one) || one.answer === undefined);
  return servers.length > 0 && maybeUp.length < quorumOf({ servers });
}

/**
 * Whether those can take writes. Where enough of them may run, an election that is about to end is waited for.
 * @param args `servers`, and their `clientPort`
 */
export async function servesWithQuorum(world: World, args: JsonObject): Promise<boolean> {
  const { serves } = await waitFor(() => led(world, args, mayRun), { timeoutMs: SETTLES_WITHIN_MS });
  return serves;
}

/** A dead host is late, too: for long, only those are waited for that are seen to run. */
async function ledAgain(world: World, args: JsonObject): Promise<void> {
  const sight = await waitFor(() => led(world, args, runs), { timeoutMs: LEADER_TIMEOUT_MS });
  if (!sight.done) {
    throw new UserError(
      `${sight.found} ${LEADER_TIMEOUT_MS / 1000} s after the start, expected a leader. Look into the servers' logs for the reason.`,
    );
  }
}

/**
 * A leader alone is no quorum yet: it answers first, and its followers once they are synced. With less than a majority
 * started there is nothing to wait for: others are started after it, or cannot be.
 */
async function led(
  world: World,
  args: JsonObject,
  isStarted: (one: Answered) => boolean,
): Promise<Sight & { readonly serves: boolean }> {
  const servers = serversOf(args);
  const answers = await askEach(world, servers, Number(args["clientPort"]));
  const quorum = quorumOf({ servers });
  const serves = answers.filter(isLed).length >= quorum;
  const done = serves || answers.filter(isStarted).length < quorum;
  return { done, found: sayEach(answers), serves };
}

/** Also a server that takes its time to answer. */
function mayRun(one: Answered): boolean {
  return runs(one) || one.answer?.kind === "late";
}

/** Journals of 0.1.0 do not have them. */
function serversOf(args: JsonObject): readonly Server[] {
  return (args["servers"] ?? []) as unknown as readonly Server[];
}

export function serverArgs(side: Side) {
  return side.servers.map(({ name, address }) => ({ name, address }));
}

function serviceArgs(side: Side): ServiceArgs {
  const { clientPort, start, stop, dataDir } = side;
  return { clientPort, start, stop, dataDir };
}

function serviceOf(args: JsonObject): ServiceArgs {
  return {
    clientPort: Number(args["clientPort"]),
    start: String(args["start"]),
    stop: String(args["stop"]),
    dataDir: String(args["dataDir"]),
  };
}
