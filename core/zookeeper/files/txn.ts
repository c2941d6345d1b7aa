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
import { JuteReader } from "../../transports/zkwire/jute";
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
  return readBody(file, body, (fields) =>
    fields.vector(() => ({ type: fields.int(), body: fields.buffer() ?? Buffer.alloc(0) })),
  );
}

/** `EphemeralType.CONTAINER_EPHEMERAL_OWNER`. */
const CONTAINER_OWNER = -(1n << 63n);
/** `EphemeralType.TTL`: its mark in the upper byte, milliseconds in the lower five. */
const TTL_MARK = BigInt.asIntN(64, 0xffn << 56n);

function changeOf(file: string, txn: Omit<Txn, "zxid" | "time">): Change | undefined {
  return readBody(file, txn.body, (fields) => readChange(file, txn, fields));
}

function readChange(
  file: string,
  { type, body, clientId }: Omit<Txn, "zxid" | "time">,
  fields: JuteReader,
): Change | undefined {
  const acls = () => {
    const start = fields.position;
    skipAcls(fields);
    return body.subarray(start, fields.position);
  };
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const created = {
        kind: "create" as const,
        path: fields.string(),
        data: fields.buffer(),
        acl: acls(),
      };
      const plain = type === OpCode.create || type === OpCode.create2;
      const ephemeral = plain && fields.boolean();
      const parentCversion = fields.atEnd ? -1 : fields.int();
      if (type === OpCode.createTTL)
        return { ...created, parentCversion, ephemeralOwner: TTL_MARK | fields.long() };
      const ephemeralOwner = ephemeral ? clientId : plain ? 0n : CONTAINER_OWNER;
      return { ...created, parentCversion, ephemeralOwner };
    }
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { kind: "delete", path: fields.string() };
    case OpCode.setData:
    case OpCode.reconfig:
      return { kind: "setData", path: fields.string(), data: fields.buffer(), version: fields.int() };
    case OpCode.setACL:
      return { kind: "setACL", path: fields.string(), acl: acls(), version: fields.int() };
    case OpCode.createSession:
    case OpCode.closeSession:
    case OpCode.check:
    case OpCode.error:
      return undefined;
    default: {
      const found = `a transaction of ${txnName(type)}`;
      throw new BrokenFile(file, "bad-structure", 0, found, "a type that ZooKeeper writes");
    }
  }
}

function listOf(change: Change | undefined): Change[] {
  return change ? [change] : [];
}

/** @throws BrokenFile for a body that ends before its fields do */
export function readBody<T>(file: string, body: Buffer, read: (fields: JuteReader) => T): T {
  try {
    return read(new JuteReader(body));
  } catch (error) {
    // By name: where tests run, the reader's own errors come from another realm than Buffer's.
    if ((error as Error).name !== "RangeError") throw error;
    const found = `a transaction of ${body.length} bytes that ends early`;
    throw new BrokenFile(file, "bad-structure", 0, found, "all of its fields");
  }
}

/** Passes over a list of ACLs. */
export function skipAcls(fields: JuteReader): void {
  fields.vector(() => {
    fields.int();
    fields.buffer();
    fields.buffer();
  });
}
