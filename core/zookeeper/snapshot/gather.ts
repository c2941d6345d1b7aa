/**
 * Brings a server's files into the staging folder of the host that folds them: what is closed while the server still
 * serves, the rest once it is fenced.
 *
 * A log that is still written to is copied as far as it has come; the tail then only brings what was added since. All
 * that is staged is judged as it passes, and what was judged lies beside it in a manifest, so that an interrupted run
 * goes on from what is really there.
 */
import { Refusal } from "../../engine/errors";
import type { HostAccess } from "../../transports/contract";
import type { FileSet, Listing } from "../files/choose-set";
import { parseFileName } from "../files/file-name";
import type { LogVerdict } from "../files/log";
import { continueLog, judgeLog } from "../files/log";
import { END_FOLD } from "./fold";
import type { Folders } from "./judge-files";
import { judgeServer, listFiles, logsFrom, requireSet } from "./judge-files";
import { tee } from "./tee";
import type { Limits } from "./unfit";
import { complainUnfit } from "./unfit";

export interface Staging {
  /** Where the files come from. */
  readonly from: HostAccess;
  readonly folders: Folders;
  /** The host that folds, and its staging folder. */
  readonly on: HostAccess;
  readonly folder: string;
}

/**
 * While the origin serves: the newest whole snapshot, and every log from there on as far as it has come.
 * @throws Refusal when they will never make a whole tree, or when the destination could not load it: said before
 *   anybody is fenced
 */
export async function stage(
  { from, folders, on, folder }: Staging,
  destination: { readonly where: string; readonly limits: Limits },
): Promise<Listing> {
  await on.script(END_FOLD, [folder]);
  await on.script('set -e; rm -rf "$1"; umask 077; mkdir -p "$1/data/version-2" "$1/log/version-2"', [
    folder,
  ]);
  const listing = await judgeServer(from, folders, async (kind, name, bytes) => {
    await on.writeStream(stagedPath(folder, kind, name), bytes, { mode: "0600" });
  });
  await dropBroken(on, folder, listing);
  requireSet(listing, undefined, true);
  const unfit = listing.tree ? complainUnfit(destination.where, destination.limits, listing.tree) : [];
  if (unfit.length > 0) throw new Refusal(unfit);
  await writeManifest(on, folder, listing);
  return listing;
}

/**
 * Once the origin is fenced: what was written since. Checks the whole set.
 * @param atLeast the highest zxid that any server of the origin is known to have reached
 * @throws Refusal when the files do not make a whole tree
 */
export async function stageTail(staging: Staging, atLeast: bigint | undefined): Promise<FileSet> {
  const { from, folders, on, folder } = staging;
  const staged = await readManifest(on, folder);
  if (!staged) throw new Error(`${on.name}:${folder} holds no manifest`);
  const known = new Map(staged.logs.map((log) => [log.name, log.verdict]));
  const whole = staged.snapshots.find((snapshot) => snapshot.whole);
  const start = whole ? (parseFileName(whole.name)?.zxid ?? 0n) : 0n;
  const { logs: present } = await listFiles(from, folders);
  const sizes = new Map(present.map((file) => [file.name, file.bytes]));
  const logs = [];
  for (const name of new Set([...known.keys(), ...logsFrom(present, start)])) {
    const earlier = known.get(name);
    // A purged log was complete when it was staged: the server had rolled on.
    const verdict = earlier && !sizes.has(name) ? earlier : await bringLog(staging, name, earlier);
    logs.push({ name, verdict });
  }
  const listing = { ...staged, logs };
  const set = requireSet(listing, atLeast);
  await dropUnused(on, folder, set, listing);
  await writeManifest(on, folder, listing);
  return set;
}

/** What lies in the staging folder, as far as its manifest tells. */
export async function readManifest(on: HostAccess, folder: string): Promise<Listing | undefined> {
  const text = await on.readFile(`${folder}/manifest.json`);
  return text === undefined ? undefined : (JSON.parse(text.toString("utf8"), revive) as Listing);
}

/** Tails above this are copied as a whole file instead of being held in memory. */
const TAIL_IN_MEMORY = 32 << 20;

async function bringLog(
  { from, folders, on, folder }: Staging,
  name: string,
  earlier: LogVerdict | undefined,
): Promise<LogVerdict> {
  const source = `${folders.dataLogDir}/version-2/${name}`;
  const target = stagedPath(folder, "log", name);
  if (earlier && earlier.end.kind !== "corrupt" && earlier.usedBytes > 0) {
    const tail = await readUsed(from, source, earlier);
    if (tail) {
      await on.script(
        'set -e; truncate -s "$2" "$1"; cat >> "$1"; sync "$1"',
        [target, String(earlier.usedBytes)],
        {
          stdin: tail.bytes,
        },
      );
      return tail.verdict;
    }
  }
  let verdict: LogVerdict | undefined;
  await tee(await from.readStream(source, { withoutPadding: true }), [
    async (bytes) => {
      verdict = await judgeLog(name, bytes);
    },
    async (bytes) => {
      await on.writeStream(target, bytes, { mode: "0600" });
    },
  ]);
  if (!verdict) throw new Error(`${name} was not judged`);
  return verdict;
}

/** The good records after those already staged; undefined when they are too many to hold. */
async function readUsed(
  from: HostAccess,
  source: string,
  earlier: LogVerdict,
): Promise<{ verdict: LogVerdict; bytes: Buffer } | undefined> {
  const kept: Buffer[] = [];
  let size = 0;
  const stream = await from.readStream(source, { start: earlier.usedBytes, withoutPadding: true });
  async function* keep() {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (size <= TAIL_IN_MEMORY) kept.push(Buffer.from(chunk));
      size += chunk.length;
      yield chunk;
    }
  }
  const verdict = await continueLog(earlier, keep());
  const added = verdict.usedBytes - earlier.usedBytes;
  if (added > TAIL_IN_MEMORY) return undefined;
  return { verdict, bytes: Buffer.concat(kept).subarray(0, added) };
}

/** A snapshot that was passed over would be loaded by the fold as if it were whole. */
async function dropBroken(on: HostAccess, folder: string, listing: Listing): Promise<void> {
  const broken = listing.snapshots.filter((snapshot) => !snapshot.whole);
  if (broken.length === 0) return;
  await on.run(["rm", "-f", ...broken.map(({ name }) => stagedPath(folder, "snapshot", name))]);
}

/** Leaves exactly the set: logs that are not part of it go, and each ends where its good records end. */
async function dropUnused(on: HostAccess, folder: string, set: FileSet, listing: Listing): Promise<void> {
  const used = new Map(set.logs.map((log) => [log.name, log.usedBytes]));
  const sizes = listing.logs.flatMap(({ name }) => [
    stagedPath(folder, "log", name),
    String(used.get(name) ?? -1),
  ]);
  await on.script(
    'set -e; while [ $# -gt 0 ]; do if [ "$2" = -1 ]; then rm -f "$1"; else truncate -s "$2" "$1"; fi; shift 2; done',
    sizes,
  );
}

function stagedPath(folder: string, kind: "snapshot" | "log", name: string): string {
  return `${folder}/${kind === "snapshot" ? "data" : "log"}/version-2/${name}`;
}

async function writeManifest(on: HostAccess, folder: string, listing: Listing): Promise<void> {
  const { where, logs } = listing;
  const snapshots = listing.snapshots.filter((snapshot) => snapshot.whole);
  await on.writeFile(`${folder}/manifest.json`, JSON.stringify({ where, snapshots, logs }, replace), {
    mode: "0600",
  });
}

function replace(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? { bigint: value.toString() } : value;
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("bigint" in value)) return value;
  return BigInt(String(value.bigint));
}
