/**
 * Every znode of a snapshot as plain data, for looking and for comparing two snapshots node by node.
 *
 * Slower than a summary by far, and two dumps are only comparable when sorted: a server writes children in the
 * order of its hash tables. For "are they equal" use `tree-summary.ts`; this is for "where do they differ".
 */
import { createHash } from "node:crypto";
import { walkSnapshot, type SnapshotVisitor } from "./snapshot";
import type { Bytes } from "./jute";
import type { Stat, ZnodeKind, ZnodeView } from "./znode";

export interface Acl {
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

export interface DumpedZnode {
  /** `/` is the root. */
  readonly path: string;
  readonly kind: ZnodeKind;
  /** Hex SHA-256; null where the znode holds null. */
  readonly dataSha256: string | null;
  readonly dataBytes: number;
  /** undefined where the file does not hold the list. */
  readonly acl: readonly Acl[] | undefined;
  readonly stat: Stat;
}

/** @throws BrokenFile at the place where the snapshot stops making sense: what came before is not to be believed */
export async function* dumpSnapshot(file: string, bytes: Bytes): AsyncGenerator<DumpedZnode, void, void> {
  const dump = new Dump();
  for await (const _ of walkSnapshot(file, bytes, dump)) yield* dump.nodes.splice(0);
  yield* dump.nodes.splice(0);
}

class Dump implements SnapshotVisitor {
  readonly nodes: DumpedZnode[] = [];
  private readonly acls = new Map<number, readonly Acl[]>([
    [-1, [{ perms: 31, scheme: "world", id: "anyone" }]],
  ]);

  onAcl(key: number, list: Buffer): void {
    this.acls.set(key, decodeAcls(list));
  }

  onNode(node: ZnodeView): void {
    const data = node.data;
    this.nodes.push({
      path: node.path || "/",
      kind: node.kind,
      dataSha256: data && createHash("sha256").update(data).digest("hex"),
      dataBytes: node.dataBytes,
      acl: this.acls.get(node.aclKey),
      stat: node.stat,
    });
  }
}

/** The reader has measured the list already: every length in it holds. */
function decodeAcls(list: Buffer): readonly Acl[] {
  const acls: Acl[] = [];
  let at = 4;
  const string = (): string => {
    const start = at + 4;
    at = start + Math.max(0, list.readInt32BE(at));
    return list.toString("utf8", start, at);
  };
  for (let left = list.readInt32BE(); left > 0; left--) {
    const perms = list.readInt32BE(at);
    at += 4;
    acls.push({ perms, scheme: string(), id: string() });
  }
  return acls;
}
