/**
 * Types of transactions in a log, and which of them a 3.4 server stops at (`ZooDefs.OpCode`, `SerializeUtils.deserializeTxn`).
 *
 * It matters for the way back only: 3.4 answers "Unsupported Txn" to a log with a single create2 and does not start,
 * so such a log has to be folded into a snapshot by the newer version first.
 */
const NAMES: ReadonlyMap<number, string> = new Map([
  [-11, "closeSession"],
  [-10, "createSession"],
  [-1, "error"],
  [1, "create"],
  [2, "delete"],
  [5, "setData"],
  [7, "setACL"],
  [13, "check"],
  [14, "multi"],
  [15, "create2"],
  [16, "reconfig"],
  [19, "createContainer"],
  [20, "deleteContainer"],
  [21, "createTTL"],
]);

const READ_BY_3_4: ReadonlySet<number> = new Set([-11, -10, -1, 1, 2, 5, 7, 13, 14]);

/** ZooKeeper's own name, or `type N`. */
export function txnName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

/** The types that a 3.4 server cannot replay, sorted, by name. */
export function unreadableBy34(types: Iterable<number>): readonly string[] {
  return [...types]
    .filter((type) => !READ_BY_3_4.has(type))
    .sort((a, b) => a - b)
    .map(txnName);
}

/** Adds the types of a transaction and, for a multi, of its parts. `txn` starts behind the header. */
export function collectTypes(type: number, txn: Buffer, types: Set<number>): void {
  types.add(type);
  if (type !== 14 || txn.length < 4) return;
  let at = 4;
  for (let left = txn.readInt32BE(); left > 0 && at + 8 <= txn.length; left--) {
    types.add(txn.readInt32BE(at));
    at += 8 + Math.max(0, txn.readInt32BE(at + 4));
  }
}
