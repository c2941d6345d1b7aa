/**
 * The old ensemble: ZooKeeper 3.4.14 with its data and logs where the published procedure has them.
 *
 * It starts at boot, as a server that has run for years does. Its log goes to a file that the host keeps, since
 * what an ensemble said before a power cut is what one wants to read after it.
 */
import { connect } from "node:net";
import type { Disk } from "./disk";
import * as layout from "./layout";
import { until } from "./wait";

/**
 * Transactions between snapshots. The default, 100 000, is hours of the lab's load: no log would ever roll, and the
 * newest snapshot with the newest log would always be enough.
 */
const SNAP_COUNT = 2_000;

export function putOldZooKeeper(disk: Disk, ensemble: readonly layout.HostSpec[], znodes: number): void {
  const id = ensemble.findIndex((host) => host.name === disk.host) + 1;
  const conf = `${layout.OLD_ZOOKEEPER_HOME}/conf`;
  disk.write(`${conf}/zoo.cfg`, zooCfg(ensemble));
  // Java's own collector choice and full compiler cost seconds at each start on two cores.
  const heap = znodes > 150_000 ? "1024m" : "512m";
  disk.write(
    `${conf}/java.env`,
    `export JVMFLAGS="-Xms64m -Xmx${heap} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dzookeeper.snapCount=${SNAP_COUNT}"
export ZOO_LOG_DIR=/var/log/zookeeper
export ZOO_LOG4J_PROP=INFO,ROLLINGFILE
export JMXDISABLE=true
`,
  );
  disk.folder("/var/log/zookeeper");
  disk.folder(layout.ZK_DATA_LOG_DIR);
  disk.write(`${layout.ZK_DATA_DIR}/myid`, `${id}\n`);
  // After a power cut the pid file of the last life may name a process of this one.
  disk.atBoot(
    "zookeeper",
    `#!/bin/sh\nrm -f ${layout.ZK_DATA_DIR}/zookeeper_server.pid\nexec ${layout.OLD_ZOOKEEPER_HOME}/bin/zkServer.sh start\n`,
  );
}

/** Waits for exactly one leader and the rest following it. */
export async function untilQuorum(ensemble: readonly layout.HostSpec[]): Promise<void> {
  await until("one leader in the old ensemble", async () => {
    const modes = await Promise.all(ensemble.map((host) => modeOf(host)));
    const leaders = modes.filter((mode) => mode === "leader").length;
    const followers = modes.filter((mode) => mode === "follower").length;
    return leaders === 1 && followers === ensemble.length - 1 ? undefined : `modes are ${modes.join(", ")}`;
  });
}

/** `leader`, `follower`, `standalone`, or why there is none. */
export async function modeOf(host: layout.HostSpec): Promise<string> {
  const answer = await fourLetterWord(host, "srvr").catch((error: Error) => error.message);
  return /^Mode: (\w+)/m.exec(answer)?.[1] ?? (answer.trim().split("\n")[0] || "no answer");
}

export function fourLetterWord(
  host: layout.HostSpec,
  word: string,
  timeoutMs = 2_000,
  port = layout.ZK_CLIENT_PORT,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: host.address, port, timeout: timeoutMs }, () => socket.write(word));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("timeout", () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

function zooCfg(ensemble: readonly layout.HostSpec[]): string {
  const servers = ensemble.map(
    (host, at) => `server.${at + 1}=${host.address}:${layout.ZK_PEER_PORT}:${layout.ZK_ELECTION_PORT}`,
  );
  return `tickTime=2000
initLimit=10
syncLimit=5
dataDir=${layout.ZK_DATA_DIR}
dataLogDir=${layout.ZK_DATA_LOG_DIR}
clientPort=${layout.ZK_CLIENT_PORT}
maxClientCnxns=1000
${servers.join("\n")}
`;
}
