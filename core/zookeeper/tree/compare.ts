/**
 * Reads both sides of a copy again and says where they differ.
 *
 * It shares no state with the copy that it judges, and opens sessions of its own. Below a znode that only one side
 * has it does not look: one difference stands for the whole of it. Ephemerals count on neither side. A sequence
 * counter that is ahead on the target is no difference: it cannot be set back, and gives no number twice.
 */
import { isMasked, sameAcl, sayAcl } from "./acl";
import { childPath, type Endpoint } from "./endpoint";
import { Frontier, type Directory, type Group, type Visitor } from "./frontier";
import { addRoots, checkRoots, READERS, visited, WALK, type TreeOptions } from "./options";
import { Meter } from "./progress";
import { everCreated, TreeReader, type Described } from "./read";
import { refuseMasked } from "./refuse";
import { LIMITS, pieces } from "./write";

/** `sequence`: the target would give numbers again that the source has given. */
export type DifferenceKind = "missing" | "extra" | "data" | "acl" | "sequence";

export interface TreeDifference {
  /** `missing`: only on the source; `extra`: only on the target. */
  readonly kind: DifferenceKind;
  readonly path: string;
  /** On the source, in words; passwords' digests are left out. */
  readonly expected: string;
  /** On the target. */
  readonly found: string;
}

export interface TreeComparison {
  /** Compared: there on both sides. */
  readonly znodes: number;
  /** Of data, compared byte by byte. */
  readonly bytes: number;
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  /** The first 1000. */
  readonly differences: readonly TreeDifference[];
  readonly equal: boolean;
}

export interface CompareRequest {
  readonly source: Endpoint;
  readonly target: Endpoint;
  readonly roots: readonly string[];
  /** `sequences: false` does not compare sequence counters. @default true */
  readonly options?: TreeOptions & { readonly sequences?: boolean };
}

/** Also throws TreeStopped where a digest is masked: such ACLs look equal and are not known to be. */
export async function compareTrees({
  source,
  target,
  roots,
  options = {},
}: CompareRequest): Promise<TreeComparison> {
  checkRoots(source, roots);
  checkRoots(target, roots);
  const { readers = READERS } = options;
  const from = await TreeReader.open(source, readers);
  try {
    const to = await TreeReader.open(target, readers);
    try {
      const comparison = new Comparison(from, to, options);
      addRoots(comparison.frontier, roots, (path, share) => ({ path, size: 1, share }));
      await comparison.frontier.walk(comparison);
      comparison.meter.finish();
      return comparison.result();
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

type CompareDirectory = Directory & { readonly share: number };

interface Pair {
  readonly path: string;
  readonly share: number;
  readonly here: Described;
  readonly there: Described;
}

const KEPT = 1_000;

class Comparison implements Visitor<CompareDirectory> {
  readonly frontier = new Frontier<CompareDirectory>(WALK);
  readonly meter: Meter;
  private readonly differences: TreeDifference[] = [];
  private readonly counts = { missing: 0, extra: 0, data: 0, acl: 0, sequence: 0 };

  constructor(
    private readonly from: TreeReader,
    private readonly to: TreeReader,
    private readonly options: TreeOptions & { readonly sequences?: boolean },
  ) {
    this.meter = new Meter(options.progress);
  }

  async visit(groups: readonly Group<CompareDirectory>[]): Promise<void> {
    const items = groups.flatMap(({ directory, names }) =>
      names.map((name) => ({ share: directory.share, path: childPath(directory.path, name) })),
    );
    const paths = items.map(({ path }) => path);
    const [source, target] = await Promise.all([this.from.describe(paths), this.to.describe(paths)]);
    const pairs = items.flatMap(({ path, share }, index) => {
      const here = persistent(source[index]);
      const there = persistent(target[index]);
      if (here && there) return { path, share, here, there };
      if (here) this.differ("missing", path, "a znode", "none");
      if (there) this.differ("extra", path, "none", "a znode");
      this.meter.done(share);
      return [];
    });
    for (const piece of pieces(pairs, LIMITS, ({ here }) => 128 + here.stat.dataLength))
      await this.compare(piece);
  }

  async list(directories: readonly CompareDirectory[]): Promise<void> {
    const paths = directories.map(({ path }) => path);
    const [source, target] = await Promise.all([this.from.children(paths), this.to.children(paths)]);
    for (const [index, directory] of directories.entries()) {
      const { excluded } = this.options;
      const here = visited(this.from.endpoint, directory.path, source[index]?.children ?? [], excluded);
      const there = visited(this.to.endpoint, directory.path, target[index]?.children ?? [], excluded);
      this.meter.done(directory.share);
      this.frontier.addChildren(directory, [...new Set([...here, ...there])]);
    }
  }

  result(): TreeComparison {
    const { meter, counts, differences } = this;
    return { znodes: meter.znodes, bytes: meter.bytes, counts, differences, equal: differences.length === 0 };
  }

  private async compare(pairs: readonly Pair[]): Promise<void> {
    const sameSize = pairs.filter(({ here, there }) => here.stat.dataLength === there.stat.dataLength);
    const paths = sameSize.map(({ path }) => path);
    const [source, target] = await Promise.all([this.from.contents(paths), this.to.contents(paths)]);
    const equal = new Set(paths.filter((_, index) => sameData(source[index], target[index])));
    for (const { path, share, here, there } of pairs) {
      const [expected, found] = [sayLength(here), sayLength(there)];
      if (!equal.has(path)) this.differ("data", path, expected, found === expected ? "others" : found);
      this.compareAcl(path, here, there);
      const [wanted, given] = [everCreated(here.stat), everCreated(there.stat)];
      if (given < wanted && this.options.sequences !== false)
        this.differ("sequence", path, `next number ${wanted} or above`, `next number ${given}`);
      this.meter.znodes++;
      this.meter.bytes += here.stat.dataLength;
      const size = Math.max(here.stat.numChildren, there.stat.numChildren);
      if (size > 0) this.frontier.addDirectory({ path, size, share: share / (size + 1) });
      else this.meter.done(share);
    }
  }

  private compareAcl(path: string, here: Described, there: Described): void {
    if (isMasked(here.acl)) throw refuseMasked(this.from.endpoint, path);
    if (isMasked(there.acl)) throw refuseMasked(this.to.endpoint, path);
    if (!sameAcl(here.acl, there.acl)) this.differ("acl", path, sayAcl(here.acl), sayAcl(there.acl));
  }

  private differ(kind: DifferenceKind, path: string, expected: string, found: string): void {
    this.counts[kind]++;
    if (this.differences.length < KEPT) this.differences.push({ kind, path, expected, found });
  }
}

function persistent(described: Described | undefined): Described | undefined {
  return described?.stat.ephemeralOwner === 0n ? described : undefined;
}

/** Null and empty are not the same; gone on both sides is. */
function sameData(one: Buffer | null | undefined, other: Buffer | null | undefined): boolean {
  return one && other ? one.equals(other) : one === other;
}

function sayLength({ stat }: Described): string {
  return `${stat.dataLength} bytes`;
}
