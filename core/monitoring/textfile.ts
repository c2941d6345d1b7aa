/**
 * Numbers for a ZooKeeper that has no metrics port (3.4, 3.5): a script asks its own server for
 * `srvr` and leaves the answer where the host's node exporter picks up text files.
 *
 * `srvr` because it is the one word that every version answers without a whitelist. It counts the
 * asking connection itself (seen on 3.4.14, 3.6.3), hence the minus one. The zxid is split: as one number
 * it would pass 2^53, where Prometheus's floats lose single writes. A server that does not answer leaves only
 * `zookeeper_srvr_up 0`: a number from before would look like life.
 */

/** Folder that Debian's node exporter reads. */
export const TEXTFILE_FOLDER = "/var/lib/prometheus/node-exporter";
/** Name of the file in it; {@link TEXTFILE_NAMES} are its metrics. */
export const TEXTFILE = "zookeeper-srvr.prom";

export const TEXTFILE_NAMES = [
  "zookeeper_srvr_up",
  "zookeeper_srvr_clients",
  "zookeeper_srvr_znodes",
  "zookeeper_srvr_zxid_epoch",
  "zookeeper_srvr_zxid_counter",
] as const;

/** Bash, because it dials without a further package. Arguments: address, port, folder. */
export function textfileScript(): string {
  return `#!/bin/bash
# Asks a ZooKeeper server for srvr and leaves its numbers to the node exporter's textfile collector.
# Usage: zookeeper-srvr.sh ADDRESS PORT FOLDER
set -eu
address=$1 port=$2 folder=$3
fresh=$(mktemp "$folder/.zookeeper-srvr.XXXXXX")
trap 'rm -f "$fresh"' EXIT

answer=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf srvr >&3 && cat <&3' "$address" "$port" 2>/dev/null) || true
connections=$(sed -n 's/^Connections: \\([0-9][0-9]*\\).*/\\1/p' <<<"$answer")
zxid=$(sed -n 's/^Zxid: 0x\\([0-9a-f][0-9a-f]*\\).*/\\1/p' <<<"$answer")
znodes=$(sed -n 's/^Node count: \\([0-9][0-9]*\\).*/\\1/p' <<<"$answer")

if [[ $connections && $zxid && $znodes ]]; then
  cat >"$fresh" <<END
zookeeper_srvr_up 1
zookeeper_srvr_clients $((connections - 1))
zookeeper_srvr_znodes $znodes
zookeeper_srvr_zxid_epoch $((16#$zxid >> 32))
zookeeper_srvr_zxid_counter $((16#$zxid & 16#ffffffff))
END
else
  echo "zookeeper_srvr_up 0" >"$fresh"
fi
chmod 0644 "$fresh"
mv "$fresh" "$folder/${TEXTFILE}"
`;
}

/** A line for /etc/cron.d: once a minute, which is as fine as cron gets; the alerts allow for it. */
export function textfileCron(address: string, clientPort: number): string {
  return `* * * * * root /usr/local/bin/zookeeper-srvr.sh ${address} ${clientPort} ${TEXTFILE_FOLDER}\n`;
}
