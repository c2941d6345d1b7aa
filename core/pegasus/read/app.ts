/**
 * Reads `app <name> [-d]` (text, `-j`) and HTTP `/meta/app?name=<name>[&detail]`: one table with its
 * partitions. Ballots are here: they only ever grow, so they tell newer metadata from older.
 */
import { UnreadableAnswer } from "./answer";
import { address, count, list, text } from "./fields";
import type { Row } from "./sections";
import { pairsOf, readSections, rowsOf } from "./sections";

export interface AppDetail {
  readonly id: number;
  readonly name: string;
  readonly partitions: number;
  readonly maxReplicas: number;
  /** Only with detail. */
  readonly replicas?: readonly Partition[];
  readonly nodes?: readonly NodeShare[];
  readonly health?: PartitionHealth;
}

export interface Partition {
  readonly index: number;
  readonly ballot: number;
  /** Replicas it has, out of those it should have. */
  readonly has: number;
  readonly wants: number;
  readonly primary?: string;
  readonly secondaries: readonly string[];
}

export interface NodeShare {
  readonly node: string;
  readonly primaries: number;
  readonly secondaries: number;
}

/** Partitions by what they can do. */
export interface PartitionHealth {
  readonly fullyHealthy: number;
  readonly unhealthy: number;
  readonly writeUnhealthy: number;
  readonly readUnhealthy: number;
}

export function readApp(body: string): AppDetail {
  const sections = readSections(body);
  const general = pairsOf(sections, "general");
  const detailed = sections.has("replicas");
  return {
    id: count(general, "app_id"),
    name: text(general, "app_name"),
    partitions: count(general, "partition_count"),
    maxReplicas: count(general, "max_replica_count"),
    replicas: detailed ? rowsOf(sections, "replicas").map(partitionFrom) : undefined,
    nodes: detailed ? rowsOf(sections, "nodes").filter(isNode).map(shareFrom) : undefined,
    health: detailed ? healthFrom(pairsOf(sections, "healthy")) : undefined,
  };
}

function partitionFrom(row: Row): Partition {
  const share = /^(\d+)\/(\d+)$/.exec(text(row, "replica_count"));
  if (share === null) throw new UnreadableAnswer("replica_count as n/m", text(row, "replica_count"));
  return {
    index: count(row, "pidx"),
    ballot: count(row, "ballot"),
    has: Number(share[1]),
    wants: Number(share[2]),
    primary: address(row, "primary"),
    secondaries: list(row, "secondaries"),
  };
}

/** The last row holds the sums: without a name in the shell, as `total` by HTTP. */
function isNode(row: Row): boolean {
  return !["", "total"].includes(text(row, "node"));
}

function shareFrom(row: Row): NodeShare {
  return { node: text(row, "node"), primaries: count(row, "primary"), secondaries: count(row, "secondary") };
}

function healthFrom(row: Row): PartitionHealth {
  return {
    fullyHealthy: count(row, "fully_healthy_partition_count"),
    unhealthy: count(row, "unhealthy_partition_count"),
    writeUnhealthy: count(row, "write_unhealthy_partition_count"),
    readUnhealthy: count(row, "read_unhealthy_partition_count"),
  };
}
