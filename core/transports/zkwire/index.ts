/** ZooKeeper's client protocol, spoken to 3.4 up to 3.9 servers over any connection. */
export { connectZooKeeper, ZooKeeperClient, type ConnectOptions } from "./client";
export {
  Code,
  ConnectionLost,
  KeeperError,
  MultiFailed,
  RequestTimedOut,
  RequestTooLarge,
  SessionExpired,
} from "./errors";
export {
  OPEN_ACL,
  type Acl,
  type BriefStat,
  type CreateMode,
  type CreateOptions,
  type DataResult,
  type Operation,
  type OperationResult,
  type Stat,
} from "./records";
export { Session, type SessionOptions } from "./session";
