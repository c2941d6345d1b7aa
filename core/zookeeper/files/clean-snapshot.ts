/**
 * Rewrites a folded snapshot so that it holds the tree and nothing that was alive in it.
 *
 * Sessions travel in snapshots: handed over as they are, the ephemerals of processes that are long gone would look
 * alive on the new servers until the sessions time out, and a client could reconnect with its old id. So sessions
 * and ephemerals are left out. The parents' stats stay as they are: closing a session does not touch cversion
 * (`DataTree.deleteNode`), from which the next sequence number is counted.
 *
 * The output is sealed only after the input's own seals held, so that a copy that was cut short can never become
 * a snapshot that loads.
 */
import { CleanWriter, type Cleaned, type CleanOptions } from "./clean-writer";
import { walkSnapshot, readSnapshot, type SnapshotSeal } from "./snapshot";
import { Summariser, type TreeSummary } from "./tree-summary";
import type { Bytes } from "./jute";

export type { Cleaned, CleanOptions } from "./clean-writer";

/** A snapshot on its way: consume `bytes` to the end, then ask for the result. */
export interface CleanSnapshot {
  readonly bytes: AsyncGenerator<Buffer, void, void>;
  /** @throws Error when asked before `bytes` were consumed to the end */
  result(): Cleaned;
}

export interface Described {
  readonly summary: TreeSummary;
  readonly seal: SnapshotSeal;
}

/**
 * Sums up a snapshot without writing one: every znode counts, ephemerals too.
 * @throws BrokenFile where the snapshot is not whole
 */
export async function describeSnapshot(file: string, bytes: Bytes): Promise<Described> {
  const summary = new Summariser();
  const seal = await readSnapshot(file, bytes, summary);
  return { summary: summary.result(), seal };
}

/**
 * @param file what errors call the snapshot that is read; `.gz` is unpacked. What is written is always plain.
 * @throws BrokenFile (from `bytes`) where the input is not whole, or a node's ACL is not in it
 */
export function cleanSnapshot(file: string, bytes: Bytes, options: CleanOptions): CleanSnapshot {
  let cleaned: Cleaned | undefined;
  const run = async function* (): AsyncGenerator<Buffer, void, void> {
    cleaned = yield* rewrite(file, bytes, options);
  };
  return {
    bytes: run(),
    result: () => {
      if (!cleaned) throw new Error(`${file}: the clean snapshot was not read to its end`);
      return cleaned;
    },
  };
}

async function* rewrite(
  file: string,
  bytes: Bytes,
  options: CleanOptions,
): AsyncGenerator<Buffer, Cleaned, void> {
  const writer = new CleanWriter(file, options);
  for await (const _ of walkSnapshot(file, bytes, writer)) yield* writer.take();
  writer.finish();
  yield* writer.take();
  return writer.result();
}
