/**
 * Copies subtrees from one ensemble to another, over the wire: data, ACLs and sequence counters.
 *
 * 1. Check that the roots are there and that nothing forbids the copy; nothing has been written so far.
 * 2. Create the parents of the target's roots.
 * 3. Walk the source depth first. Each batch is read, compared with the target where that had it before, and written;
 *    only then are its children looked for, so that no child is ever written before its parent.
 * 4. When the last child of a znode is there, carry its sequence counter and set an ACL that would have kept us out.
 *
 * Killed at any point it can be run again, and then writes only what differs. Ephemerals are never copied: they
 * belong to sessions that the target does not know. czxid, mzxid, pzxid, ctime, mtime and the version numbers cannot
 * be kept. Nobody else may write on either side for the result to be a copy; whether it is one is for
 * `compareTrees` to say, which reads both sides again.
 */
import { Refusal } from "../../engine/errors";
import { TreeCopy } from "./copy-visitor";
import type { CopyCounts } from "./copy-counts";
import type { Endpoint } from "./endpoint";
import { addRoots, checkRoots, READERS, WRITERS, type CopyOptions } from "./options";
import { createParents } from "./parents";
import { TreeReader } from "./read";
import { surveyTree } from "./survey";
import { TreeWriter } from "./write";

export interface CopyRequest {
  readonly source: Endpoint;
  readonly target: Endpoint;
  /** Paths below the chroots, the same on both sides. `/` leaves out the server's own `/zookeeper`. */
  readonly roots: readonly string[];
  readonly options?: CopyOptions;
}

export interface TreeCopyResult extends Readonly<CopyCounts> {
  readonly seconds: number;
}

/**
 * @throws Refusal before anything is written: a root that is not there, `sequences: "refuse"` where there are some
 * @throws TreeStopped on the way: masked digests, missing rights, somebody else who writes
 * @throws ConnectionLost, RequestTimedOut, RequestTooLarge (a znode above the target's `jute.maxbuffer`)
 */
export async function copyTree({
  source,
  target,
  roots,
  options = {},
}: CopyRequest): Promise<TreeCopyResult> {
  checkRoots(source, roots);
  checkRoots(target, roots);
  if (options.sequences === "refuse") await refuseSequences(source, roots, options);
  const { readers = READERS, writers = WRITERS } = options;
  const from = await TreeReader.open(source, readers);
  try {
    await refuseMissingRoots(from, roots);
    const to = await TreeReader.open(target, readers);
    try {
      const writer = await TreeWriter.open(target, writers);
      try {
        for (const root of roots) await createParents(from, writer, root);
        const copy = new TreeCopy(from, to, writer, (await target.identities?.()) ?? [], options);
        addRoots(copy.frontier, roots, (path, share) => copy.outside(path, share));
        await copy.frontier.walk(copy);
        copy.meter.finish();
        return { ...copy.counts, sequencePairs: copy.carrier.made, seconds: copy.meter.seconds };
      } finally {
        await writer.close();
      }
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function refuseMissingRoots(from: TreeReader, roots: readonly string[]): Promise<void> {
  const described = await from.describe(roots);
  const complaints = roots.flatMap((root, index) => {
    const stat = described[index]?.stat;
    if (stat && stat.ephemeralOwner === 0n) return [];
    return {
      where: `${from.endpoint.name}: ${root}`,
      found: stat ? "an ephemeral znode" : "no such znode",
      expected: "the root of the tree to copy",
      next: "Look for the right path with `ls` in zkCli.sh, and mind the chroot.",
    };
  });
  if (complaints.length > 0) throw new Refusal(complaints);
}

async function refuseSequences(
  source: Endpoint,
  roots: readonly string[],
  options: CopyOptions,
): Promise<void> {
  const { sequences } = await surveyTree(source, roots, { ...options, progress: undefined });
  if (sequences.parents === 0) return;
  const others = sequences.parents - sequences.examples.length;
  const complaints = sequences.examples.map((path, index) => ({
    where: `${source.name}: ${path}`,
    found:
      "sequential children, or children that have been deleted and may have been" +
      (index === 0 && others > 0 ? ` (and ${others} more znodes like it)` : ""),
    expected: "none, because carrying sequence counters is turned off",
    next: "Turn it on (sequences: carry), or a client's next sequential znode gets a number that was given before.",
  }));
  throw new Refusal(complaints);
}
