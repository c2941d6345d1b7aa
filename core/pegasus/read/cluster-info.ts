/**
 * Reads `cluster_info` (text, `-j`) and HTTP `/meta/cluster`, which is the same without `cluster_name`.
 *
 * `zookeeper_hosts` is the line that proves a switchover on the primary; the backups' own configuration
 * is asked by `/config`. While a meta waits for `recover`, HTTP answers with level `steady` and no
 * tables: this alone is no proof of health.
 */
import { UnreadableAnswer } from "./answer";
import { address, count, decimal, optionalText, text } from "./fields";
import type { MetaLevel } from "./meta-level";
import { readLevelName } from "./meta-level";
import type { Row } from "./sections";
import { isObject, pairsOf, parseObject, readSections, rowFrom } from "./sections";

export interface ClusterInfo {
  readonly metaServers: readonly string[];
  /** Undefined while no meta server leads. */
  readonly primaryMetaServer?: string;
  /** As configured, with the chroot suffix if there is one. */
  readonly zookeeperHosts: string;
  readonly zookeeperRoot: string;
  readonly level: MetaLevel;
  readonly balanceOperations: BalanceOperations;
  readonly primaryReplicaCountStddev: number;
  readonly totalReplicaCountStddev: number;
  /** The shell's; HTTP has none. */
  readonly clusterName?: string;
}

export interface BalanceOperations {
  readonly movePrimary: number;
  readonly copyPrimary: number;
  readonly copySecondary: number;
  readonly total: number;
}

/** The body of `cluster_info [-j]` or of `/meta/cluster`. */
export function readClusterInfo(body: string): ClusterInfo {
  const row = clusterRow(body);
  return {
    metaServers: text(row, "meta_servers")
      .split(",")
      .filter((meta) => meta !== ""),
    primaryMetaServer: address(row, "primary_meta_server"),
    zookeeperHosts: text(row, "zookeeper_hosts"),
    zookeeperRoot: text(row, "zookeeper_root"),
    level: readLevelName(text(row, "meta_function_level")),
    balanceOperations: readBalanceOperations(text(row, "balance_operation_count")),
    primaryReplicaCountStddev: decimal(row, "primary_replica_count_stddev"),
    totalReplicaCountStddev: decimal(row, "total_replica_count_stddev"),
    clusterName: optionalText(row, "cluster_name"),
  };
}

function clusterRow(body: string): Row {
  if (!body.trimStart().startsWith("{")) return pairsOf(readSections(body), "cluster_info");
  const json = parseObject(body);
  return rowFrom(json["cluster_info"] ?? json, "cluster_info");
}

/** JSON over several lines since 2.6; `move_pri=0,copy_pri=0,copy_sec=0,total=0` in 2.5 and before. */
function readBalanceOperations(value: string): BalanceOperations {
  const row = value.startsWith("{") ? fromJson(value) : fromPairs(value);
  return {
    movePrimary: count(row, "move_pri"),
    copyPrimary: count(row, "copy_pri"),
    copySecondary: count(row, "copy_sec"),
    total: count(row, "total"),
  };
}

function fromJson(value: string): Row {
  const json = parseObject(value);
  if (!isObject(json)) throw new UnreadableAnswer("balance_operation_count as an object", value);
  return Object.fromEntries(Object.entries(json).map(([key, operations]) => [key, String(operations)]));
}

function fromPairs(value: string): Row {
  return Object.fromEntries(
    value.split(",").map((pair) => {
      const [key = "", operations = ""] = pair.split("=");
      return [key.trim(), operations.trim()];
    }),
  );
}
