/** The package's public API. */
export { ZooKeeperMigration, type ZooKeeperMigrationArgs } from "./zookeeper-migration";
export { ConsumerRepoint, type ConsumerRepointArgs } from "../providers/consumer-repoint";
export { ZkDataMigration, type TimelineSpan, type ZkDataMigrationArgs } from "../providers/zk-data-migration";
export { ZooKeeperMonitoring, type ZooKeeperMonitoringArgs } from "../providers/zookeeper-monitoring";
export {
  ZooKeeperEnsemble,
  type EnsembleServer,
  type ZooKeeperEnsembleArgs,
} from "../providers/zookeeper-ensemble";
export type { Connection, Host, Hosts, UserCommand } from "../core/transports/contract";
export type { ConsumerInput } from "../core/run/desired";
export type { ExistingInput } from "../core/zookeeper/desired";
