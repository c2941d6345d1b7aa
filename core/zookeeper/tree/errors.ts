/**
 * What ends the work on a tree. All of it can be done again: what is there already is compared and left alone.
 */
import { sayComplaint, UserError, type Complaint } from "../../engine/errors";
import { Code, KeeperError, RequestTooLarge } from "../../transports/zkwire";
import type { Endpoint } from "./endpoint";

/** The work stopped on the way: what was written before stays, and a second run goes on from there. */
export class TreeStopped extends UserError {
  constructor(
    readonly complaint: Complaint,
    cause?: Error,
  ) {
    super(sayComplaint(complaint), { cause });
  }
}

/** Adds what was expected and what to do to a server's bare answer; passes on what explains itself. */
export function explain(endpoint: Endpoint, error: unknown): unknown {
  if (!(error instanceof KeeperError)) return error;
  const advice = ADVICE[error.code];
  if (!advice || error instanceof RequestTooLarge) return error;
  const where = `${endpoint.name}, ${error.host}: ${error.path || "/"}`;
  return new TreeStopped({ where, found: `${error.codeName} to ${error.operation}`, ...advice }, error);
}

type Advice = Pick<Complaint, "expected" | "next">;

const ADVICE: Readonly<Record<number, Advice>> = {
  [Code.noAuth]: {
    expected: "the right to read, create, delete and administer every znode of the tree",
    next: "Give the digest of its owner or of `super` for this side, and run it again.",
  },
  [Code.nodeExists]: {
    expected: "nobody else to write into the copied tree",
    next: "Stop whoever writes there, and run it again: it copies only what differs.",
  },
  [Code.noNode]: {
    expected: "nobody else to delete from the copied tree",
    next: "Stop whoever writes there, and run it again: it copies only what differs.",
  },
  [Code.notEmpty]: {
    expected: "no new children below what is being removed",
    next: "Stop whoever writes there (a live client's ephemerals count too), and run it again.",
  },
  [Code.invalidAcl]: {
    expected: "a server that knows the schemes of the copied ACLs",
    next: "Configure the authentication provider (sasl, x509) on the target's servers as on the source's.",
  },
  [Code.noChildrenForEphemerals]: {
    expected: "a persistent znode",
    next: "It belongs to a live client of the target: end that client, and run it again.",
  },
};
