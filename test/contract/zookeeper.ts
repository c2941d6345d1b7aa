/**
 * Real standalone ZooKeeper servers on loopback for the contract tests, from the releases that
 * `node scripts/setup.mjs` keeps in the cache. Each has a free port and a temporary directory, and is ended by its pid.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DialFailed, type Dialler } from "../../core/transports/contract";
import { until } from "../../lab/wait";
import { freePort } from "./sshd";

export type Version = "3.4.14" | "3.7.1";

export interface ZooKeeper {
  readonly version: Version;
  readonly port: number;
  readonly metricsPort: number;
  readonly directory: string;
  /** While `act` goes on, the server is there and does nothing. */
  whileItHangs<T>(act: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export interface ZooKeeperOptions {
  /** Further lines of zoo.cfg. */
  readonly settings?: readonly string[];
  readonly jvm?: readonly string[];
  /** Switches the metrics provider on (3.7.1). */
  readonly prometheus?: boolean;
  /** One of an ensemble of three whose others never come: it runs, but does not serve. */
  readonly alone?: boolean;
}

/** Resolves once the server answers. */
export async function startZooKeeper(
  version: Version,
  { settings = [], jvm = [], prometheus = false, alone = false }: ZooKeeperOptions = {},
): Promise<ZooKeeper> {
  const directory = mkdtempSync(join(tmpdir(), "zookeeper-"));
  const release = releaseOf(version, directory);
  const [port, metricsPort] = [await freePort(), await freePort()];
  mkdirSync(join(directory, "data"));
  if (alone) writeFileSync(join(directory, "data", "myid"), "1\n");
  const provider = [
    "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider",
    `metricsProvider.httpPort=${metricsPort}`,
  ];
  const lines = [
    "tickTime=500",
    "maxClientCnxns=0",
    "admin.enableServer=false",
    `dataDir=${join(directory, "data")}`,
    `clientPort=${port}`,
    "clientPortAddress=127.0.0.1",
    ...(prometheus ? provider : []),
    ...(alone ? await absentPeers() : []),
    ...settings,
  ];
  writeFileSync(join(directory, "zoo.cfg"), `${lines.join("\n")}\n`);
  writeFileSync(join(directory, "log4j.properties"), LOG4J);

  const classPath = [directory, join(release, "lib", "*"), join(release, `zookeeper-${version}.jar`)].join(
    ":",
  );
  const quick = [
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Xshare:auto",
  ];
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  const args = [...quick, ...jvm, "-cp", classPath, main, join(directory, "zoo.cfg")];
  const child = spawn("java", args, { stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(join(directory, "log"));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exit = once(child, "exit");
  const over = () => child.exitCode !== null || child.signalCode !== null;

  while (!(await answers(port, alone ? "not currently serving" : "Mode:"))) {
    if (over())
      throw new Error(`ZooKeeper ${version} did not start: ${readFileSync(join(directory, "log"), "utf8")}`);
    await delay(20);
  }
  return {
    version,
    port,
    metricsPort,
    directory,
    whileItHangs: async (act) => {
      child.kill("SIGSTOP");
      try {
        await until("every thread of the server stands still", async () =>
          threadStates(child.pid).every((state) => state === "T") ? undefined : "some still run",
        );
        return await act();
      } finally {
        child.kill("SIGCONT");
      }
    },
    stop: async () => {
      // A stopped process would never see the signal.
      child.kill("SIGCONT");
      child.kill("SIGKILL");
      if (!over()) await exit;
      log.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** `T` is stopped. A signal is on its way for a while, and other threads go on meanwhile. */
function threadStates(pid: number | undefined): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "";
  });
}

/** A host that is this machine: `dial` only, straight by TCP. Stands in for SSH where SSH is not what is tested. */
export function loopback(): Dialler {
  return {
    name: "here",
    address: "127.0.0.1",
    dial: async (port, address = "127.0.0.1") => {
      const socket = connect(port, address);
      try {
        await once(socket, "connect");
        return socket.setNoDelay(true);
      } catch (error) {
        throw new DialFailed("here", "refused", (error as Error).message, "Look whether the server runs.");
      }
    },
  };
}

const LOG4J = `log4j.rootLogger=WARN, OUT
log4j.appender.OUT=org.apache.log4j.ConsoleAppender
log4j.appender.OUT.layout=org.apache.log4j.PatternLayout
log4j.appender.OUT.layout.ConversionPattern=%d %p %c - %m%n
`;

async function absentPeers(): Promise<string[]> {
  const lines = ["initLimit=10", "syncLimit=5"];
  for (const id of [1, 2, 3]) lines.push(`server.${id}=127.0.0.1:${await freePort()}:${await freePort()}`);
  return lines;
}

function releaseOf(version: Version, directory: string): string {
  const cache = join(
    process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
    "pulumi-zookeeper",
    "zookeeper-1",
  );
  if (!existsSync(cache))
    throw new Error(`This suite needs ${cache}: run \`node scripts/setup.mjs --for lab\`.`);
  if (version === "3.4.14") return join(cache, "zookeeper-3.4.14");
  execFileSync("tar", ["-xzf", join(cache, "apache-zookeeper-3.7.1-bin.tar.gz"), "-C", directory]);
  return join(directory, "apache-zookeeper-3.7.1-bin");
}

/**
 * `srvr` is the one word that every version answers unasked. A 3.7.1 that is asked before it has opened its
 * database throws a NullPointerException and leaves the connection open for ever, so patience is short here.
 */
async function answers(port: number, expected: string): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    socket.setTimeout(500, () => socket.destroy(new Error("no answer")));
    await once(socket, "connect");
    socket.write("srvr");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text.includes(expected);
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
