/**
 * Folds a staged set into one snapshot: an offline start of the server itself on the set, which loads the snapshot,
 * replays the logs and writes what it got as a new snapshot before it serves anybody. It is done while the origin
 * serves: what a server of the newer version cannot load is found out before anybody is fenced.
 *
 * On the way back it runs beside a server that serves: at the lowest priority, and as the first process that the
 * kernel ends where memory is short. It listens on loopback alone and is ended as soon as it serves: a minute later it would begin to expire the
 * sessions that it read, and their ephemerals with them.
 */
import { UserError } from "../../engine/errors";
import type { HostAccess } from "../../transports/contract";
import { parseFileName } from "../files/file-name";

export interface Fold {
  readonly folder: string;
  /** The unpacked release to fold with. */
  readonly home: string;
  readonly runAs: string;
  readonly maxHeap: string;
  readonly juteMaxBuffer: number;
  /** The set begins at the very first transaction and has no snapshot. */
  readonly trustEmpty: boolean;
  /** The last transaction of the set: the snapshot must be of exactly this state. */
  readonly lastZxid: bigint;
}

const FOLD_TIMEOUT_MS = 900_000;

/** @returns the path of the folded snapshot */
export async function fold(host: HostAccess, options: Fold): Promise<string> {
  await host.script(FOLD, argumentsOf(options), { timeoutMs: 30_000 });
  const { stdout: state } = await host.script(AWAIT_FOLD, [options.folder], { timeoutMs: FOLD_TIMEOUT_MS });
  await host.script(END_FOLD, [options.folder]);
  const path = await foldedSnapshot(host, options.folder, options.lastZxid);
  if (state.startsWith("folded") && path) return path;
  const log = await host.script(
    'grep -E "ERROR|Exception|Error" "$1/fold.log" | head -n 5; tail -n 3 "$1/fold.log"',
    [options.folder],
  );
  throw new UserError(
    `${host.name}: the offline start did not fold the set up to zxid 0x${options.lastZxid.toString(16)}: ${log.stdout.trim()}`,
  );
}

/** The snapshot of exactly `lastZxid`, if a fold left one. */
export async function foldedSnapshot(
  host: HostAccess,
  folder: string,
  lastZxid: bigint,
): Promise<string | undefined> {
  const { stdout } = await host.script('find "$1/data/version-2" -type f -printf "%f\\n" 2>/dev/null; true', [
    folder,
  ]);
  const name = stdout
    .split("\n")
    .find((one) => parseFileName(one)?.kind === "snapshot" && parseFileName(one)?.zxid === lastZxid);
  return name === undefined ? undefined : `${folder}/data/version-2/${name}`;
}

function argumentsOf(options: Fold): string[] {
  return [
    options.folder,
    options.home,
    options.runAs,
    options.maxHeap,
    String(options.juteMaxBuffer),
    String(options.trustEmpty),
  ];
}

/**
 * $1 folder $2 home $3 user $4 heap $5 jute.maxbuffer $6 trust an empty start. The log tells when the snapshot is
 * written. Compiling with C1 alone makes so short a life a third shorter.
 */
const FOLD = `
set -e
folder=$1 home=$2 user=$3
chown -R "$user:" "$folder"
port=$((20000 + $$ % 20000))
while [ -n "$(ss -Hltn "sport = :$port")" ]; do port=$((port + 1)); done
cat > "$folder/fold.cfg" <<EOF
tickTime=3000
clientPort=$port
clientPortAddress=127.0.0.1
dataDir=$folder/data
dataLogDir=$folder/log
admin.enableServer=false
extendedTypesEnabled=true
EOF
cat > "$folder/log4j.properties" <<EOF
log4j.rootLogger=INFO, CONSOLE
log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender
log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout
log4j.appender.CONSOLE.layout.ConversionPattern=%d{ISO8601} %-5p %m%n
EOF
rm -f "$folder/fold.log" "$folder/fold.ended"
( runuser -u "$user" -- sh -c 'echo $$ > "$1/fold.pid"; echo 1000 > /proc/$$/oom_score_adj
  exec nice -n 19 java -Xmx"$2" -XX:+UseParallelGC -XX:TieredStopAtLevel=1 -Xshare:auto \\
  -Djute.maxbuffer="$3" -Dzookeeper.snapshot.trust.empty="$4" -Dzookeeper.jmx.log4j.disable=true \\
  -Dlog4j.configuration="file:$1/log4j.properties" -cp "$0/lib/*" \\
  org.apache.zookeeper.server.ZooKeeperServerMain "$1/fold.cfg"' \\
  "$home" "$folder" "$4" "$5" "$6" > "$folder/fold.log" 2>&1 < /dev/null || true; : > "$folder/fold.ended"
) > /dev/null 2>&1 < /dev/null &`;

/** Ends a fold of ours that still runs, and waits for it to be gone. $1 folder. */
export const END_FOLD = `
if [ -s "$1/fold.pid" ]; then
  pid=$(cat "$1/fold.pid")
  tr '\\0' '\\n' < "/proc/$pid/cmdline" 2>/dev/null | grep -qx "$1/fold.cfg" && kill -9 "$pid"
  while [ -d "/proc/$pid" ] && grep -q fold.cfg "/proc/$pid/cmdline"; do sleep 0.02; done
  rm -f "$1/fold.pid"
fi
true`;

/** $1 folder. Prints `folded` once the server has written its snapshot, or `ended` when it gave up. */
const AWAIT_FOLD = `
until grep -q "Snapshot taken in" "$1/fold.log" 2>/dev/null; do
  [ ! -e "$1/fold.ended" ] || { echo ended; exit; }
  sleep 0.05
done
echo folded`;
