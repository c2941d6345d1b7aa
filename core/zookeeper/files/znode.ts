/**
 * One znode as it stands in a snapshot, and what its owner says about it.
 *
 *     node = ustring path · buffer data · long acl · stat
 *     stat = czxid, mzxid, ctime, mtime: long · version, cversion, aversion: int · ephemeralOwner, pzxid: long
 *
 * (`DataNode.serialize`, `StatPersisted`.) A {@link ZnodeView} is one object for a whole snapshot, moved from record
 * to record, and decodes only what is asked for: 300 000 records with ten 64-bit fields each would otherwise spend
 * most of their time on allocation.
 */

/** Bytes after the data: the ACL key and the stat. */
export const ZNODE_TAIL_BYTES = 68;

/** `StatPersisted`, as ZooKeeper stores it. cversion is the internal one, which only counts creates. */
export interface Stat {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: bigint;
  readonly pzxid: bigint;
}

/**
 * - `ttl`: needs `zookeeper.extendedTypesEnabled=true`.
 * - `ttl353`: a TTL node in the layout of 3.5.3, which needs `zookeeper.emulate353TTLNodes=true` besides.
 */
export type ZnodeKind = "persistent" | "ephemeral" | "container" | "ttl" | "ttl353";

/** Valid only while the visitor that got it runs. */
export class ZnodeView {
  /** The bytes that hold the record, from {@link start} to {@link end}. */
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  pathEnd = 0;
  /** Where the data starts; equal to {@link dataEnd} for empty and for null data. */
  dataStart = 0;
  dataEnd = 0;
  end = 0;

  move(buffer: Buffer, start: number, pathBytes: number, dataBytes: number): void {
    this.buffer = buffer;
    this.start = start;
    this.pathEnd = start + 4 + pathBytes;
    this.dataStart = this.pathEnd + 4;
    this.dataEnd = this.dataStart + Math.max(0, dataBytes);
    this.end = this.dataEnd + ZNODE_TAIL_BYTES;
  }

  /** `""` is the root. */
  get path(): string {
    return this.buffer.toString("utf8", this.start + 4, this.pathEnd);
  }

  /** A view, not a copy. */
  get pathBytes(): Buffer {
    return this.buffer.subarray(this.start + 4, this.pathEnd);
  }

  /** A view, not a copy. null and empty data are different in the file. */
  get data(): Buffer | null {
    if (this.buffer.readInt32BE(this.pathEnd) === -1) return null;
    return this.buffer.subarray(this.dataStart, this.dataEnd);
  }

  get dataBytes(): number {
    return this.dataEnd - this.dataStart;
  }

  /** −1 is the open ACL. Keys are counted up from 1, so that a number holds them. */
  get aclKey(): number {
    return this.buffer.readInt32BE(this.dataEnd) * 0x1_0000_0000 + this.buffer.readUInt32BE(this.dataEnd + 4);
  }

  get kind(): ZnodeKind {
    const owner = this.dataEnd + 52;
    return kindOf(this.buffer.readInt32BE(owner), this.buffer.readInt32BE(owner + 4));
  }

  get stat(): Stat {
    const at = this.dataEnd + 8;
    const long = (offset: number): bigint => this.buffer.readBigInt64BE(at + offset);
    const int = (offset: number): number => this.buffer.readInt32BE(at + offset);
    return {
      czxid: long(0),
      mzxid: long(8),
      ctime: long(16),
      mtime: long(24),
      version: int(32),
      cversion: int(36),
      aversion: int(40),
      ephemeralOwner: long(44),
      pzxid: long(52),
    };
  }
}

/**
 * What a node is, from both halves of its ephemeralOwner (`EphemeralType`, `EphemeralTypeEmulate353`).
 *
 * The server needs a flag to read TTLs, because the marks overlap with session ids, which start with the server's
 * id: 0xff for TTLs, 0x80 for TTLs of 3.5.3. They are told apart without the flag by bits 40 to 55: zero in every
 * TTL below 34 years, and the upper digits of the time of login in a session id.
 */
export function kindOf(high: number, low: number): ZnodeKind {
  if (high === 0 && low === 0) return "persistent";
  if (high === -0x8000_0000 && low === 0) return "container";
  if ((high & 0x00ff_ff00) === 0) {
    if (high >>> 24 === 0xff) return "ttl";
    if (high >>> 24 === 0x80) return "ttl353";
  }
  return "ephemeral";
}
