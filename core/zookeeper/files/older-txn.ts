/**
 * Says a transaction in the terms that an older server knows, with the same effect on the tree.
 *
 * It is for the tail of a log alone: what came before goes into a snapshot. create2 is a create; containers and TTL
 * znodes become persistent ones, which whoever calls this has been allowed to do (`unfit.ts`).
 */
import { encodeInt } from "./jute";
import { TXN_HEADER_BYTES } from "./log-end";
import { partsOf, readBody, skipAcls, txnOf } from "./txn";
import { OpCode } from "./txn-types";

/**
 * @param unknown the types that the server does not know, or must not see
 * @returns the payload of a record; the very same where nothing in it has to change
 */
export function inOlderTerms(file: string, payload: Buffer, unknown: ReadonlySet<number>): Buffer {
  const { type, body } = txnOf(payload);
  const older =
    type === OpCode.multi ? olderMulti(file, body, unknown) : olderPart(file, type, body, unknown);
  if (!older) return payload;
  const header = Buffer.from(payload.subarray(0, TXN_HEADER_BYTES));
  header.writeInt32BE(older.type, TXN_HEADER_BYTES - 4);
  return Buffer.concat([header, older.body]);
}

interface Part {
  readonly type: number;
  readonly body: Buffer;
}

function olderMulti(file: string, body: Buffer, unknown: ReadonlySet<number>): Part | undefined {
  const parts = partsOf(file, body);
  if (!parts.some(({ type }) => unknown.has(type))) return undefined;
  const encoded = parts.flatMap((part) => {
    const { type, body } = olderPart(file, part.type, part.body, unknown) ?? part;
    return [encodeInt(type), encodeInt(body.length), body];
  });
  return { type: OpCode.multi, body: Buffer.concat([encodeInt(parts.length), ...encoded]) };
}

function olderPart(file: string, type: number, body: Buffer, unknown: ReadonlySet<number>): Part | undefined {
  if (!unknown.has(type)) return undefined;
  switch (type) {
    case OpCode.create2:
      return { type: OpCode.create, body };
    case OpCode.deleteContainer:
      return { type: OpCode.delete, body };
    case OpCode.reconfig:
      return { type: OpCode.setData, body };
    case OpCode.createContainer:
    case OpCode.createTTL:
      return { type: OpCode.create, body: asPersistent(file, body) };
    default:
      throw new Error(`${file}: no older form of transactions of type ${type}`);
  }
}

/** path, data and ACLs stay; `ephemeral` is put in, and whatever follows parentCversion is left out. */
function asPersistent(file: string, body: Buffer): Buffer {
  return readBody(file, body, (fields) => {
    fields.buffer();
    fields.buffer();
    skipAcls(fields);
    const node = body.subarray(0, fields.position);
    return Buffer.concat([node, Buffer.from([0]), encodeInt(fields.int())]);
  });
}
