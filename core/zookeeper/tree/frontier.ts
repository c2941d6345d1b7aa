/**
 * What is known of a tree and still to be visited, and the workers that visit it.
 *
 * Depth first: what was found last is visited first, and a directory is listed only when there are no longer enough
 * znodes to fill a batch. The frontier therefore holds the lists of a few directories, whatever the size of the
 * tree; breadth first it would come to hold a whole level of it.
 */
export interface Directory {
  /** As both sides know it, without a chroot; `""` above the root. */
  readonly path: string;
  /** Children it is expected to have. */
  readonly size: number;
}

/** Children of one directory. */
export interface Group<D> {
  readonly directory: D;
  readonly names: string[];
}

/** The work of one visit: znodes to handle, directories to list, or whatever else was put aside. */
export interface Visitor<D extends Directory> {
  /** Handles znodes, whose parents have been handled. Adds those with children to the frontier. */
  visit(groups: readonly Group<D>[]): Promise<void>;
  /** Lists directories and adds their children to the frontier. */
  list(directories: readonly D[]): Promise<void>;
  /** Does a piece of what was put aside; false when there is none. `full` asks for whole pieces only. */
  rest?(full: boolean): Promise<void> | undefined;
}

export interface WalkOptions {
  /** Znodes in one visit. */
  readonly batch: number;
  /** Visits under way at once. */
  readonly workers: number;
}

export class Frontier<D extends Directory> {
  private readonly groups: Group<D>[] = [];
  private readonly directories: D[] = [];
  private ready = 0;
  private failure: { readonly error: unknown } | undefined;
  private busy = 0;
  private readonly idle: (() => void)[] = [];

  constructor(private readonly options: WalkOptions) {}

  addChildren(directory: D, names: string[]): void {
    if (names.length === 0) return;
    this.groups.push({ directory, names });
    this.ready += names.length;
  }

  addDirectory(directory: D): void {
    this.directories.push(directory);
  }

  /** Visits all there is and all that is added on the way. Rejects with the first failure, once all have stopped. */
  async walk(visitor: Visitor<D>): Promise<void> {
    await Promise.all(Array.from({ length: this.options.workers }, () => this.work(visitor)));
    if (this.failure) throw this.failure.error;
  }

  private async work(visitor: Visitor<D>): Promise<void> {
    while (!this.failure) {
      const visit = this.next(visitor);
      if (!visit && this.busy === 0) break;
      if (!visit) {
        await new Promise<void>((resolve) => this.idle.push(resolve));
        continue;
      }
      this.busy++;
      try {
        await visit;
      } catch (error) {
        this.failure ??= { error };
      }
      this.busy--;
      this.wake();
    }
    this.wake();
  }

  private next(visitor: Visitor<D>): Promise<void> | undefined {
    const { batch } = this.options;
    const put = visitor.rest?.(true);
    if (put) return put;
    if (this.ready < batch && this.directories.length > 0) return visitor.list(this.takeDirectories());
    if (this.ready > 0) return visitor.visit(this.takeZnodes());
    return visitor.rest?.(false);
  }

  /** As many as are expected to fill a batch; at least one. */
  private takeDirectories(): D[] {
    const taken: D[] = [];
    for (let size = this.ready; size < this.options.batch;) {
      const directory = this.directories.pop();
      if (!directory) break;
      taken.push(directory);
      size += Math.max(1, directory.size);
    }
    return taken;
  }

  private takeZnodes(): Group<D>[] {
    const taken: Group<D>[] = [];
    for (let left = this.options.batch; left > 0;) {
      const group = this.groups.at(-1);
      if (!group) break;
      const names = group.names.splice(-left);
      if (group.names.length === 0) this.groups.pop();
      taken.push({ directory: group.directory, names });
      left -= names.length;
      this.ready -= names.length;
    }
    return taken;
  }

  private wake(): void {
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
