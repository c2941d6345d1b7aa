/**
 * Real 3.7.1 ensembles of three servers on loopback for the measurements, from the tarball that set-up keeps.
 *
 * They write to disk with fsync and compile as production servers do: a rate against servers that were made quick
 * would say nothing. All share this machine's cores with the client, so rates are to be read against each other,
 * not as what the servers could do on machines of their own.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../core/engine/errors";
import { waitFor } from "../core/engine/wait";
import { DialFailed, type Dialler } from "../core/transports/contract";

export interface Ensemble {
  readonly name: string;
  /** One for each server. Its `dial` ignores the port asked for: on loopback each server has one of its own. */
  readonly hosts: readonly Dialler[];
  /** `127.0.0.1:PORT` of each server. */
  readonly servers: readonly string[];
  /** Processor time that its servers have used so far, of all cores together. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const JVM = ["-Xms256m", "-Xmx2g", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto"];

/**
 * Resolves once one server leads and two follow.
 * @param name of the servers in errors: `old` gives `old1` to `old3`.
 */
export async function startEnsemble(name: string): Promise<Ensemble> {
  const directory = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const release = unpackRelease(directory);
  const ports = await freePorts(9);
  const port = (at: number): number => ports[at] as number;
  const members = [1, 2, 3].map((id) => `server.${id}=127.0.0.1:${port(id + 2)}:${port(id + 5)}`);
  const children = [1, 2, 3].map((id) =>
    startServer(join(directory, String(id)), release, id, port(id - 1), members),
  );
  const ensemble: Ensemble = {
    name,
    hosts: [1, 2, 3].map((id) => host(`${name}${id}`, port(id - 1))),
    servers: [1, 2, 3].map((id) => `127.0.0.1:${port(id - 1)}`),
    cpuSeconds: () => children.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
    stop: async () => {
      await Promise.all(children.map(end));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  const sight = await waitFor(
    async () => {
      const modes = await Promise.all([0, 1, 2].map((at) => modeOf(port(at))));
      const done = modes.filter((mode) => mode === "follower").length === 2 && modes.includes("leader");
      return { done, found: modes.join(", ") };
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 100 },
  );
  if (sight.done) return ensemble;
  const log = readFileSync(join(directory, "1", "log"), "utf8").slice(-2000);
  await ensemble.stop();
  throw new UserError(`The bench's ensemble ${name} did not start: found ${sight.found}. ${log}`);
}

function startServer(
  folder: string,
  release: string,
  id: number,
  clientPort: number,
  members: readonly string[],
): ChildProcess {
  mkdirSync(join(folder, "data"), { recursive: true });
  writeFileSync(join(folder, "data", "myid"), `${id}\n`);
  const settings = [
    "tickTime=2000",
    "initLimit=10",
    "syncLimit=5",
    "maxClientCnxns=0",
    "admin.enableServer=false",
    `dataDir=${join(folder, "data")}`,
    `clientPort=${clientPort}`,
    "clientPortAddress=127.0.0.1",
    ...members,
  ];
  writeFileSync(join(folder, "zoo.cfg"), `${settings.join("\n")}\n`);
  writeFileSync(join(folder, "log4j.properties"), LOG4J);
  const classPath = [folder, join(release, "lib", "*")].join(":");
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  const log = openSync(join(folder, "log"), "a");
  return spawn("java", [...JVM, "-cp", classPath, main, join(folder, "zoo.cfg")], {
    stdio: ["ignore", log, log],
  });
}

/** `utime` and `stime` of /proc/PID/stat, in hundredths of a second on every Linux of today (USER_HZ). */
function cpuSecondsOf(pid: number | undefined): number {
  const behindName = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1] ?? "";
  const fields = behindName.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function unpackRelease(directory: string): string {
  const script = join(__dirname, "..", "scripts/setup/paths.mjs");
  const paths = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as Record<
    string,
    string
  >;
  const tarball = paths.newZookeeperTarball ?? "";
  if (!existsSync(tarball))
    throw new UserError(`ZooKeeper's tarball is not there: ${tarball}. Run: npm run setup`);
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", directory]);
  return directory;
}

/** A host that is this machine: stands in for one behind SSH, which is not what is measured. */
function host(name: string, port: number): Dialler {
  return {
    name,
    address: "127.0.0.1",
    dial: async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      try {
        await once(socket, "connect");
        return socket;
      } catch (error) {
        throw new DialFailed(name, "refused", (error as Error).message, "Look whether the server runs.");
      }
    },
  };
}

/** Held together until all are known, so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

async function modeOf(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  try {
    // A 3.7.1 that is asked before it has opened its database leaves the connection open for ever.
    socket.setTimeout(1_000, () => socket.destroy(new Error("no answer")));
    await once(socket, "connect");
    socket.write("srvr");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return /^Mode: (\w+)/m.exec(text)?.[1] ?? "not serving";
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.destroy();
  }
}

const LOG4J = `log4j.rootLogger=WARN, OUT
log4j.appender.OUT=org.apache.log4j.ConsoleAppender
log4j.appender.OUT.layout=org.apache.log4j.PatternLayout
log4j.appender.OUT.layout.ConversionPattern=%d %p %c - %m%n
`;
