/**
 * What there is: every fact about an ensemble that a plan uses, read in one place.
 *
 * A server's own process is asked first (which configuration it was started with, which flags), since the file that
 * lies in conf/ may not be the one it runs on; then its client port, by four-letter word. Clients are counted from
 * the host's sockets before anything of ours connects there, because `cons` is not allowed everywhere.
 */
import { CommandFailed, HostUnreachable, Refusal } from "../engine/errors";
import type { HostAccess, World } from "../transports/contract";
import type { SrvrAnswer } from "./ask";
import { askSrvr, isLead } from "./ask";
import { readProperties } from "../editors/properties/parse-properties";
import type { Server, Side } from "./side";
import { juteMaxBufferOf } from "./side";

/** A file in a `version-2` folder. */
export interface StoredFile {
  /** Without folder: `snapshot.100000005`. */
  readonly name: string;
  readonly bytes: number;
}

export interface ServerFacts {
  readonly server: Server;
  /** Absent when the host cannot be reached. */
  readonly seen?: SeenServer;
  /** Why the host cannot be reached. */
  readonly unreachable?: string;
}

export interface SeenServer {
  /** The process that listens on the client port. */
  readonly pid?: number;
  /** The configuration file that the process was started with, and its entries. */
  readonly configPath?: string;
  readonly config: ReadonlyMap<string, string>;
  readonly juteMaxBuffer: number;
  readonly extendedTypes: boolean;
  readonly answer: SrvrAnswer;
  /** Addresses with an established connection to the client port, one entry a connection. */
  readonly clients: readonly string[];
  readonly snapshots: readonly StoredFile[];
  readonly logs: readonly StoredFile[];
}

export interface EnsembleFacts {
  readonly servers: readonly ServerFacts[];
  /** The one server that answers as leader (or standalone); absent when there is none or more than one. */
  readonly leader?: Server;
  /** As the leader says it: `3.4.14`. */
  readonly version?: string;
}

export async function observeEnsemble(world: World, side: Side): Promise<EnsembleFacts> {
  const servers = await Promise.all(side.servers.map((server) => observeServer(world, side, server)));
  const leaders = servers.filter(({ seen }) => seen?.answer.kind === "serving" && isLead(seen.answer.mode));
  const leader = leaders.length === 1 ? leaders[0] : undefined;
  const answer = leader?.seen?.answer;
  return {
    servers,
    leader: leader?.server,
    version: answer?.kind === "serving" ? answer.version : undefined,
  };
}

async function observeServer(world: World, side: Side, server: Server): Promise<ServerFacts> {
  try {
    return { server, seen: await lookAt(world.host(server.name), side) };
  } catch (error) {
    if (error instanceof HostUnreachable || error instanceof Refusal || error instanceof CommandFailed) {
      return { server, unreachable: error.message };
    }
    throw error;
  }
}

/**
 * Prints `key=value` lines. `ss -t state established` has no state column: the peer is the fourth.
 * A process is taken for a server when it listens on the client port.
 */
const LOOK = `
port=$1 data=$2 logs=$3
command -v ss >/dev/null || { echo "ss (package iproute2) is not installed" >&2; exit 1; }
ss -Htn state established "sport = :$port" | awk '{print "client=" $4}'
pid=$(ss -Hltnp "sport = :$port" | sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p' | head -n 1)
echo "pid=$pid"
if [ -n "$pid" ]; then
  tr '\\0' '\\n' < /proc/$pid/cmdline | sed 's/^/arg=/'
  config=$(tr '\\0' '\\n' < /proc/$pid/cmdline | grep '\\.cfg$' | tail -n 1)
  echo "config=$config"
  [ -r "$config" ] && sed 's/^/line=/' "$config"
fi
for where in data logs; do
  eval dir=\\$$where
  find "$dir/version-2" -maxdepth 1 -type f -printf "$where=%s %f\\n" 2>/dev/null
done
true`;

async function lookAt(host: HostAccess, side: Side): Promise<SeenServer> {
  const { stdout } = await host.script(LOOK, [String(side.clientPort), side.dataDir, side.dataLogDir]);
  const values = (key: string) =>
    stdout
      .split("\n")
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const args = values("arg");
  const config = readProperties(values("line").join("\n"));
  const pid = Number(values("pid")[0] ?? "") || undefined;
  const stored = (key: string, prefix: string) => values(key).map(readStored).filter(startsWith(prefix));
  return {
    pid,
    configPath: values("config")[0] || undefined,
    config,
    juteMaxBuffer: juteMaxBufferOf(args),
    extendedTypes:
      config.get("extendedTypesEnabled") === "true" || args.includes("-Dzookeeper.extendedTypesEnabled=true"),
    answer: await askSrvr(host, side.clientPort),
    clients: values("client").map(addressOnly),
    snapshots: stored("data", "snapshot."),
    logs: stored("logs", "log."),
  };
}

function readStored(line: string): StoredFile {
  const blank = line.indexOf(" ");
  return { bytes: Number(line.slice(0, blank)), name: line.slice(blank + 1) };
}

function startsWith(prefix: string) {
  return (file: StoredFile) => file.name.startsWith(prefix);
}

/** `[::ffff:10.77.0.31]:51344` → `10.77.0.31` */
function addressOnly(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return address.replace(/^::ffff:/, "");
}
