/**
 * ClickHouse 18.16, two replicas of one shard, with its ZooKeeper ensemble in metrika.xml as the procedure has it.
 *
 * metrika.xml is written the way such files are found: Chinese comments, tabs beside spaces, a second ensemble that
 * nobody may touch. There is no systemd on a lab host, so a script at a fixed path starts and stops the server.
 */
import { readFileSync } from "node:fs";
import { CLICKHOUSE_UID, type Disk } from "./disk";
import * as layout from "./layout";
import { until } from "./wait";

export const CLICKHOUSE_SERVICE = "/usr/local/bin/clickhouse-service";
export const METRIKA_XML = "/etc/clickhouse-server/metrika.xml";
/** Replicated tables of the lab, all with the columns of {@link TABLE_COLUMNS}. */
export const TABLES = ["events", "metrics", "audit"] as const;
const TABLE_COLUMNS = "day Date, writer String, id UInt64, payload String";

export function putClickHouse(
  disk: Disk,
  spec: layout.HostSpec,
  old: readonly layout.HostSpec[],
  config: string,
): void {
  disk.write("/etc/clickhouse-server/config.xml", serverConfig(readFileSync(config, "utf8"), spec));
  disk.write(METRIKA_XML, metrikaXml(spec, old), 0o644, CLICKHOUSE_UID);
  for (const folder of ["/var/lib/clickhouse", "/var/log/clickhouse-server"]) {
    disk.folder(folder, 0o750, CLICKHOUSE_UID);
  }
  disk.write(CLICKHOUSE_SERVICE, SERVICE, 0o755);
  disk.atBoot("clickhouse", AT_BOOT);
}

/** Waits until the server answers and no replicated table of it is read-only. */
export async function untilWritable(hosts: readonly layout.HostSpec[]): Promise<void> {
  await Promise.all(
    hosts.map((host) =>
      until(`${host.name}: replicated tables writable`, async () => {
        const blocked = await query(
          host,
          "SELECT count() FROM system.replicas WHERE is_readonly OR is_session_expired",
        );
        return blocked === "0" ? undefined : `${blocked} tables are read-only`;
      }),
    ),
  );
}

/**
 * Creates the lab's tables on every replica, in parallel but for each replica's own order.
 *
 * A server that answers is not up for good: at a boot on a busy machine, one was seen to end in the middle of its
 * next answer; its keeper starts it again.
 */
export async function createTables(hosts: readonly layout.HostSpec[]): Promise<void> {
  await Promise.all(
    hosts.map(async (host) => {
      const done = (sql: string) =>
        until(`${host.name}: ${sql}`, async () => {
          await query(host, sql);
          return undefined;
        });
      await done("SELECT count() FROM system.zookeeper WHERE path = '/'");
      await done("CREATE DATABASE IF NOT EXISTS lab");
      for (const table of TABLES) {
        await done(
          `CREATE TABLE IF NOT EXISTS lab.${table} (${TABLE_COLUMNS}) ENGINE = ReplicatedMergeTree` +
            `('/clickhouse/tables/{layer}-{shard}/${table}', '{replica}') PARTITION BY day ORDER BY (writer, id)`,
        );
      }
    }),
  );
}

/** Asks over HTTP; throws with the server's own words when it refuses. */
export async function query(host: layout.HostSpec, sql: string, timeoutMs = 30_000): Promise<string> {
  const response = await fetch(`http://${host.address}:${layout.CLICKHOUSE_HTTP_PORT}/`, {
    method: "POST",
    body: sql,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(`${host.name}: ${text.slice(0, 300)}`);
  return text;
}

/** Debian's config.xml with what a replica on a network of its own needs; sizes fit a small machine. */
function serverConfig(debian: string, spec: layout.HostSpec): string {
  const ours = [
    `<include_from>${METRIKA_XML}</include_from>`,
    "<listen_host>0.0.0.0</listen_host>",
    `<interserver_http_host>${spec.name}</interserver_http_host>`,
  ];
  return debian
    .replace("<level>warning</level>", "<level>information</level>")
    .replace(/<uncompressed_cache_size>\d+/, "<uncompressed_cache_size>67108864")
    .replace(/<mark_cache_size>\d+/, "<mark_cache_size>67108864")
    .replace("</yandex>", `${ours.map((line) => `    ${line}\n`).join("")}</yandex>`);
}

function metrikaXml(spec: layout.HostSpec, old: readonly layout.HostSpec[]): string {
  const node = (host: layout.HostSpec, at: number) => `        <node index="${at + 1}">
            <host>${host.address}</host>
            <port>${layout.ZK_CLIENT_PORT}</port>
        </node>
`;
  return `<yandex>
    <!-- 集群配置 -->
    <clickhouse_remote_servers>
        <lab_cluster>
            <shard>
                <internal_replication>true</internal_replication>
                <replica><host>ck1</host><port>${layout.CLICKHOUSE_TCP_PORT}</port></replica>
                <replica><host>ck2</host><port>${layout.CLICKHOUSE_TCP_PORT}</port></replica>
            </shard>
        </lab_cluster>
    </clickhouse_remote_servers>

    <!-- zookeeper 配置 -->
    <zookeeper-servers>
${old.map(node).join("")}\t<!-- 会话超时, in ms -->
\t<session_timeout_ms>10000</session_timeout_ms>
    </zookeeper-servers>

    <!-- cold data: another ensemble, not in use since 2021; do not touch -->
    <cold-zookeeper-servers>
        <node><host>172.26.90.7</host><port>2181</port></node>
    </cold-zookeeper-servers>

    <macros>
        <layer>01</layer>
        <shard>01</shard>
        <replica>${spec.name}</replica>
    </macros>
</yandex>
`;
}

/**
 * At boot only, since all hosts may have lost power together: 18.16 that finds no ZooKeeper at its start ends, or,
 * with more than one replicated table, hangs for ever in its own clean-up (a mutex of a thread pool that is gone).
 */
const AT_BOOT = `#!/bin/bash
servers() { sed -n '/<zookeeper-servers>/,/<.zookeeper-servers>/p' ${METRIKA_XML} | sed -n "s/.*<$1>\\(.*\\)<.$1>.*/\\1/p"; }
serves() { timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2 && printf srvr >&3 && grep -q ^Mode: <&3" 2>/dev/null; }
until
  paste <(servers host) <(servers port) | {
    while read -r host port; do serves "$host" "$port" && exit 0; done
    exit 1
  }
do sleep 0.1; done
exec ${CLICKHOUSE_SERVICE} start
`;

const SERVICE = `#!/bin/sh
# Starts and stops the ClickHouse server of this host: clickhouse-service start|stop|restart|status
#
# It keeps the server running as its systemd unit does (Restart=always): 18.16 ends by itself when it finds no
# ZooKeeper at its start, and has to be there again once there is one.
keeper=/run/clickhouse-keeper.pid
server=/run/clickhouse-server.pid
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
keep() {
  ulimit -n 262144 2>/dev/null
  trap 'stopping=1; kill "$child" 2>/dev/null' TERM
  stopping=
  while [ -z "$stopping" ]; do
    setpriv --reuid clickhouse --regid clickhouse --clear-groups env HOME=/var/lib/clickhouse \\
      /usr/sbin/clickhouse-server --config-file=/etc/clickhouse-server/config.xml &
    child=$!
    echo "$child" >"$server"
    # A signal ends wait before the server has ended.
    while kill -0 "$child" 2>/dev/null; do wait "$child"; done
    [ -n "$stopping" ] || sleep 0.5
  done
  rm -f "$server" "$keeper"
}
start() {
  if alive "$keeper"; then echo "clickhouse-server already runs: $(cat "$server")"; return 0; fi
  setsid "$0" keep >>/var/log/clickhouse-server/stdout.log 2>&1 </dev/null &
  echo $! >"$keeper"
  echo "started clickhouse-server"
}
stop() {
  if ! alive "$keeper"; then echo "clickhouse-server does not run"; return 0; fi
  pid=$(cat "$keeper")
  kill "$pid"
  waited=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    waited=$((waited + 1))
    if [ "$waited" -ge 600 ]; then echo "clickhouse-server does not end"; return 1; fi
  done
  echo "stopped clickhouse-server"
}
case "$1" in
  start) start ;;
  stop) stop ;;
  restart) stop && start ;;
  status) if alive "$server"; then echo "running: $(cat "$server")"; else echo "not running"; exit 3; fi ;;
  keep) keep ;;
  *) echo "usage: $0 start|stop|restart|status" >&2; exit 2 ;;
esac
`;
