/**
 * What a snapshot and the log behind it come to, without the server: the sums of the snapshot's whole tree, changed by
 * each znode that the log changes.
 *
 * The rules are those of `DataTree.processTxn`. Of a znode only the CRC of its path and data, its stat and the CRC of
 * its ACL are kept, and only where the log touches it, or where it is an ephemeral or an ephemeral's parent: memory
 * grows with the log and not with the tree. It is made for a snapshot of exactly one state (a fold), behind which
 * every transaction applies as it stands; one that does not is an error here.
 */
import { crc32 } from "node:zlib";
import { BrokenFile } from "./broken-file";
import {
  contentCrc,
  copyDigestStat,
  DIGEST_STAT_BYTES,
  IN_DIGEST,
  isZooKeepersOwn,
  OPEN_ACL,
} from "./digest-parts";
import type { SnapshotVisitor } from "./snapshot";
import { Sum64 } from "./sum64";
import { changesOf, type Change, type Txn } from "./txn";
import { OpCode } from "./txn-types";
import { ZnodeView } from "./znode";

export interface Reckoned extends TreeSums {
  /** Of the last transaction that was applied; undefined when there was none. */
  readonly lastZxid: bigint | undefined;
}

/** Over a whole tree, as in {@link TreeSummary}. */
export interface TreeSums {
  /** The root once. */
  readonly znodes: number;
  /** Decimal, signed: what a 3.6+ server says that it loaded. */
  readonly digest: string;
  readonly aclDigest: string;
}

interface Znode {
  readonly pathBytes: Buffer;
  contentCrc: number;
  readonly stat: Buffer;
  aclCrc: number;
}

const SLASH = 0x2f;

/** Feed it a snapshot as a visitor, then {@link apply} each transaction of the log, in order. */
export class ReplayedTree implements SnapshotVisitor {
  private znodes: number;
  private lastZxid: bigint | undefined;
  private readonly digest: Sum64;
  private readonly aclDigest: Sum64;
  private readonly acls = new Map<number, number>([[-1, crc32(OPEN_ACL)]]);
  private readonly kept = new Map<string, Znode>();
  private readonly ephemerals = new Map<bigint, Set<string>>();
  /** The last znode of each depth: a parent stands before its children, and its siblings' children before it. */
  private readonly ancestors: ZnodeView[] = [];

  /**
   * @param touched the paths that the log changes, and their parents
   * @param before the sums of the snapshot, from when it was written
   */
  constructor(
    private readonly file: string,
    private readonly touched: ReadonlySet<string>,
    before: TreeSums,
  ) {
    this.znodes = before.znodes;
    this.digest = Sum64.of(before.digest);
    this.aclDigest = Sum64.of(before.aclDigest);
  }

  onAcl(key: number, list: Buffer): void {
    this.acls.set(key, crc32(list));
  }

  onNode(node: ZnodeView): void {
    const path = node.pathBytes;
    const depth = depthOf(path);
    const view = (this.ancestors[depth] ??= new ZnodeView());
    view.move(node.buffer, node.start, path.length, node.dataEnd - node.dataStart);
    if (node.kind === "ephemeral") {
      this.keep(view);
      this.keep(this.ancestors[depth - 1] ?? view);
      this.ephemeralsOf(node.stat.ephemeralOwner).add(node.path);
    } else if (this.touched.has(node.path)) {
      this.keep(view);
    }
  }

  /** @throws BrokenFile where the transaction does not fit the tree */
  apply(txn: Txn): void {
    this.lastZxid = txn.zxid;
    if (txn.type === OpCode.closeSession) {
      for (const path of this.ephemeralsOf(txn.clientId)) this.delete(path, txn.zxid);
      this.ephemerals.delete(txn.clientId);
      return;
    }
    for (const change of changesOf(this.file, txn)) this.change(change, txn);
  }

  result(): Reckoned {
    const { znodes, lastZxid } = this;
    return { znodes, digest: this.digest.toString(), aclDigest: this.aclDigest.toString(), lastZxid };
  }

  private change(change: Change, { zxid, time }: Txn): void {
    switch (change.kind) {
      case "create":
        return this.create(change, zxid, time);
      case "delete":
        return this.delete(change.path, zxid);
      case "setData":
        return this.alter(change.path, (znode) => {
          znode.contentCrc = contentCrc(znode.pathBytes, change.data);
          znode.stat.writeBigInt64BE(zxid, IN_DIGEST.mzxid);
          znode.stat.writeBigInt64BE(time, IN_DIGEST.mtime);
          znode.stat.writeInt32BE(change.version, IN_DIGEST.version);
        });
      case "setACL":
        return this.alter(change.path, (znode) => {
          znode.aclCrc = crcOfAcl(change.acl);
          znode.stat.writeInt32BE(change.version, IN_DIGEST.aversion);
        });
    }
  }

  private create(change: Extract<Change, { kind: "create" }>, zxid: bigint, time: bigint): void {
    const { path, data, acl, ephemeralOwner, parentCversion } = change;
    if (this.kept.has(path)) throw this.unfit(`0x${zxid.toString(16)} creates ${path}, which is there`);
    this.alter(parentOf(path), ({ stat }) => {
      const before = stat.readInt32BE(IN_DIGEST.cversion);
      const cversion = parentCversion === -1 ? before + 1 : parentCversion;
      if (cversion <= before) return;
      stat.writeInt32BE(cversion, IN_DIGEST.cversion);
      stat.writeBigInt64BE(zxid, IN_DIGEST.pzxid);
    });
    const stat = Buffer.alloc(DIGEST_STAT_BYTES);
    for (const field of ["czxid", "mzxid", "pzxid"] as const) stat.writeBigInt64BE(zxid, IN_DIGEST[field]);
    for (const field of ["ctime", "mtime"] as const) stat.writeBigInt64BE(time, IN_DIGEST[field]);
    stat.writeBigInt64BE(ephemeralOwner, IN_DIGEST.ephemeralOwner);
    const pathBytes = Buffer.from(path);
    const znode = { pathBytes, contentCrc: contentCrc(pathBytes, data), stat, aclCrc: crcOfAcl(acl) };
    this.kept.set(path, znode);
    this.znodes++;
    this.count(znode, "add");
    // The owner of a session's ephemerals is the session; of containers and TTL znodes it is none that is ever closed.
    if (ephemeralOwner !== 0n) this.ephemeralsOf(ephemeralOwner).add(path);
  }

  private delete(path: string, zxid: bigint): void {
    const znode = this.find(path);
    this.count(znode, "subtract");
    this.kept.delete(path);
    this.znodes--;
    this.ephemerals.get(znode.stat.readBigInt64BE(IN_DIGEST.ephemeralOwner))?.delete(path);
    this.alter(parentOf(path), ({ stat }) => {
      if (zxid > stat.readBigInt64BE(IN_DIGEST.pzxid)) stat.writeBigInt64BE(zxid, IN_DIGEST.pzxid);
    });
  }

  private alter(path: string, change: (znode: Znode) => void): void {
    const znode = this.find(path);
    this.count(znode, "subtract");
    change(znode);
    this.count(znode, "add");
  }

  private count({ pathBytes, contentCrc, stat, aclCrc }: Znode, how: "add" | "subtract"): void {
    if (isZooKeepersOwn(pathBytes)) return;
    this.digest[how](crc32(stat, contentCrc));
    this.aclDigest[how](crc32(pathBytes, aclCrc));
  }

  private keep(node: ZnodeView): void {
    if (this.kept.has(node.path)) return;
    const pathBytes = Buffer.from(node.pathBytes);
    const stat = Buffer.alloc(DIGEST_STAT_BYTES);
    copyDigestStat(node, stat);
    const content = contentCrc(pathBytes, node.data);
    this.kept.set(node.path, { pathBytes, contentCrc: content, stat, aclCrc: this.aclCrc(node) });
  }

  private find(path: string): Znode {
    const znode = this.kept.get(path);
    if (!znode) throw this.unfit(`a change of ${path === "" ? "/" : path}, which is not there`);
    return znode;
  }

  private aclCrc(node: ZnodeView): number {
    const crc = this.acls.get(node.aclKey);
    if (crc === undefined)
      throw this.unfit(`ACL key ${node.aclKey} of ${node.path}, which is not in the snapshot`);
    return crc;
  }

  private ephemeralsOf(session: bigint): Set<string> {
    const paths = this.ephemerals.get(session) ?? new Set();
    this.ephemerals.set(session, paths);
    return paths;
  }

  private unfit(found: string): BrokenFile {
    return new BrokenFile(this.file, "bad-structure", 0, found, "a log that goes on from the snapshot");
  }
}

/** `""` is the root, as in a snapshot. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function depthOf(path: Buffer): number {
  let depth = 0;
  for (const byte of path) if (byte === SLASH) depth++;
  return depth;
}

/** A list that is null stands for the open one (`ReferenceCountedACLCache.convertAcls`). */
function crcOfAcl(list: Buffer): number {
  return crc32(list.readInt32BE() < 0 ? OPEN_ACL : list);
}
