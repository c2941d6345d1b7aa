/**
 * Reads subtrees into a dump (dump-format.ts): old content is set aside so before it is cleared away.
 *
 * The walk waits for whoever takes the bytes, so that a slow disk fills no memory.
 */
import { createHash } from "node:crypto";
import { createGzip } from "node:zlib";
import { isMasked } from "./acl";
import { DUMP_FORMAT, DUMP_VERSION, formatLine } from "./dump-format";
import { childPath, type Endpoint } from "./endpoint";
import { Frontier, type Directory, type Group, type Visitor } from "./frontier";
import { addRoots, checkRoots, READERS, visited, WALK, type TreeOptions } from "./options";
import { Meter } from "./progress";
import { everCreated, TreeReader, type Described } from "./read";
import { refuseMasked } from "./refuse";
import { LIMITS, pieces } from "./write";

/**
 * The dump as bytes, read while it is taken; fails as the walk does. Roots that are not there are left out.
 * Ephemerals and excluded znodes are not in it, the counters of their parents are.
 */
export async function* dumpTree(
  endpoint: Endpoint,
  roots: readonly string[],
  options: TreeOptions = {},
): AsyncGenerator<Buffer> {
  checkRoots(endpoint, roots);
  const reader = await TreeReader.open(endpoint, options.readers ?? READERS);
  const gzip = createGzip();
  const dump = new Dump(reader, options, gzip);
  try {
    const walked = dump.write(roots).then(
      () => gzip.end(),
      (error: Error) => gzip.destroy(error),
    );
    for await (const chunk of gzip) yield chunk as Buffer;
    await walked;
  } finally {
    gzip.destroy();
    await reader.close();
  }
}

interface DumpDirectory extends Directory {
  readonly share: number;
  pending: number;
  /** Children ever created, and children dumped; undefined above the roots. */
  counter?: { readonly wanted: number; dumped: number };
}

class Dump implements Visitor<DumpDirectory> {
  private readonly frontier = new Frontier<DumpDirectory>(WALK);
  private readonly meter: Meter;
  private draining: Promise<void> | undefined;
  private readonly sum = createHash("sha256");

  constructor(
    private readonly reader: TreeReader,
    private readonly options: TreeOptions,
    private readonly gzip: ReturnType<typeof createGzip>,
  ) {
    this.meter = new Meter(options.progress);
  }

  async write(roots: readonly string[]): Promise<void> {
    const from = this.reader.endpoint.name;
    await this.put(formatLine({ format: DUMP_FORMAT, version: DUMP_VERSION, from, roots: [...roots] }));
    addRoots(this.frontier, roots, (path, share) => ({ path, size: 1, share, pending: 1 }));
    await this.frontier.walk(this);
    const { znodes, bytes } = this.meter;
    await this.put(formatLine({ end: { znodes, bytes, sha256: this.sum.copy().digest("hex") } }));
    this.meter.finish();
  }

  async visit(groups: readonly Group<DumpDirectory>[]): Promise<void> {
    const items = groups.flatMap(({ directory, names }) =>
      names.map((name) => ({ directory, path: childPath(directory.path, name) })),
    );
    const described = await this.reader.describe(items.map(({ path }) => path));
    const there = items.flatMap(({ directory, path }, index) => {
      const found = described[index];
      if (found && found.stat.ephemeralOwner === 0n) return { directory, path, found };
      return { directory, path };
    });
    for (const piece of pieces(
      there,
      LIMITS,
      (each) => 128 + ("found" in each ? (each.found?.stat.dataLength ?? 0) : 0),
    ))
      await this.dump(piece);
  }

  async list(directories: readonly DumpDirectory[]): Promise<void> {
    const listed = await this.reader.children(directories.map(({ path }) => path));
    let text = "";
    for (const [index, directory] of directories.entries()) {
      const found = listed[index];
      const names = visited(
        this.reader.endpoint,
        directory.path,
        found?.children ?? [],
        this.options.excluded,
      );
      directory.counter = { wanted: found ? everCreated(found.stat) : 0, dumped: 0 };
      directory.pending = names.length;
      this.meter.done(directory.share);
      if (names.length === 0) text += this.done(directory);
      this.frontier.addChildren(directory, names);
    }
    await this.put(text);
  }

  private async dump(
    items: readonly {
      readonly directory: DumpDirectory;
      readonly path: string;
      readonly found?: Described;
    }[],
  ): Promise<void> {
    const present = items.filter(({ found }) => found);
    const data = await this.reader.contents(present.map(({ path }) => path));
    const contents = new Map(present.map(({ path }, index) => [path, data[index]]));
    const parents: DumpDirectory[] = [];
    let text = "";
    let closing = "";
    for (const { directory, path, found } of items) {
      const content = contents.get(path);
      if (found && content !== undefined) {
        if (isMasked(found.acl)) throw refuseMasked(this.reader.endpoint, path);
        const children = everCreated(found.stat) > 0 || undefined;
        const acl = found.acl.map(({ perms, scheme, id }): [number, string, string] => [perms, scheme, id]);
        text += formatLine({ path, data: content?.toString("base64") ?? null, acl, children });
        if (directory.counter) directory.counter.dumped++;
        this.meter.znodes++;
        this.meter.bytes += found.stat.dataLength;
        const size = found.stat.numChildren;
        const share = directory.share / (size + 1);
        if (children) parents.push({ path, size, share, pending: 0 });
      }
      if (--directory.pending === 0) closing += this.done(directory);
      this.meter.done(directory.share);
    }
    await this.put(text + closing);
    for (const parent of parents) this.frontier.addDirectory(parent);
  }

  private done({ path, counter }: DumpDirectory): string {
    if (!counter) return "";
    return formatLine({ done: path, pairs: Math.max(0, counter.wanted - counter.dumped) });
  }

  private async put(text: string): Promise<void> {
    if (text === "") return;
    this.sum.update(text);
    if (this.gzip.destroyed) throw new Error("nobody takes the dump any more");
    if (!this.gzip.write(text)) await this.drained();
  }

  /** One wait for all workers; it ends too when nobody takes the bytes any more. */
  private drained(): Promise<void> {
    this.draining ??= new Promise((resolve) => {
      const go = () => {
        this.gzip.off("drain", go).off("close", go);
        this.draining = undefined;
        resolve();
      };
      this.gzip.once("drain", go).once("close", go);
    });
    return this.draining;
  }
}
