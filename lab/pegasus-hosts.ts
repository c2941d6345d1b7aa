/**
 * The Pegasus stand-in (lab/pegasus) on hosts of its own, at the real one's paths: program, config.ini and shell below
 * /pegasus, one script that starts and stops the server.
 *
 * Times are short, by config.ini's own keys, so that what takes half a minute on a real cluster takes seconds here:
 * a lease of 3 s, a grace of 4 s. There is no supervisor: a server that ends stays down until somebody starts it, and
 * what ended it stands in /pegasus/bin/stdout.log.
 */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "./disk";
import * as layout from "./layout";
import { call, type Calls, type Reply } from "./pegasus/server/protocol";
import { until } from "./wait";

export const PEGASUS_HOME = "/pegasus";
export const PEGASUS_CONFIG = `${PEGASUS_HOME}/bin/config.ini`;
/** Takes `shell --cluster …`, as the real run.sh. */
export const PEGASUS_RUN = `${PEGASUS_HOME}/run.sh`;
export const PEGASUS_SERVICE = "/usr/local/bin/pegasus-service";
export const PEGASUS_ROOT = "/pegasus/lab";
/** Made once the metas lead, beside the default tables `stat` and `temp`. */
const TABLE = { name: "t1", partitions: 4, replicas: 3, envs: { default_ttl: "86400" } };

export function putPegasus(disk: Disk, spec: layout.HostSpec, everyHost: readonly layout.HostSpec[]): void {
  const role = spec.role === "pegasus-meta" ? "meta" : "replica";
  const bin = join(__dirname, "pegasus/bin");
  disk.folder(`${PEGASUS_HOME}/bin`);
  symlinkSync(join(bin, "pegasus_server"), disk.at(`${PEGASUS_HOME}/bin/pegasus_server`));
  symlinkSync(join(bin, "run.sh"), disk.at(PEGASUS_RUN));
  disk.write(PEGASUS_CONFIG, configIni(spec, everyHost));
  disk.write(PEGASUS_SERVICE, SERVICE.replaceAll("@ROLE@", role), 0o755);
  disk.atBoot("pegasus", role === "meta" ? META_AT_BOOT : `#!/bin/sh\nexec ${PEGASUS_SERVICE} start\n`);
}

/** `pg-meta1:34601,pg-meta2:34601`, as `--cluster` wants it on a host of the lab. */
export function metaList(hosts: readonly { readonly name: string; readonly role: layout.Role }[]): string {
  return hosts
    .filter((host) => host.role === "pegasus-meta")
    .map((host) => `${host.name}:${layout.PEGASUS_META_PORT}`)
    .join(",");
}

/** Waits until every partition of every table has its three replicas, and makes the lab's own table the first time. */
export async function untilHealthy(metas: readonly layout.HostSpec[]): Promise<void> {
  if (metas.length === 0) return;
  await until("a leading meta", async () => void (await view(metas)));
  await until("the lab's table", async () => {
    const { err } = await askLeader(metas, "create-app", TABLE);
    return err === "ERR_OK" || err === "ERR_APP_EXIST" ? undefined : err;
  });
  await until("every partition with all of its replicas", async () => {
    const apps = (await view(metas)).view?.apps ?? [];
    const short = apps.flatMap((app) =>
      app.partitions.filter(
        (one) => one.primary === undefined || one.secondaries.length < app.max_replica_count - 1,
      ),
    );
    return apps.length === 0 || short.length > 0 ? `${short.length} partitions short of replicas` : undefined;
  });
}

/** What the leading meta knows. */
export function view(metas: readonly layout.HostSpec[]): Promise<Reply<"view">> {
  return askLeader(metas, "view", { task: "view" });
}

/**
 * Asked from this machine, where the hosts' names do not resolve: a meta that names another as the leader is of no
 * use here, so each is asked by its address.
 */
async function askLeader<K extends keyof Calls>(
  metas: readonly layout.HostSpec[],
  name: K,
  request: Calls[K]["request"],
): Promise<Reply<K>> {
  const replies = await Promise.all(addressesOf(metas).map((address) => call(address, name, request, 2000)));
  const led = replies.find(
    ({ err }) => !["ERR_NETWORK_FAILURE", "ERR_FORWARD_TO_OTHERS", "ERR_TIMEOUT"].includes(err),
  );
  if (led) return led;
  throw new Error(`no meta leads: ${replies.map(({ err }) => err).join(", ")}`);
}

function addressesOf(metas: readonly layout.HostSpec[]): string[] {
  return metas.map((meta) => `${meta.address}:${layout.PEGASUS_META_PORT}`);
}

/** Written as such files are found: comments of all kinds, blanks to taste, sections that are nobody's business here. */
function configIni(spec: layout.HostSpec, everyHost: readonly layout.HostSpec[]): string {
  return `; 配置文件 of the lab's Pegasus stand-in
[apps..default]
run = true
count = 1

[apps.meta]
type = meta
name = meta
ports = ${layout.PEGASUS_META_PORT}

[apps.replica]
type = replica
name = replica
ports = ${layout.PEGASUS_REPLICA_PORT}

[network]
  explicit_host_address = ${spec.name}

[core]
  data_dir = ${PEGASUS_HOME}/data
  pause_on_start = false

[meta_server]
  server_list = ${metaList(everyHost)}
  cluster_root = ${PEGASUS_ROOT}
  meta_state_service_type = meta_state_service_zookeeper
  distributed_lock_service_parameters = ${PEGASUS_ROOT}/lock
  # no line recover_from_replica_server here, as in some shipped files
  min_live_node_count_for_unfreeze = 2
  meta_function_level_on_start = steady
  lb_interval_ms = 500

[meta_server.apps.stat]
  app_name = stat
  app_type = pegasus
  partition_count = 4

[meta_server.apps.temp]
  app_name = temp
  app_type = pegasus
  partition_count = 8

[replication]
  fd_check_interval_seconds = 0.25
  fd_beacon_interval_seconds = 0.5
  fd_lease_seconds = 3
  fd_grace_seconds = 4   # above the lease
  config_sync_interval_ms = 1000

[zookeeper]
  ; the ensemble that the metas share with others
  hosts_list = ${layout.connectString(layout.withRole(everyHost, "old-zookeeper"))}
  timeout_ms = 8000
  logfile = zoo.log

[stand_in]
  unknown_replica_fatal_ms = 2000
  ; whoever asks /meta/* of a meta that starts has a second in which to end it
  slow_start_ms = 1000
`;
}

const SERVICE = `#!/bin/sh
# Starts and stops the Pegasus stand-in of this host: pegasus-service start|stop|status
pid=/run/pegasus.pid
alive() { [ -s "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; }
case "$1" in
  start)
    if alive; then echo "pegasus_server already runs: $(cat "$pid")"; exit 0; fi
    cd ${PEGASUS_HOME}/bin || exit 1
    setsid ./pegasus_server config.ini -app_list @ROLE@ >>stdout.log 2>&1 </dev/null &
    echo $! >"$pid"
    echo "started pegasus_server" ;;
  stop)
    if ! alive; then echo "pegasus_server does not run"; exit 0; fi
    kill "$(cat "$pid")"
    waited=0
    while alive; do
      sleep 0.05
      waited=$((waited + 1))
      if [ "$waited" -ge 600 ]; then echo "pegasus_server does not end"; exit 1; fi
    done
    echo "stopped pegasus_server" ;;
  status) if alive; then echo "running: $(cat "$pid")"; else echo "not running"; exit 3; fi ;;
  *) echo "usage: $0 start|stop|status" >&2; exit 2 ;;
esac
`;

/** At boot only, since all hosts may have lost power together: a meta that finds no ZooKeeper ends. */
const META_AT_BOOT = `#!/bin/bash
servers() { sed -n 's/^ *hosts_list *= *//p' ${PEGASUS_CONFIG} | sed 's,/.*,,' | tr ',' '\\n'; }
serves() { timeout 1 bash -c "exec 3<>/dev/tcp/\${1%:*}/\${1##*:} && printf srvr >&3 && grep -q ^Mode: <&3" 2>/dev/null; }
while :; do
  for server in $(servers); do serves "$server" && exec ${PEGASUS_SERVICE} start; done
  sleep 0.1
done
`;
