/**
 * Reads one transaction of a log: what it changes in the tree.
 *
 *     payload = long clientId · int cxid · long zxid · long time · int type · txn [ digest ]
 *     create, create2 = ustring path · buffer data · acls · bool ephemeral · int parentCversion
 *     createContainer = ustring path · buffer data · acls · int parentCversion
 *     createTTL       = ustring path · buffer data · acls · int parentCversion · long ttl
 *     delete          = ustring path           setACL = ustring path · acls · int version
 *     setData         = ustring path · buffer data · int version
 *     multi           = int n, n × {int type, buffer txn}
 *
 * (`zookeeper.jute`, `SerializeUtils`.) 3.6 and later append their digest, which nobody here needs. A multi in which
 * one part failed holds nothing but errors and changes nothing (`DataTree.processTxn`).
 */
import { BrokenFile } from "./broken-file";
import { TXN_HEADER_BYTES } from "./log-end";
import { OpCode, txnName } from "./txn-types";

export interface Txn {
  readonly clientId: bigint;
  readonly zxid: bigint;
  /** Milliseconds since 1970. */
  readonly time: bigint;
  readonly type: number;
  /** What follows the header. */
  readonly body: Buffer;
}

export type Change =
  | {
      readonly kind: "create";
      readonly path: string;
      readonly data: Buffer | null;
      /** As encoded: count and entries. */
      readonly acl: Buffer;
      readonly ephemeralOwner: bigint;
      /** −1 in logs of 3.3: one more than it was. */
      readonly parentCversion: number;
    }
  | { readonly kind: "delete"; readonly path: string }
  | {
      readonly kind: "setData";
      readonly path: string;
      readonly data: Buffer | null;
      readonly version: number;
    }
  | { readonly kind: "setACL"; readonly path: string; readonly acl: Buffer; readonly version: number };

export function txnOf(payload: Buffer): Txn {
  return {
    clientId: payload.readBigInt64BE(0),
    zxid: payload.readBigInt64BE(12),
    time: payload.readBigInt64BE(20),
    type: payload.readInt32BE(28),
    body: payload.subarray(TXN_HEADER_BYTES),
  };
}

/**
 * In the order in which a server makes them; sessions are no change of the tree.
 * @throws BrokenFile for a body that is not what its type says
 */
export function changesOf(file: string, txn: Txn): readonly Change[] {
  if (txn.type !== OpCode.multi) return listOf(changeOf(file, txn));
  const parts = partsOf(file, txn.body);
  if (parts.some(({ type }) => type === OpCode.error)) return [];
  return parts.flatMap((part) => listOf(changeOf(file, { ...txn, ...part })));
}

/** The transactions inside a multi. @throws BrokenFile */
export function partsOf(file: string, body: Buffer): { type: number; body: Buffer }[] {
  const fields = new Fields(file, body);
  return Array.from({ length: fields.count() }, () => ({
    type: fields.int(),
    body: fields.buffer() ?? Buffer.alloc(0),
  }));
}

/** `EphemeralType.CONTAINER_EPHEMERAL_OWNER`. */
const CONTAINER_OWNER = -(1n << 63n);
/** `EphemeralType.TTL`: its mark in the upper byte, milliseconds in the lower five. */
const TTL_MARK = BigInt.asIntN(64, 0xffn << 56n);

function changeOf(file: string, { type, body, clientId }: Omit<Txn, "zxid" | "time">): Change | undefined {
  const fields = new Fields(file, body);
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const created = {
        kind: "create" as const,
        path: fields.path(),
        data: fields.buffer(),
        acl: fields.acls(),
      };
      const plain = type === OpCode.create || type === OpCode.create2;
      const ephemeral = plain && fields.bool();
      const parentCversion = fields.ended ? -1 : fields.int();
      if (type === OpCode.createTTL)
        return { ...created, parentCversion, ephemeralOwner: TTL_MARK | fields.long() };
      const ephemeralOwner = ephemeral ? clientId : plain ? 0n : CONTAINER_OWNER;
      return { ...created, parentCversion, ephemeralOwner };
    }
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { kind: "delete", path: fields.path() };
    case OpCode.setData:
    case OpCode.reconfig:
      return { kind: "setData", path: fields.path(), data: fields.buffer(), version: fields.int() };
    case OpCode.setACL:
      return { kind: "setACL", path: fields.path(), acl: fields.acls(), version: fields.int() };
    case OpCode.createSession:
    case OpCode.closeSession:
    case OpCode.check:
    case OpCode.error:
      return undefined;
    default:
      throw new BrokenFile(
        file,
        "bad-structure",
        0,
        `a transaction of ${txnName(type)}`,
        "a type that ZooKeeper writes",
      );
  }
}

function listOf(change: Change | undefined): Change[] {
  return change ? [change] : [];
}

/** Fields of a record that lies in memory as a whole. */
export class Fields {
  at = 0;

  constructor(
    private readonly file: string,
    private readonly bytes: Buffer,
  ) {}

  get ended(): boolean {
    return this.at >= this.bytes.length;
  }

  bool(): boolean {
    return this.bytes[this.take(1)] !== 0;
  }

  int(): number {
    return this.bytes.readInt32BE(this.take(4));
  }

  long(): bigint {
    return this.bytes.readBigInt64BE(this.take(8));
  }

  count(): number {
    return Math.max(0, this.int());
  }

  buffer(): Buffer | null {
    const length = this.int();
    if (length < 0) return null;
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  path(): string {
    return this.buffer()?.toString("utf8") ?? "";
  }

  /** A list of ACLs as encoded. */
  acls(): Buffer {
    const start = this.at;
    for (let left = this.count(); left > 0; left--) {
      this.take(4);
      this.buffer();
      this.buffer();
    }
    return this.bytes.subarray(start, this.at);
  }

  private take(bytes: number): number {
    const start = this.at;
    if (start + bytes > this.bytes.length) {
      const found = `a transaction that ends ${start + bytes - this.bytes.length} bytes early`;
      throw new BrokenFile(this.file, "bad-structure", start, found, "all of its fields");
    }
    this.at += bytes;
    return start;
  }
}
