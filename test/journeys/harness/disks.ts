/** What lies on a host's own disk, from outside: the overlay's upper layer, so that looking leaves no trace on it. */
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { drain } from "../../../core/zookeeper/files/drain";
import { unread, walkLog } from "../../../core/zookeeper/files/log";
import { txnOf, type Txn } from "../../../core/zookeeper/files/txn";
import { hostDir, ZK_DATA_LOG_DIR, type HostSpec } from "../../../lab/layout";
import { until } from "../../../lab/wait";

/** What a host's logging writes all by itself, and what its sshd does when somebody logs in. */
const LOGS = ["/var/log", "/alidata1/log"];

/** `HOST:PATH` → type, mode, owner, and the content's SHA-256, of everything on the hosts' disks but logs. */
export function disksOf(hosts: readonly HostSpec[], besides: readonly string[] = []): Map<string, string> {
  const found = new Map<string, string>();
  const skipped = [...LOGS, ...besides];
  const walk = (host: string, path: string) => {
    if (skipped.includes(path)) return;
    const file = join(hostDir(host), "upper", path);
    const stat = lstatSync(file);
    const kind = stat.isDirectory()
      ? "folder"
      : stat.isSymbolicLink()
        ? "link"
        : stat.isFile()
          ? "file"
          : "other";
    const content =
      kind === "file"
        ? createHash("sha256").update(readFileSync(file)).digest("hex")
        : kind === "link"
          ? readlinkSync(file)
          : "";
    found.set(`${host}:${path}`, `${kind} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${content}`);
    if (kind === "folder") for (const name of readdirSync(file)) walk(host, join(path, name));
  };
  for (const { name } of hosts) walk(name, "/");
  return found;
}

/** The same once nothing moves any more: a follower writes its log after the client was answered. */
export async function settledDisks(
  hosts: readonly HostSpec[],
  besides: readonly string[] = [],
): Promise<Map<string, string>> {
  let now = disksOf(hosts, besides);
  await until("the hosts' disks are at rest", async () => {
    const before = now;
    now = disksOf(hosts, besides);
    return changesOf(before, now)[0];
  });
  return now;
}

/** Every transaction in the logs of a host's ZooKeeper server, oldest first. */
export async function transactionsOn(host: string): Promise<Omit<Txn, "body">[]> {
  const folder = join(hostDir(host), "upper", ZK_DATA_LOG_DIR, "version-2");
  const firstZxid = (log: string) => Number.parseInt(log.slice("log.".length), 16);
  const logs = readdirSync(folder).filter((name) => name.startsWith("log."));
  const found: Omit<Txn, "body">[] = [];
  for (const log of logs.sort((a, b) => firstZxid(a) - firstZxid(b))) {
    const file = join(folder, log);
    await drain(walkLog(unread(file), createReadStream(file), (payload) => found.push(txnOf(payload))));
  }
  return found;
}

/** Paths that are new, gone or different, a line each. */
export function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? "not there"} → ${after.get(path) ?? "not there"}`);
}
