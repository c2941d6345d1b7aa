/**
 * Reckons what a server must hold that has loaded a snapshot, whose sums are known, and the log behind it.
 *
 * The log is read twice: once for the paths that it touches, so that the snapshot, which is read once and in between,
 * need not be held.
 */
import { BrokenFile } from "./broken-file";
import { drain } from "./drain";
import type { Bytes } from "./jute";
import { unread, walkLog } from "./log";
import { parentOf, ReplayedTree, type Reckoned, type TreeSums } from "./replayed-tree";
import { readSnapshot } from "./snapshot";
import { changesOf, txnOf, type Txn } from "./txn";

/** A file that can be read from its start, again and again. */
export interface ReadableFile {
  /** What errors call it. */
  readonly file: string;
  open(): Promise<Bytes>;
}

/**
 * @param before the snapshot's sums
 * @throws BrokenFile where one of the files is not whole, or the log does not go on from the snapshot
 */
export async function reckon(snapshot: ReadableFile, before: TreeSums, log: ReadableFile): Promise<Reckoned> {
  const touched = new Set<string>();
  await readLog(log, (txn) => {
    for (const { path } of changesOf(log.file, txn)) touched.add(path).add(parentOf(path));
  });
  const tree = new ReplayedTree(log.file, touched, before);
  await readSnapshot(snapshot.file, await snapshot.open(), tree);
  await readLog(log, (txn) => tree.apply(txn));
  return tree.result();
}

async function readLog({ file, open }: ReadableFile, visit: (txn: Txn) => void): Promise<void> {
  const walk = walkLog(unread(file), await open(), (payload) => visit(txnOf(payload)));
  const { end, usedBytes } = await drain(walk);
  if (end.kind === "clean") return;
  if (end.kind === "corrupt") throw end.broken;
  throw new BrokenFile(file, "truncated", usedBytes, "part of a record", "whole records to the end");
}
