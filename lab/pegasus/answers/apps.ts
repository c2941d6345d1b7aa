/** The tables of `ls` and `app`, for the shell and for HTTP, which differ in the form of times and in one column. */
import { stamp } from "../server/log";
import type { AppView, ClusterView } from "../server/protocol";
import { type PartitionRecord, membersOf } from "../server/records";
import type { Table } from "./tables";

export type Flavour = "shell" | "http";

/** `ls [-a] [-d]` */
export function apps(
  view: ClusterView,
  flavour: Flavour,
  options: { all: boolean; detailed: boolean },
): readonly Table[] {
  const listed = view.apps.filter((app) => options.all || app.status === "AVAILABLE");
  const available = listed.filter((app) => app.status === "AVAILABLE");
  const idempotent = flavour === "shell" && view.release !== "2.5";
  const general: Table = {
    name: "general_info",
    columns: [...GENERAL, ...(idempotent ? ["atomic_idempotent"] : [])],
    rows: listed.map((app) => [...generalCells(app, flavour), ...(idempotent ? ["false"] : [])]),
  };
  const total = ["total_app_count", String(listed.length)] as const;
  if (!options.detailed) return [general, { name: "summary", pairs: [total] }];
  const health = available.map((app) => ({ app, health: healthOf(app.partitions) }));
  const count = (sick: (health: Health) => boolean) =>
    String(health.filter((entry) => sick(entry.health)).length);
  return [
    general,
    {
      name: "healthy_info",
      columns: [
        "app_id",
        "app_name",
        "partition_count",
        "fully_healthy",
        "unhealthy",
        "write_unhealthy",
        "read_unhealthy",
      ],
      rows: health.map(({ app, health: { full, unhealthy, write, read } }) =>
        [app.app_id, app.app_name, app.partition_count, full, unhealthy, write, read].map(String),
      ),
    },
    {
      name: "summary",
      pairs: [
        total,
        ["fully_healthy_app_count", count(({ unhealthy }) => unhealthy === 0)],
        ["unhealthy_app_count", count(({ unhealthy }) => unhealthy > 0)],
        ["write_unhealthy_app_count", count(({ write }) => write > 0)],
        ["read_unhealthy_app_count", count(({ read }) => read > 0)],
      ],
    },
  ];
}

/** `app <name> [-d]`; HTTP names the row of sums `total`, the shell leaves its name empty. */
export function app(table: AppView, flavour: Flavour, detailed: boolean): readonly Table[] {
  const general: Table = {
    name: "general",
    pairs: [
      ["app_name", table.app_name],
      ["app_id", String(table.app_id)],
      ["partition_count", String(table.partition_count)],
      ["max_replica_count", String(table.max_replica_count)],
    ],
  };
  if (!detailed) return [general];
  const { full, unhealthy, write, read } = healthOf(table.partitions);
  return [
    general,
    {
      name: "replicas",
      columns: ["pidx", "ballot", "replica_count", "primary", "secondaries"],
      rows: table.partitions.map((partition, index) => [
        String(index),
        String(partition.ballot),
        `${membersOf(partition).length}/${partition.max_replica_count}`,
        partition.primary?.name ?? "-",
        `[${partition.secondaries.map(({ name }) => name).join(",")}]`,
      ]),
    },
    { name: "nodes", columns: ["node", "primary", "secondary", "total"], rows: shares(table, flavour) },
    {
      name: "healthy",
      pairs: [
        ["fully_healthy_partition_count", String(full)],
        ["unhealthy_partition_count", String(unhealthy)],
        ["write_unhealthy_partition_count", String(write)],
        ["read_unhealthy_partition_count", String(read)],
      ],
    },
  ];
}

const GENERAL = [
  "app_id",
  "status",
  "app_name",
  "app_type",
  "partition_count",
  "replica_count",
  "is_stateful",
  "create_time",
  "drop_time",
  "drop_expire",
  "envs_count",
];

function generalCells(table: AppView, flavour: Flavour): readonly string[] {
  const time = (second: number) => {
    const text = stamp(new Date(second * 1000));
    if (second === 0) return "-";
    return flavour === "http" ? text : text.slice(0, 19).replace(" ", "_");
  };
  return [
    String(table.app_id),
    table.status,
    table.app_name,
    table.app_type,
    String(table.partition_count),
    String(table.max_replica_count),
    "true",
    time(table.create_second),
    time(table.drop_second),
    time(table.expire_second),
    String(Object.keys(table.envs).length),
  ];
}

interface Health {
  readonly full: number;
  readonly unhealthy: number;
  readonly write: number;
  readonly read: number;
}

/** A partition can be written with a primary and more than half of its replicas. */
function healthOf(partitions: readonly PartitionRecord[]): Health {
  const has = (partition: PartitionRecord) => membersOf(partition).length;
  const full = partitions.filter(
    (one) => one.primary !== undefined && has(one) >= one.max_replica_count,
  ).length;
  const write = partitions.filter(
    (one) => one.primary === undefined || has(one) < Math.floor(one.max_replica_count / 2) + 1,
  ).length;
  const read = partitions.filter((one) => one.primary === undefined).length;
  return { full, unhealthy: partitions.length - full, write, read };
}

function shares(table: AppView, flavour: Flavour): readonly (readonly string[])[] {
  const names = new Set(
    table.partitions.flatMap((partition) => membersOf(partition).map(({ name }) => name)),
  );
  const counted = [...names].sort().map((name) => ({
    name,
    primary: table.partitions.filter((partition) => partition.primary?.name === name).length,
    secondary: table.partitions.filter((partition) =>
      partition.secondaries.some((node) => node.name === name),
    ).length,
  }));
  const sum = (key: "primary" | "secondary") => counted.reduce((total, share) => total + share[key], 0);
  const totals = {
    name: flavour === "http" ? "total" : "",
    primary: sum("primary"),
    secondary: sum("secondary"),
  };
  return [...counted, totals].map(({ name, primary, secondary }) => [
    name,
    String(primary),
    String(secondary),
    String(primary + secondary),
  ]);
}
