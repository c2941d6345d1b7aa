/**
 * What a ZooKeeper server, or the lack of one, can answer. Codes: `org.apache.zookeeper.KeeperException.Code`.
 */
import { HostUnreachable, UserError } from "../../engine/errors";

/** The server understood the request and did not carry it out. */
export class KeeperError extends UserError {
  constructor(
    readonly host: string,
    readonly operation: string,
    readonly path: string,
    readonly code: number,
  ) {
    super(`${host}: ${operation} ${path}: ${codeName(code)} (${code})`);
  }

  /** For example `NoNode`. */
  get codeName(): string {
    return codeName(this.code);
  }
}

/** A multi that failed at one of its operations; none was carried out. `path` and `code` are that operation's. */
export class MultiFailed extends KeeperError {
  constructor(
    host: string,
    operation: string,
    path: string,
    code: number,
    /** Of the operation that failed, from 0. */
    readonly index: number,
  ) {
    super(host, operation, path, code);
  }
}

/** The connection is gone, and so is the answer: a write may or may not have been carried out. */
export class ConnectionLost extends HostUnreachable {}

/** No answer within the request's time, on a connection that still stands. A write may yet be carried out. */
export class RequestTimedOut extends HostUnreachable {}

/** The server no longer knows the session; its ephemerals are gone. */
export class SessionExpired extends HostUnreachable {}

/** Larger than the server's `jute.maxbuffer`: it would have closed the connection. Nothing was sent. */
export class RequestTooLarge extends UserError {
  constructor(
    readonly host: string,
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(
      `${host}: a request of ${bytes} bytes exceeds the limit of ${limit}. ` +
        "Send fewer operations at once, or raise -Djute.maxbuffer on every server and here.",
    );
  }
}

export const Code = {
  ok: 0,
  runtimeInconsistency: -2,
  unimplemented: -6,
  badArguments: -8,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  invalidAcl: -114,
  authFailed: -115,
  sessionMoved: -118,
  notReadOnly: -119,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  [-1]: "SystemError",
  [-2]: "RuntimeInconsistency",
  [-3]: "DataInconsistency",
  [-4]: "ConnectionLoss",
  [-5]: "MarshallingError",
  [-6]: "Unimplemented",
  [-7]: "OperationTimeout",
  [-8]: "BadArguments",
  [-101]: "NoNode",
  [-102]: "NoAuth",
  [-103]: "BadVersion",
  [-108]: "NoChildrenForEphemerals",
  [-110]: "NodeExists",
  [-111]: "NotEmpty",
  [-112]: "SessionExpired",
  [-113]: "InvalidCallback",
  [-114]: "InvalidACL",
  [-115]: "AuthFailed",
  [-118]: "SessionMoved",
  [-119]: "NotReadOnly",
  [-120]: "EphemeralOnLocalSession",
  [-121]: "NoWatcher",
  [-122]: "RequestTimeout",
  [-123]: "ReconfigDisabled",
  [-124]: "SessionClosedRequireSaslAuth",
  [-125]: "QuotaExceeded",
  [-127]: "ThrottledOp",
};

function codeName(code: number): string {
  return NAMES[code] ?? "UnknownCode";
}
