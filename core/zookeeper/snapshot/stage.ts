/**
 * Brings a server's newest whole snapshot and the logs from there on into the staging folder of the host that folds
 * them, while the server serves. A log that is still written to is copied as far as it has come; what is added later
 * is the tail's (`tail.ts`).
 */
import { Refusal } from "../../engine/errors";
import type { HostAccess } from "../../transports/contract";
import type { FileSet } from "../files/choose-set";
import { END_FOLD } from "./fold";
import type { Folders, JudgedFiles } from "./judge-files";
import { judgeServer, requireSet } from "./judge-files";
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

/** What was staged, and where the origin's last log goes on. */
export interface Staged {
  readonly set: FileSet;
  /** The log with the set's last transaction, and where that begins; undefined where no log belongs to the set. */
  readonly last: { readonly log: string; readonly offset: number } | undefined;
}

/**
 * @throws Refusal when the files do not make a whole tree, or when the destination could not load it: said before
 *   anybody is fenced
 */
export async function stage(
  staging: Staging,
  destination: { readonly where: string; readonly limits: Limits },
): Promise<Staged> {
  const listing = await copyJudged(staging);
  const set = requireSet(listing);
  const unfit = listing.tree ? complainUnfit(destination.where, destination.limits, listing.tree) : [];
  if (unfit.length > 0) throw new Refusal(unfit);
  await leaveTheSet(staging, set, listing);
  const log = set.logs[set.logs.length - 1]?.name;
  const offset = listing.logs.find(({ name }) => name === log)?.verdict.lastOffset;
  return { set, last: log === undefined || offset === undefined ? undefined : { log, offset } };
}

/** Ends a fold that still runs there, and removes what was staged. */
export async function unstage(on: HostAccess, folder: string): Promise<void> {
  await on.script(END_FOLD, [folder]);
  await on.run(["rm", "-rf", "--", folder]);
}

const TRIES = 3;

/**
 * A leader applies what a quorum of others has synced, a moment before its own log is: a snapshot of that moment is
 * ahead of the log as it was read. Then all is read again, since only a whole set folds into one exact state.
 */
async function copyJudged({ from, folders, on, folder }: Staging): Promise<JudgedFiles> {
  for (let left = TRIES; ; left--) {
    await unstage(on, folder);
    await on.script('set -e; umask 077; mkdir -p "$1/data/version-2" "$1/log/version-2"', [folder]);
    const listing = await judgeServer(from, folders, async (kind, name, bytes) => {
      await on.writeStream(stagedPath(folder, kind, name), bytes, { mode: "0600" });
    });
    const logged = listing.logs.map(({ verdict }) => verdict.lastZxid ?? 0n);
    const ahead = (listing.tree?.maxZxid ?? 0n) > logged.reduce((a, b) => (a > b ? a : b), 0n);
    if (!ahead || left === 1) return listing;
  }
}

/**
 * Leaves exactly the set: other logs go, and each ends where its good records end. A snapshot that was passed over
 * would be loaded by the fold as if it were whole.
 */
async function leaveTheSet({ on, folder }: Staging, set: FileSet, listing: JudgedFiles): Promise<void> {
  const used = new Map(set.logs.map((log) => [log.name, log.usedBytes]));
  const broken = listing.snapshots.filter(({ whole }) => !whole);
  const ends = [
    ...broken.map(({ name }) => [stagedPath(folder, "snapshot", name), "-1"]),
    ...listing.logs.map(({ name }) => [stagedPath(folder, "log", name), String(used.get(name) ?? -1)]),
  ];
  await on.script(
    'set -e; while [ $# -gt 0 ]; do if [ "$2" = -1 ]; then rm -f "$1"; else truncate -s "$2" "$1"; fi; shift 2; done',
    ends.flat(),
  );
}

function stagedPath(folder: string, kind: "snapshot" | "log", name: string): string {
  return `${folder}/${kind === "snapshot" ? "data" : "log"}/version-2/${name}`;
}
