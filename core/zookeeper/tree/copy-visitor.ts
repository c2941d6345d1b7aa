/**
 * One copy under way: what is done with each batch of znodes and with each directory (see copy.ts for the order).
 *
 * A directory that this run created is known to be empty on the target, so that a first copy reads nothing there.
 */
import type { Acl, Operation } from "../../transports/zkwire";
import { isMasked, letsIn, openedFor, sameAcl } from "./acl";
import { Carrier, refuseTakenName } from "./carry";
import { NO_COUNTS, type CopyCounts } from "./copy-counts";
import { childPath, isReserved, type Identity } from "./endpoint";
import { refuseEphemeral, refuseMasked, refuseReserved } from "./refuse";
import { Frontier, type Directory, type Group, type Visitor } from "./frontier";
import { visited, WALK, type CopyOptions } from "./options";
import { Meter } from "./progress";
import { everCreated, type Described, type TreeReader } from "./read";
import { removeBelow } from "./remove";
import { pieces, type TreeWriter } from "./write";

export interface CopyDirectory extends Directory {
  /** Created by this run: the target has nothing below it. */
  readonly fresh: boolean;
  /** Part of the whole that each child is, and the directory itself. */
  readonly share: number;
  /** Set once the children are there. */
  readonly acl?: readonly Acl[];
  /** Children not done yet. */
  pending: number;
  /** Children ever created, on the source and on the target; undefined for what is above the roots. */
  counter?: { readonly wanted: number; there: number };
}

interface Job {
  readonly path: string;
  readonly directory: CopyDirectory;
  readonly here: Described;
  readonly there?: Described;
}

const EXAMPLES = 100;

export class TreeCopy implements Visitor<CopyDirectory> {
  readonly frontier = new Frontier<CopyDirectory>(WALK);
  readonly counts: CopyCounts = { ...NO_COUNTS, ahead: [] };
  readonly meter: Meter;
  readonly carrier: Carrier;

  constructor(
    private readonly from: TreeReader,
    private readonly to: TreeReader,
    private readonly writer: TreeWriter,
    private readonly identities: readonly Identity[],
    private readonly options: CopyOptions,
  ) {
    this.meter = new Meter(options.progress);
    this.carrier = new Carrier(writer);
  }

  /** What is above a root: not copied itself. */
  outside(path: string, share: number): CopyDirectory {
    return { path, size: 1, fresh: false, share, pending: 1 };
  }

  async visit(groups: readonly Group<CopyDirectory>[]): Promise<void> {
    const items = groups.flatMap(({ directory, names }) =>
      names.map((name) => ({ directory, path: childPath(directory.path, name) })),
    );
    const known = items.filter(({ directory }) => !directory.fresh).map(({ path }) => path);
    const [here, found] = await Promise.all([
      this.from.describe(items.map(({ path }) => path)),
      this.to.describe(known),
    ]);
    const there = new Map(known.map((path, index) => [path, found[index]]));
    const jobs = items.flatMap(({ directory, path }, index) => {
      const job = this.judge(path, directory, here[index], there.get(path));
      if (!job) this.settle(directory);
      return job ?? [];
    });
    for (const piece of pieces(jobs, this.writer.limits, bytesOf)) await this.copy(piece);
  }

  async list(directories: readonly CopyDirectory[]): Promise<void> {
    const known = directories.filter(({ fresh }) => !fresh).map(({ path }) => path);
    const [here, found] = await Promise.all([
      this.from.children(directories.map(({ path }) => path)),
      this.to.children(known),
    ]);
    const there = new Map(known.map((path, index) => [path, found[index]]));
    for (const [index, directory] of directories.entries()) {
      const listed = here[index];
      const before = there.get(directory.path);
      const names = visited(
        this.from.endpoint,
        directory.path,
        listed?.children ?? [],
        this.options.excluded,
      );
      if (before) await this.settleExtras(directory.path, listed?.children ?? [], before.children);
      if (listed) {
        const created = before ? everCreated(before.stat) : 0;
        directory.counter = { wanted: everCreated(listed.stat), there: created };
        refuseTakenName(directory.path, names);
      }
      directory.pending = names.length;
      this.meter.done(names.length === 0 ? directory.share * (directory.size + 1) : directory.share);
      if (names.length === 0) this.complete(directory);
      this.frontier.addChildren(directory, names);
    }
  }

  rest(full: boolean): Promise<void> | undefined {
    return this.carrier.next(full);
  }

  /** What to do with a znode; undefined when it is not copied. */
  private judge(
    path: string,
    directory: CopyDirectory,
    here: Described | undefined,
    there: Described | undefined,
  ): Job | undefined {
    if (!here) return undefined;
    if (here.stat.ephemeralOwner !== 0n) {
      this.counts.ephemerals++;
      return undefined;
    }
    if (isMasked(here.acl)) throw refuseMasked(this.from.endpoint, path);
    if (isReserved(this.to.endpoint, path)) throw refuseReserved(this.to.endpoint, path);
    if (there && there.stat.ephemeralOwner !== 0n) throw refuseEphemeral(this.to.endpoint, path);
    return { path, directory, here, there };
  }

  private async copy(jobs: readonly Job[]): Promise<void> {
    const sameSize = jobs.filter(({ here, there }) => there?.stat.dataLength === here.stat.dataLength);
    const [data, found] = await Promise.all([
      this.from.contents(jobs.map(({ path }) => path)),
      this.to.contents(sameSize.map(({ path }) => path)),
    ]);
    const before = new Map(sameSize.map(({ path }, index) => [path, found[index]]));
    const operations: Operation[] = [];
    const acls: Promise<void>[] = [];
    const done: (() => void)[] = [];
    for (const [index, job] of jobs.entries()) {
      const content = data[index];
      if (content === undefined) {
        done.push(() => this.settle(job.directory));
        continue;
      }
      const { path, here, there } = job;
      const late = this.isParent(job) && !letsIn(here.acl, this.identities);
      const aclDiffers = !there || !sameAcl(there.acl, here.acl);
      if (!there) {
        const acl = late ? openedFor(here.acl, this.identities) : here.acl;
        operations.push({ kind: "create", path, data: content, acl });
      } else if (!sameData(before.get(path), content)) {
        operations.push({ kind: "setData", path, data: content });
        this.counts.changed++;
      }
      if (there && aclDiffers) this.counts.aclsChanged++;
      if (there && aclDiffers && !late) acls.push(this.writer.setAcl(path, here.acl));
      done.push(() => this.finish(job, late && aclDiffers ? here.acl : undefined));
    }
    await Promise.all([this.writer.apply(operations), ...acls]);
    for (const each of done) each();
  }

  /** The znode is on the target: its children may follow. */
  private finish({ path, directory, here, there }: Job, acl: readonly Acl[] | undefined): void {
    this.counts.znodes++;
    this.meter.znodes++;
    this.counts.bytes += here.stat.dataLength;
    this.meter.bytes += here.stat.dataLength;
    if (!there) {
      this.counts.created++;
      if (directory.counter) directory.counter.there++;
    }
    if (here.stat.numChildren === 0 && !there?.stat.numChildren) {
      this.owe(path, everCreated(here.stat), there ? everCreated(there.stat) : 0, acl);
      this.settle(directory);
      return;
    }
    const size = here.stat.numChildren;
    const share = directory.share / (size + 1);
    this.frontier.addDirectory({ path, size, fresh: !there, share, acl, pending: 0 });
    this.settle(directory, 0);
  }

  private settle(directory: CopyDirectory, share = directory.share): void {
    this.meter.done(share);
    if (--directory.pending === 0) this.complete(directory);
  }

  private complete({ path, counter, acl }: CopyDirectory): void {
    if (counter) this.owe(path, counter.wanted, counter.there, acl);
  }

  private owe(path: string, wanted: number, there: number, acl: readonly Acl[] | undefined): void {
    if (wanted < there && this.counts.ahead.length < EXAMPLES) this.counts.ahead.push(path);
    const pairs = this.options.sequences === "refuse" ? 0 : Math.max(0, wanted - there);
    this.carrier.add({ path, pairs, acl });
  }

  private isParent({ here, there }: Job): boolean {
    return everCreated(here.stat) > 0 || (there?.stat.numChildren ?? 0) > 0;
  }

  private async settleExtras(
    parent: string,
    here: readonly string[],
    there: readonly string[],
  ): Promise<void> {
    const wanted = new Set(here);
    const names = visited(this.to.endpoint, parent, there, this.options.excluded);
    const extras = names.filter((name) => !wanted.has(name)).map((name) => childPath(parent, name));
    if (extras.length === 0) return;
    if (this.options.removeExtras) {
      this.counts.removed += await removeBelow(this.to, this.writer, extras);
      return;
    }
    const described = await this.to.describe(extras);
    this.counts.extras += described.filter((each) => each?.stat.ephemeralOwner === 0n).length;
  }
}

function bytesOf({ path, here, there }: Job): number {
  return 128 + path.length + Math.max(here.stat.dataLength, there?.stat.dataLength ?? 0);
}

/** No data and empty data are told apart: clients do. */
function sameData(one: Buffer | null | undefined, other: Buffer | null): boolean {
  if (!one || !other) return one === other;
  return one.equals(other);
}
