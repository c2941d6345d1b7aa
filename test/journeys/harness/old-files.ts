/**
 * What the old ensemble's files hold, as a ZooKeeper 3.4.14 of its own reads them: a standalone server, started on a
 * copy of one server's folders and asked over the wire. Neither the product's file reader nor the stopped ensemble
 * has a part in it.
 */
import { OLD_ZOOKEEPER_HOME, ZK_DATA_DIR, ZK_DATA_LOG_DIR } from "../../../lab/layout";
import { fourLetterWord } from "../../../lab/old-zookeeper";
import type { LabHost } from "../../../lab/host";
import { until } from "../../../lab/wait";

const PORT = 2199;
const FOLDER = "/tmp/look";

/** Starts the server on a copy of the host's files, hands its `HOST:PORT` over, and ends it. */
export async function withOldFiles<T>(host: LabHost, act: (server: string) => Promise<T>): Promise<T> {
  const { address } = host.spec;
  const { code, stderr } = await host.exec(["bash", "-c", START]);
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
  try {
    await until(`${host.name}: a server on a copy of its files`, async () => {
      const answer = await fourLetterWord(host.spec, "srvr", 2_000, PORT);
      return answer.includes("Mode: standalone") ? undefined : answer;
    });
    return await act(`${address}:${PORT}`);
  } finally {
    await host.exec(["bash", "-c", `kill "$(cat ${FOLDER}/pid)"; rm -rf ${FOLDER}`]);
  }
}

const START = `set -e
rm -rf ${FOLDER}; mkdir -p ${FOLDER}/data ${FOLDER}/log
cp -a ${ZK_DATA_DIR}/version-2 ${FOLDER}/data/
cp -a ${ZK_DATA_LOG_DIR}/version-2 ${FOLDER}/log/
printf '%s\\n' tickTime=2000 dataDir=${FOLDER}/data dataLogDir=${FOLDER}/log clientPort=${PORT} >${FOLDER}/zoo.cfg
cd ${FOLDER}
setsid java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "${OLD_ZOOKEEPER_HOME}/*:${OLD_ZOOKEEPER_HOME}/lib/*" \\
  org.apache.zookeeper.server.ZooKeeperServerMain ${FOLDER}/zoo.cfg >${FOLDER}/out 2>&1 </dev/null &
echo $! >${FOLDER}/pid
`;
