/**
 * Brings a parent's sequence counter to where the source has it, by creating and deleting one child as often as
 * children have come and gone there. The counter cannot be set; a client that gets a number twice (a lock, a queue)
 * takes somebody else's place.
 *
 * Pairs stand in one multi, so that a copy that is killed leaves none of those children behind, and a watcher sees
 * none. A parent's final ACL is set after its pairs, since it may not let us create any more.
 */
import type { Acl, Operation } from "../../transports/zkwire";
import { childPath } from "./endpoint";
import { TreeStopped } from "./errors";
import type { TreeWriter } from "./write";

export interface Unfinished {
  readonly path: string;
  /** Create and delete pairs that are missing. */
  readonly pairs: number;
  /** To be set at the end; undefined where it stands already. */
  readonly acl?: readonly Acl[];
}

interface Owed {
  readonly unfinished: Unfinished;
  unsent: number;
  unanswered: number;
}

const CHILD = "pulumi-zookeeper-sequence";
/** Pairs that make a piece of work; what is less waits for company. */
const PAIRS = 1_000;

export class Carrier {
  /** Pairs made so far. */
  made = 0;
  private readonly owed: Owed[] = [];
  private unsent = 0;

  constructor(private readonly writer: TreeWriter) {}

  add(unfinished: Unfinished): void {
    if (unfinished.pairs === 0 && !unfinished.acl) return;
    this.owed.push({ unfinished, unsent: unfinished.pairs, unanswered: unfinished.pairs });
    // One that only waits for its ACL counts too, or a tree of them would pile up here.
    this.unsent += Math.max(1, unfinished.pairs);
  }

  /** Whether a whole piece has come together. */
  get due(): boolean {
    return this.unsent >= PAIRS;
  }

  /** Carries out a piece; undefined when there is none. @param full only when a whole one has come together */
  next(full: boolean): Promise<void> | undefined {
    if (this.unsent === 0 || (full && !this.due)) return undefined;
    return this.carry(this.take());
  }

  private take(): { readonly owed: Owed; readonly pairs: number }[] {
    const taken = [];
    for (let left = PAIRS; left > 0;) {
      const owed = this.owed.at(-1);
      if (!owed) break;
      const pairs = Math.min(owed.unsent, left);
      owed.unsent -= pairs;
      if (owed.unsent === 0) this.owed.pop();
      taken.push({ owed, pairs });
      const weight = owed.unfinished.pairs === 0 ? 1 : pairs;
      left -= weight;
      this.unsent -= weight;
    }
    return taken;
  }

  private async carry(piece: readonly { readonly owed: Owed; readonly pairs: number }[]): Promise<void> {
    await this.writer.applyPairs(piece.flatMap(({ owed, pairs }) => repeat(owed.unfinished.path, pairs)));
    const finished: Unfinished[] = [];
    for (const { owed, pairs } of piece) {
      this.made += pairs;
      owed.unanswered -= pairs;
      if (owed.unanswered === 0) finished.push(owed.unfinished);
    }
    await Promise.all(finished.flatMap(({ path, acl }) => (acl ? [this.writer.setAcl(path, acl)] : [])));
  }
}

/** @throws TreeStopped when a client's znode bears the name that the pairs need */
export function refuseTakenName(parent: string, children: readonly string[]): void {
  if (!children.includes(CHILD)) return;
  throw new TreeStopped({
    where: childPath(parent, CHILD),
    found: "a znode of this name",
    expected: "the name to be free: the copy creates and deletes it to carry sequence counters",
    next: "Delete it on both sides, and run it again.",
  });
}

function repeat(parent: string, pairs: number): (readonly [Operation, Operation])[] {
  const path = childPath(parent, CHILD);
  const pair = [
    { kind: "create", path, data: null },
    { kind: "delete", path },
  ] as const;
  return Array.from({ length: pairs }, () => pair);
}
