/**
 * What a tree comes to, so that two copies of it can be compared and a preview can say what will move.
 *
 * The digest is the server's own (`DigestCalculator`, version 2, 3.6+): the signed 64-bit sum of
 * CRC-32(path ‖ data ‖ stat) over all nodes but those below /zookeeper/, so that it can be held against
 * "Snapshot loaded … digest is N" in a server's log. ACLs are not in it; they get a sum of the same kind over
 * CRC-32(ACL list ‖ path). Both are as strong as the server's own check: they find accidents, not forgeries.
 */
import { crc32 } from "node:zlib";
import { contentCrc, copyDigestStat, DIGEST_STAT_BYTES, isZooKeepersOwn, OPEN_ACL } from "./digest-parts";
import type { SnapshotVisitor } from "./snapshot";
import { Sum64 } from "./sum64";
import type { ZnodeView, ZnodeKind } from "./znode";

/** Some of something: how many in all, and the first few paths. */
export interface Sample {
  readonly count: number;
  readonly paths: readonly string[];
}

export interface TreeSummary {
  /** Records in the snapshot, the root once. A server's zk_znode_count is one more: it holds the root twice. */
  readonly znodes: number;
  readonly dataBytes: number;
  /** As the server prints it: decimal, signed. */
  readonly digest: string;
  /** Decimal, signed; nodes below /zookeeper/ left out, as in {@link digest}. */
  readonly aclDigest: string;
  /** Highest czxid, mzxid or pzxid in the tree: a fuzzy snapshot's may be above the zxid in its name. */
  readonly maxZxid: bigint;
  readonly largest: { readonly path: string; readonly bytes: number };
  readonly sessions: number;
  readonly ephemerals: Sample;
  readonly containers: Sample;
  readonly ttls: Sample;
  /** TTL nodes in the layout of 3.5.3. */
  readonly ttls353: Sample;
  /** Nodes whose ACL is not in the file: possible in a fuzzy snapshot, never after a fold. */
  readonly missingAcls: Sample;
}

const SAMPLES = 5;

/** Visits a snapshot and sums it up. Feed it nodes in any order; ACL lists first. */
export class Summariser implements SnapshotVisitor {
  private znodes = 0;
  private dataBytes = 0;
  private sessions = 0;
  private readonly digest = new Sum64();
  private readonly aclDigest = new Sum64();
  private maxHigh = 0;
  private maxLow = 0;
  private largest = { path: "/", bytes: 0 };
  private readonly acls = new Map<number, number>([[-1, crc32(OPEN_ACL)]]);
  private readonly kinds: Record<ZnodeKind, MutableSample> = {
    persistent: new MutableSample(0),
    ephemeral: new MutableSample(),
    container: new MutableSample(),
    ttl: new MutableSample(),
    ttl353: new MutableSample(),
  };
  private readonly missing = new MutableSample();
  private readonly stat = Buffer.alloc(DIGEST_STAT_BYTES);

  onSession(): void {
    this.sessions++;
  }

  onAcl(key: number, list: Buffer): void {
    this.acls.set(key, crc32(list));
  }

  onNode(node: ZnodeView): void {
    this.znodes++;
    this.dataBytes += node.dataBytes;
    if (node.dataBytes > this.largest.bytes) this.largest = { path: node.path, bytes: node.dataBytes };
    this.kinds[node.kind].add(node);
    this.seeZxids(node);
    const acl = this.acls.get(node.aclKey);
    if (acl === undefined) this.missing.add(node);
    const path = node.pathBytes;
    if (isZooKeepersOwn(path)) return;
    copyDigestStat(node, this.stat);
    this.digest.add(crc32(this.stat, contentCrc(path, node.data)));
    if (acl !== undefined) this.aclDigest.add(crc32(path, acl));
  }

  result(): TreeSummary {
    return {
      znodes: this.znodes,
      dataBytes: this.dataBytes,
      digest: this.digest.toString(),
      aclDigest: this.aclDigest.toString(),
      maxZxid: (BigInt(this.maxHigh) << 32n) | BigInt(this.maxLow),
      largest: this.largest,
      sessions: this.sessions,
      ephemerals: this.kinds.ephemeral.freeze(),
      containers: this.kinds.container.freeze(),
      ttls: this.kinds.ttl.freeze(),
      ttls353: this.kinds.ttl353.freeze(),
      missingAcls: this.missing.freeze(),
    };
  }

  private seeZxids(node: ZnodeView): void {
    const at = node.dataEnd + 8;
    for (const offset of ZXIDS) {
      const high = node.buffer.readInt32BE(at + offset);
      if (high < this.maxHigh) continue;
      const low = node.buffer.readUInt32BE(at + offset + 4);
      if (high === this.maxHigh && low <= this.maxLow) continue;
      this.maxHigh = high;
      this.maxLow = low;
    }
  }
}

const PZXID = 52;
/** czxid, mzxid, pzxid within the stat. */
const ZXIDS = [0, 8, PZXID] as const;

class MutableSample {
  private count = 0;
  private readonly paths: string[] = [];

  constructor(private readonly keep = SAMPLES) {}

  add(node: ZnodeView): void {
    if (this.count++ < this.keep) this.paths.push(node.path);
  }

  freeze(): Sample {
    return { count: this.count, paths: [...this.paths] };
  }
}
