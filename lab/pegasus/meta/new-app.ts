/** A table as `create` and a first start on an empty root make it: every partition without a replica, ballot 0. */
import type { AppRecord, PartitionRecord } from "../server/records";

export interface NewApp {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  /** As the first start on an empty root writes it: -1. */
  readonly initPartitions: number;
  readonly envs?: Readonly<Record<string, string>>;
}

/** A table that has no replica yet. */
export function newApp(id: number, { name, partitions, replicas, initPartitions, envs = {} }: NewApp) {
  const record: AppRecord = {
    status: "AVAILABLE",
    app_type: "pegasus",
    app_name: name,
    app_id: id,
    partition_count: partitions,
    max_replica_count: replicas,
    expire_second: 0,
    create_second: Math.floor(Date.now() / 1000),
    drop_second: 0,
    duplicating: false,
    init_partition_count: initPartitions,
    envs,
  };
  const empty = (index: number): PartitionRecord => ({
    pid: `${id}.${index}`,
    ballot: 0,
    max_replica_count: replicas,
    primary: undefined,
    secondaries: [],
    last_drops: [],
    last_committed_decree: 0,
  });
  return { ...record, partitions: Array.from({ length: partitions }, (_, index) => empty(index)) };
}
