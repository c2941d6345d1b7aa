/**
 * Removes subtrees, children before parents.
 *
 * An ephemeral below what is being removed means that a client lives there: nothing is removed then.
 */
import { Refusal } from "../../engine/errors";
import { childPath, type Endpoint } from "./endpoint";
import { checkRoots, READERS, type TreeOptions } from "./options";
import { TreeReader } from "./read";
import { refuseEphemeral } from "./refuse";
import { surveyTree } from "./survey";
import { LIMITS, pieces, TreeWriter } from "./write";

/**
 * Deletes the roots and all below them; roots that are not there count as done.
 * @returns how many znodes were deleted
 * @throws Refusal where clients still hold ephemerals; nothing was deleted then
 */
export async function removeTree(
  endpoint: Endpoint,
  roots: readonly string[],
  options: Pick<TreeOptions, "readers"> = {},
): Promise<number> {
  checkRoots(endpoint, roots);
  const { ephemerals } = await surveyTree(endpoint, roots, options);
  if (ephemerals > 0) {
    throw new Refusal([
      {
        where: `${endpoint.name}: ${roots.join(", ")}`,
        found: `${ephemerals} ephemeral znodes of live clients`,
        expected: "none below what is to be removed",
        next: "Stop those clients (`cons` lists them), and run it again.",
      },
    ]);
  }
  const reader = await TreeReader.open(endpoint, options.readers ?? READERS);
  try {
    const writer = await TreeWriter.open(endpoint, 1);
    try {
      return await removeBelow(reader, writer, roots);
    } finally {
      await writer.close();
    }
  } finally {
    await reader.close();
  }
}

/** Deletes these and all below them; ephemerals among `paths` themselves stay. @throws TreeStopped at those deeper down */
export async function removeBelow(
  reader: TreeReader,
  writer: TreeWriter,
  paths: readonly string[],
): Promise<number> {
  const described = await reader.describe(paths);
  const persistent = paths.filter((_, index) => described[index]?.stat.ephemeralOwner === 0n);
  let removed = 0;
  let batch: string[] = [];
  const flush = async () => {
    await writer.apply(batch.map((path) => ({ kind: "delete", path })));
    removed += batch.length;
    batch = [];
  };
  for await (const path of childrenFirst(reader, persistent)) {
    batch.push(path);
    if (batch.length >= LIMITS.count) await flush();
  }
  await flush();
  return removed;
}

/** Lists of few directories at a time, so that a large tree is never in memory as a whole. */
async function* childrenFirst(reader: TreeReader, paths: readonly string[]): AsyncGenerator<string> {
  for (const window of pieces(paths, LIMITS, (path) => path.length)) {
    const described = await reader.describe(window);
    for (const [index, path] of window.entries()) {
      const stat = described[index]?.stat;
      if (!stat) continue;
      if (stat.ephemeralOwner !== 0n) throw refuseEphemeral(reader.endpoint, path);
      if (stat.numChildren > 0) {
        const [listed] = await reader.children([path]);
        yield* childrenFirst(
          reader,
          (listed?.children ?? []).map((name) => childPath(path, name)),
        );
      }
      yield path;
    }
  }
}
