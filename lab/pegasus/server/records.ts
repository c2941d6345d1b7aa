/**
 * Tables and partitions as the meta servers keep them, and their form in ZooKeeper: compact JSON whose
 * keys, order and odd values (`"invalid address"`, numbers for flags) are Pegasus's own, because the
 * product compares and copies these bytes. 2.5 writes addresses only; since 2.6 host names stand beside.
 */
import type { Release } from "./config";

export interface AppRecord {
  readonly status: "AVAILABLE" | "DROPPED";
  readonly app_type: string;
  readonly app_name: string;
  readonly app_id: number;
  readonly partition_count: number;
  readonly max_replica_count: number;
  readonly expire_second: number;
  readonly create_second: number;
  readonly drop_second: number;
  readonly duplicating: boolean;
  readonly init_partition_count: number;
  readonly envs: Readonly<Record<string, string>>;
}

/** A replica server by both of its names. */
export interface Node {
  /** `host:port`; the server's identity. In 2.5 it equals `ip`. */
  readonly name: string;
  /** `ip:port` */
  readonly ip: string;
}

export interface PartitionRecord {
  /** `app.partition` */
  readonly pid: string;
  readonly ballot: number;
  readonly max_replica_count: number;
  readonly primary: Node | undefined;
  readonly secondaries: readonly Node[];
  /** The latest three, the latest last. */
  readonly last_drops: readonly Node[];
  readonly last_committed_decree: number;
}

export function encodeApp(app: AppRecord, release: Release): string {
  return JSON.stringify({
    status: `app_status::AS_${app.status}`,
    app_type: app.app_type,
    app_name: app.app_name,
    app_id: app.app_id,
    partition_count: app.partition_count,
    envs: app.envs,
    is_stateful: 1,
    max_replica_count: app.max_replica_count,
    expire_second: app.expire_second,
    create_second: app.create_second,
    drop_second: app.drop_second,
    duplicating: app.duplicating ? 1 : 0,
    init_partition_count: app.init_partition_count,
    is_bulk_loading: 0,
    ...(release === "2.5" ? {} : { atomic_idempotent: 0 }),
  });
}

export function decodeApp(text: string): AppRecord {
  const json = JSON.parse(text) as Record<string, never>;
  return {
    status: String(json["status"]).endsWith("AVAILABLE") ? "AVAILABLE" : "DROPPED",
    app_type: json["app_type"] ?? "pegasus",
    app_name: json["app_name"] ?? "",
    app_id: json["app_id"] ?? 0,
    partition_count: json["partition_count"] ?? 0,
    max_replica_count: json["max_replica_count"] ?? 3,
    expire_second: json["expire_second"] ?? 0,
    create_second: json["create_second"] ?? 0,
    drop_second: json["drop_second"] ?? 0,
    duplicating: json["duplicating"] === 1,
    init_partition_count: json["init_partition_count"] ?? -1,
    envs: json["envs"] ?? {},
  };
}

const NO_ADDRESS = "invalid address";
const NO_HOST_PORT = "invalid host_port";

export function encodePartition(partition: PartitionRecord, release: Release): string {
  const { primary, secondaries, last_drops: drops } = partition;
  return JSON.stringify({
    pid: partition.pid,
    ballot: partition.ballot,
    max_replica_count: partition.max_replica_count,
    primary: primary?.ip ?? NO_ADDRESS,
    secondaries: secondaries.map(({ ip }) => ip),
    last_drops: drops.map(({ ip }) => ip),
    last_committed_decree: partition.last_committed_decree,
    partition_flags: 0,
    ...(release === "2.5"
      ? {}
      : {
          hp_primary: primary?.name ?? NO_HOST_PORT,
          hp_secondaries: secondaries.map(({ name }) => name),
          hp_last_drops: drops.map(({ name }) => name),
        }),
  });
}

export function decodePartition(text: string): PartitionRecord {
  const json = JSON.parse(text) as {
    pid: string;
    ballot: number;
    max_replica_count: number;
    primary: string;
    secondaries: string[];
    last_drops: string[];
    last_committed_decree: number;
    hp_primary?: string;
    hp_secondaries?: string[];
    hp_last_drops?: string[];
  };
  const named = (ips: readonly string[], names: readonly string[] = ips) =>
    ips.map((ip, index) => ({ ip, name: names[index] ?? ip }));
  return {
    pid: json.pid,
    ballot: json.ballot,
    max_replica_count: json.max_replica_count,
    primary:
      json.primary === NO_ADDRESS ? undefined : { ip: json.primary, name: json.hp_primary ?? json.primary },
    secondaries: named(json.secondaries, json.hp_secondaries),
    last_drops: named(json.last_drops, json.hp_last_drops),
    last_committed_decree: json.last_committed_decree,
  };
}

/** Everybody who holds the partition, the primary first. */
export function membersOf(partition: PartitionRecord): readonly Node[] {
  return partition.primary === undefined
    ? partition.secondaries
    : [partition.primary, ...partition.secondaries];
}
