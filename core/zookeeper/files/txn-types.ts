/** Types of transactions in a log (`ZooDefs.OpCode`), and those that a server of an older version stops at. */
export const OpCode = {
  closeSession: -11,
  createSession: -10,
  error: -1,
  create: 1,
  delete: 2,
  setData: 5,
  setACL: 7,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
} as const;

const NAMES = new Map<number, string>(Object.entries(OpCode).map(([name, type]) => [type, name]));

/** ZooKeeper's own name, or `type N`. */
export function txnName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

/**
 * What a 3.4 server answers with "Unsupported Txn" and does not start on (`SerializeUtils.deserializeTxn`); 3.5 and
 * later read all.
 */
export const UNKNOWN_TO_34: ReadonlySet<number> = new Set([
  OpCode.create2,
  OpCode.reconfig,
  OpCode.createContainer,
  OpCode.deleteContainer,
  OpCode.createTTL,
]);

/** Adds the types of a transaction and, for a multi, of its parts. `txn` starts behind the header. */
export function collectTypes(type: number, txn: Buffer, types: Set<number>): void {
  types.add(type);
  if (type !== OpCode.multi || txn.length < 4) return;
  let at = 4;
  for (let left = txn.readInt32BE(); left > 0 && at + 8 <= txn.length; left--) {
    types.add(txn.readInt32BE(at));
    at += 8 + Math.max(0, txn.readInt32BE(at + 4));
  }
}
