/**
 * Rewrites a folded snapshot in the layout that the servers of the destination read, and seals it anew.
 *
 * The whole tree goes along, sessions and ephemerals too: the log that is handed over behind it ends them
 * (`tail-writer.ts`). The output is sealed only after the input's own seals held, so that a copy that was cut short
 * can never become a snapshot that loads.
 */
import { RefitWriter, type Refitted, type RefitOptions } from "./refit-writer";
import { walkSnapshot, readSnapshot, type SnapshotSeal } from "./snapshot";
import { Summariser, type TreeSummary } from "./tree-summary";
import type { Bytes } from "./jute";

/** A snapshot on its way: consume `bytes` to the end, then ask for the result. */
export interface RefitSnapshot {
  readonly bytes: AsyncGenerator<Buffer, void, void>;
  /** @throws Error when asked before `bytes` were consumed to the end */
  result(): Refitted;
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
export function refitSnapshot(file: string, bytes: Bytes, options: RefitOptions): RefitSnapshot {
  let refitted: Refitted | undefined;
  const run = async function* (): AsyncGenerator<Buffer, void, void> {
    refitted = yield* rewrite(file, bytes, options);
  };
  return {
    bytes: run(),
    result: () => {
      if (!refitted) throw new Error(`${file}: the refitted snapshot was not read to its end`);
      return refitted;
    },
  };
}

async function* rewrite(
  file: string,
  bytes: Bytes,
  options: RefitOptions,
): AsyncGenerator<Buffer, Refitted, void> {
  const writer = new RefitWriter(file, options);
  for await (const _ of walkSnapshot(file, bytes, writer)) yield* writer.take();
  writer.finish();
  yield* writer.take();
  return writer.result();
}
