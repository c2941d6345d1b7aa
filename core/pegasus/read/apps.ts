/**
 * Reads `ls [-a] [-d]` (text, `-j`, `-o` file) and HTTP `/meta/apps[?detail]`.
 *
 * Without `-d` no table has any health: `health` is then undefined, never "healthy".
 */
import { UnreadableAnswer } from "./answer";
import { count, flag, optionalText, text } from "./fields";
import type { Row } from "./sections";
import { pairsOf, readSections, rowsOf } from "./sections";

export interface App {
  readonly id: number;
  readonly name: string;
  /** AVAILABLE, CREATING, DROPPING, DROPPED, … */
  readonly status: string;
  readonly type: string;
  readonly partitions: number;
  /** Replicas wanted of each partition. */
  readonly replicas: number;
  readonly stateful: boolean;
  /** As printed, in the server's own time: `2026-11-22_08:16:21` by shell, with a blank by HTTP. */
  readonly created?: string;
  readonly dropped?: string;
  readonly dropExpires?: string;
  readonly envs: number;
  /** Since 2.6, by shell only. */
  readonly atomicIdempotent?: boolean;
  /** Only with `-d`, and only of available tables. */
  readonly health?: AppHealth;
}

/** Partitions by what they can do. */
export interface AppHealth {
  readonly partitions: number;
  readonly fullyHealthy: number;
  readonly unhealthy: number;
  readonly writeUnhealthy: number;
  readonly readUnhealthy: number;
}

/** The tables in the order printed. */
export function readApps(body: string): readonly App[] {
  const sections = readSections(body);
  const healthById = new Map(
    sections.has("healthy_info")
      ? rowsOf(sections, "healthy_info").map((row) => [count(row, "app_id"), healthFrom(row)])
      : [],
  );
  const apps = rowsOf(sections, "general_info").map((row) => appFrom(row, healthById));
  const total = count(pairsOf(sections, "summary"), "total_app_count");
  if (total !== apps.length)
    throw new UnreadableAnswer(`${total} tables, as its summary says`, `${apps.length}`);
  return apps;
}

function appFrom(row: Row, healthById: ReadonlyMap<number, AppHealth>): App {
  const id = count(row, "app_id");
  return {
    id,
    name: text(row, "app_name"),
    status: text(row, "status"),
    type: text(row, "app_type"),
    partitions: count(row, "partition_count"),
    replicas: count(row, "replica_count"),
    stateful: flag(row, "is_stateful"),
    created: optionalText(row, "create_time"),
    dropped: optionalText(row, "drop_time"),
    dropExpires: optionalText(row, "drop_expire"),
    envs: count(row, "envs_count"),
    atomicIdempotent: row["atomic_idempotent"] === undefined ? undefined : flag(row, "atomic_idempotent"),
    health: healthById.get(id),
  };
}

function healthFrom(row: Row): AppHealth {
  return {
    partitions: count(row, "partition_count"),
    fullyHealthy: count(row, "fully_healthy"),
    unhealthy: count(row, "unhealthy"),
    writeUnhealthy: count(row, "write_unhealthy"),
    readUnhealthy: count(row, "read_unhealthy"),
  };
}
