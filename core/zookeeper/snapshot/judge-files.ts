/**
 * Reads a server's own files, on its disk, and says what they are worth: snapshots from the newest back until one is
 * whole, and every log from there on. Each file is read once; whoever wants a copy taps the stream.
 */
import { Refusal } from "../../engine/errors";
import type { HostAccess } from "../../transports/contract";
import type { LogFacts } from "../files/chain-logs";
import type { FileSet, Listing, SnapshotFacts } from "../files/choose-set";
import { chooseSet } from "../files/choose-set";
import { parseFileName } from "../files/file-name";
import type { LogVerdict } from "../files/log";
import { judgeLog } from "../files/log";
import { judgeSnapshot } from "../files/snapshot";
import type { TreeSummary } from "../files/tree-summary";
import { Summariser } from "../files/tree-summary";
import type { Side } from "../side";
import { tee } from "./tee";

export interface Folders {
  readonly dataDir: string;
  readonly dataLogDir: string;
}

/** Gets a copy of every file that is judged. */
export type Tap = (kind: "snapshot" | "log", name: string, bytes: AsyncIterable<Buffer>) => Promise<void>;

export interface JudgedFiles extends Listing {
  /** What the newest whole snapshot holds. */
  readonly tree: TreeSummary | undefined;
}

/** Reads the files and judges them. */
export async function judgeServer(host: HostAccess, folders: Folders, tap?: Tap): Promise<JudgedFiles> {
  const where = `${host.name}:${folders.dataDir}`;
  const snapshots: SnapshotFacts[] = [];
  const named = await listFiles(host, folders);
  let from = 0n;
  let tree: TreeSummary | undefined;
  for (const { name, bytes } of [...named.snapshots].reverse()) {
    const { facts, summary } = await readSnapshotFacts(host, folders, name, bytes, tap);
    snapshots.push(facts);
    if (!facts.whole) continue;
    tree = summary;
    from = parseFileName(name)?.zxid ?? 0n;
    break;
  }
  const logs: LogFacts[] = [];
  // Listed anew: while a large snapshot is read, a server that serves may have begun another log.
  const { logs: present } = await listFiles(host, folders);
  for (const name of logsFrom(present, from)) {
    logs.push({ name, verdict: await readLog(host, folders, name, tap) });
  }
  return { where, snapshots, logs, tree };
}

export interface NamedFile {
  readonly name: string;
  readonly bytes: number;
}

/** Files with a name that a server loads, oldest first; whatever else lies there is nobody's snapshot or log. */
export async function listFiles(
  host: HostAccess,
  folders: Folders,
): Promise<{ snapshots: NamedFile[]; logs: NamedFile[] }> {
  const list = async (dir: string, kind: "snapshot" | "log"): Promise<NamedFile[]> => {
    const { stdout } = await host.script(
      '[ ! -d "$1/version-2" ] || find "$1/version-2" -maxdepth 1 -type f -printf "%s %f\\n"',
      [dir],
    );
    return stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => ({
        bytes: Number(line.slice(0, line.indexOf(" "))),
        name: line.slice(line.indexOf(" ") + 1),
      }))
      .filter(({ name }) => parseFileName(name)?.kind === kind)
      .sort((a, b) => (zxidOf(a.name) < zxidOf(b.name) ? -1 : 1));
  };
  const [snapshots, logs] = await Promise.all([
    list(folders.dataDir, "snapshot"),
    list(folders.dataLogDir, "log"),
  ]);
  return { snapshots, logs };
}

/** The largest log that begins at or before `zxid + 1`, and all later ones: what a server would replay. */
export function logsFrom(logs: readonly NamedFile[], zxid: bigint): string[] {
  const before = logs.filter(({ name }) => zxidOf(name) <= zxid + 1n);
  const first = before[before.length - 1];
  return logs.filter((log) => log === first || zxidOf(log.name) > zxid + 1n).map(({ name }) => name);
}

export type Usable =
  | { readonly kind: "usable"; readonly lastZxid: bigint; readonly set: FileSet }
  | { readonly kind: "unusable"; readonly why: string };

/** Whether the files of a server, serving or not, make a whole tree. */
export async function judgeFiles(
  host: HostAccess,
  side: Side,
  snapshots: readonly NamedFile[],
  logs: readonly NamedFile[],
): Promise<Usable> {
  if (snapshots.length === 0 && logs.length === 0) return { kind: "unusable", why: "no snapshot and no log" };
  const chosen = chooseSet(await judgeServer(host, side), undefined);
  if (chosen.ok) return { kind: "usable", lastZxid: chosen.set.lastZxid, set: chosen.set };
  return {
    kind: "unusable",
    why: chosen.complaints.map(({ where, found }) => `${where}: ${found}`).join("; "),
  };
}

async function readSnapshotFacts(
  host: HostAccess,
  folders: Folders,
  name: string,
  bytes: number,
  tap: Tap | undefined,
): Promise<{ facts: SnapshotFacts; summary: TreeSummary }> {
  const summary = new Summariser();
  let facts: SnapshotFacts | undefined;
  const judge = async (content: AsyncIterable<Buffer>) => {
    const verdict = await judgeSnapshot(name, content, summary);
    facts = verdict.complete
      ? { name, bytes, whole: true, maxZxid: summary.result().maxZxid }
      : { name, bytes, whole: false, broken: verdict.broken };
  };
  const source = await host.readStream(`${folders.dataDir}/version-2/${name}`);
  await tee(source, tap ? [judge, (content) => tap("snapshot", name, content)] : [judge]);
  if (!facts) throw new Error(`${name} was not judged`);
  return { facts, summary: summary.result() };
}

async function readLog(
  host: HostAccess,
  folders: Folders,
  name: string,
  tap: Tap | undefined,
): Promise<LogVerdict> {
  let verdict: LogVerdict | undefined;
  const judge = async (content: AsyncIterable<Buffer>) => {
    verdict = await judgeLog(name, content);
  };
  const path = `${folders.dataLogDir}/version-2/${name}`;
  const source = await host.readStream(path, { withoutPadding: true });
  await tee(source, tap ? [judge, (content) => tap("log", name, content)] : [judge]);
  if (!verdict) throw new Error(`${name} was not judged`);
  return verdict;
}

/**
 * @throws Refusal with what speaks against the set
 */
export function requireSet(listing: Listing): FileSet {
  const chosen = chooseSet(listing, undefined);
  if (chosen.ok) return chosen.set;
  throw new Refusal(chosen.complaints);
}

function zxidOf(name: string): bigint {
  return parseFileName(name)?.zxid ?? -1n;
}
