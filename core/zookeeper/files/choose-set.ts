/**
 * Chooses the files that together hold a server's whole tree: one snapshot, and the logs that lead on from it.
 *
 * "The newest snapshot and the newest log" is not it. A server replays from the snapshot's zxid + 1 on, skips over
 * missing logs without a word, and takes a truncated log for one that ends; each of these loses writes silently.
 * So the set is chosen by proof: from the newest whole snapshot, every transaction up to the last one must be in
 * the files, in order, and must reach what the tree and the server itself are known to have seen.
 *
 * Pure: verdicts come from `snapshot.ts`, `tree-summary.ts` and `log.ts`, and nothing is read here. Where the files
 * alone cannot prove something (the end of an epoch), it is accepted only in the forms that ZooKeeper itself
 * produces, and told in `notes`.
 */
import type { Complaint } from "../../engine/errors";
import type { BrokenFile } from "./broken-file";
import { chainLogs, type ChainedLog, type LogFacts, type TornTail } from "./chain-logs";
import { parseFileName, showZxid } from "./file-name";

/** A snapshot as judged: whole with what its tree holds, or broken. */
export type SnapshotFacts =
  | { readonly name: string; readonly bytes: number; readonly whole: true; readonly maxZxid: bigint }
  | { readonly name: string; readonly bytes: number; readonly whole: false; readonly broken: BrokenFile };

/** Both version-2 folders of one server, or the one folder that is both. */
export interface Listing {
  /** Named in complaints, for example `zk-old2:/var/lib/zookeeper`. */
  readonly where: string;
  /** Snapshots that were judged: the newest, and older ones until one was whole. */
  readonly snapshots: readonly SnapshotFacts[];
  readonly logs: readonly LogFacts[];
}

export interface FileSet {
  /** undefined only together with {@link trustEmpty}. */
  readonly snapshot: { readonly name: string; readonly zxid: bigint; readonly bytes: number } | undefined;
  /** In the order of replay. `usedBytes` is all of a log that is worth copying. */
  readonly logs: readonly ChainedLog[];
  /** The last transaction in the set. */
  readonly lastZxid: bigint;
  /** The set starts at the very first transaction: load it with -Dzookeeper.snapshot.trust.empty=true, once. */
  readonly trustEmpty: boolean;
  /** A record was being written when the server stopped: it was never acknowledged by this server. */
  readonly torn: TornTail | undefined;
  /** Transaction types in the logs. */
  readonly types: readonly number[];
  /** Newer snapshots that were passed over, and what cannot be proven from these files alone. */
  readonly notes: readonly string[];
}

export type Chosen =
  | { readonly ok: true; readonly set: FileSet }
  | { readonly ok: false; readonly complaints: readonly Complaint[] };

/**
 * @param atLeast the highest zxid that the server is known to have reached (`srvr`), or undefined when nobody
 *   knows: without it, nothing can tell that the newest log is missing as a whole
 */
export function chooseSet(listing: Listing, atLeast: bigint | undefined): Chosen {
  const unknown = badNames(listing);
  if (unknown.length > 0) return { ok: false, complaints: unknown };
  const snapshots = byZxid(listing.snapshots).reverse();
  const logs = byZxid(listing.logs);
  const best = snapshots.findIndex((snapshot) => snapshot.whole);
  const broken = snapshots.slice(0, best < 0 ? undefined : best);
  const notes = broken.flatMap((file) => (file.whole ? [] : [`passed over ${file.broken.message}`]));
  const snapshot = snapshots[best];
  if (!snapshot?.whole) return fromNothing(listing, logs, notes, atLeast);

  const zxid = zxidOf(snapshot);
  const chain = chainLogs(listing.where, { name: snapshot.name, zxid }, logs);
  const complaints = [
    ...chain.complaints,
    ...reachesTree(listing.where, snapshot.name, snapshot.maxZxid, chain.lastZxid),
    ...reachesServer(listing.where, chain.lastZxid, atLeast),
  ];
  if (complaints.length > 0)
    return { ok: false, complaints: [...complaints, ...complainOf(listing.where, broken)] };
  if (atLeast === undefined && chain.logs.length === 0) {
    notes.push(
      `no log belongs to ${snapshot.name}: that nothing was written after it cannot be told from the files`,
    );
  }
  const { logs: chained, lastZxid, torn, types } = chain;
  return {
    ok: true,
    set: {
      snapshot: { name: snapshot.name, zxid, bytes: snapshot.bytes },
      logs: chained,
      lastZxid,
      trustEmpty: false,
      torn,
      types,
      notes: [...notes, ...chain.notes],
    },
  };
}

/** Without a snapshot: right only from the first transaction that there ever was (a young 3.4 server). */
function fromNothing(
  listing: Listing,
  logs: readonly LogFacts[],
  notes: readonly string[],
  atLeast: bigint | undefined,
): Chosen {
  const { where } = listing;
  const next =
    "Take the files of another server of this ensemble, or restart this one so that it writes a snapshot.";
  const first = logs.find((log) => log.verdict.records > 0)?.verdict.firstZxid;
  if (first === undefined || !FIRST_EVER.has(first)) {
    const found =
      first === undefined
        ? "neither snapshot nor log that can be read"
        : `no whole snapshot, and logs from ${showZxid(first)} on`;
    const expected = "a whole snapshot, or logs from 0x1 or 0x100000001 on";
    return {
      ok: false,
      complaints: [{ where, found, expected, next }, ...complainOf(where, listing.snapshots)],
    };
  }
  const chain = chainLogs(where, { name: "an empty tree", zxid: first - 1n }, logs);
  const complaints = [...chain.complaints, ...reachesServer(where, chain.lastZxid, atLeast)];
  if (complaints.length > 0) return { ok: false, complaints };
  const { logs: chained, lastZxid, torn, types } = chain;
  const set = { snapshot: undefined, logs: chained, lastZxid, trustEmpty: true, torn, types };
  return { ok: true, set: { ...set, notes: [...notes, ...chain.notes] } };
}

/** Of a standalone server, and of an ensemble in its first epoch. */
const FIRST_EVER: ReadonlySet<bigint> = new Set([0x1n, 0x1_0000_0001n]);

/** A snapshot is fuzzy: taken while writes went on, it may hold some of those after the zxid in its name. */
function reachesTree(where: string, name: string, maxZxid: bigint, lastZxid: bigint): readonly Complaint[] {
  if (maxZxid <= lastZxid) return [];
  return [
    {
      where: `${where}/${name}`,
      found: `a tree with changes up to ${showZxid(maxZxid)}, and logs that end at ${showZxid(lastZxid)}`,
      expected: `logs up to ${showZxid(maxZxid)} at least: the snapshot was taken while they were written`,
      next: "Look for newer logs in dataLogDir, or take the files of another server of this ensemble.",
    },
  ];
}

/** What speaks against logs that do not reach what the server has. */
export function reachesServer(
  where: string,
  lastZxid: bigint,
  atLeast: bigint | undefined,
): readonly Complaint[] {
  if (atLeast === undefined || atLeast <= lastZxid) return [];
  if ((atLeast & 0xffff_ffffn) === 0n && atLeast >> 32n > lastZxid >> 32n) return [];
  return [
    {
      where,
      found: `transactions up to ${showZxid(lastZxid)}`,
      expected: `${showZxid(atLeast)}, which the server has reached`,
      next: "Check that dataLogDir is the folder that the server really writes to, and copy again once it has stopped.",
    },
  ];
}

function badNames(listing: Listing): readonly Complaint[] {
  const seen = new Set<string>();
  const complaints: Complaint[] = [];
  const check = (name: string, kind: "snapshot" | "log"): void => {
    const where = `${listing.where}/${name}`;
    if (parseFileName(name)?.kind !== kind) {
      const next = "Leave other files out of the listing.";
      complaints.push({ where, found: `a ${kind} by that name`, expected: `${kind}.<zxid in hex>`, next });
    } else if (seen.has(name)) {
      const next = "Find out which one the server writes to (dataDir, dataLogDir) and move the other away.";
      complaints.push({ where, found: "two files by that name", expected: "one", next });
    }
    seen.add(name);
  };
  for (const { name } of listing.snapshots) check(name, "snapshot");
  for (const { name } of listing.logs) check(name, "log");
  return complaints;
}

function complainOf(where: string, snapshots: readonly SnapshotFacts[]): readonly Complaint[] {
  return snapshots.flatMap((file) =>
    file.whole
      ? []
      : [
          {
            where: `${where}/${file.name}`,
            found: file.broken.message,
            expected: "a whole snapshot",
            next: "It was passed over. Move it away only after the server runs from another snapshot.",
          },
        ],
  );
}

function byZxid<T extends { readonly name: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => (zxidOf(a) < zxidOf(b) ? -1 : 1));
}

function zxidOf(file: { readonly name: string }): bigint {
  return parseFileName(file.name)?.zxid ?? -1n;
}
