/** The tables of `cluster_info` and `nodes`, for the shell and for HTTP. */
import type { ClusterView } from "../server/protocol";
import { type Node, membersOf } from "../server/records";
import type { PairsTable, Table } from "./tables";

/** `clusterName` is the shell's to know; HTTP has none. */
export function clusterInfo(view: ClusterView, clusterName?: string): PairsTable {
  const [primaries, totals] = spread(view);
  return {
    name: "cluster_info",
    pairs: [
      ["meta_servers", view.metaServers],
      ["primary_meta_server", view.primaryMetaServer],
      ["zookeeper_hosts", view.zookeeperHosts],
      ["zookeeper_root", view.zookeeperRoot],
      ["meta_function_level", view.level],
      ["balance_operation_count", view.release === "2.5" ? OPERATIONS_2_5 : OPERATIONS],
      ["primary_replica_count_stddev", primaries],
      ["total_replica_count_stddev", totals],
      ...(clusterName === undefined ? [] : [["cluster_name", clusterName] as const]),
    ],
  };
}

/** `shown` filters as `-s` does; detail adds the counts. */
export function nodes(
  view: ClusterView,
  detailed: boolean,
  shown: "all" | "alive" | "unalive" = "all",
): readonly Table[] {
  const listed = view.nodes.filter((node) => shown === "all" || node.alive === (shown === "alive"));
  const alive = listed.filter((node) => node.alive).length;
  return [
    {
      name: "details",
      columns: [
        "address",
        "status",
        ...(detailed ? ["replica_count", "primary_count", "secondary_count"] : []),
      ],
      rows: listed.map((node) => [
        node.name,
        node.alive ? "ALIVE" : "UNALIVE",
        ...(detailed ? countsOf(view, node) : []),
      ]),
      rightFrom: 2,
    },
    {
      name: "summary",
      pairs: [
        ["total_node_count", String(listed.length)],
        ["alive_node_count", String(alive)],
        ["unalive_node_count", String(listed.length - alive)],
      ],
    },
  ];
}

/** The balancer does nothing in a stand-in. */
const OPERATIONS = '{\n  "copy_pri": 0,\n  "copy_sec": 0,\n  "move_pri": 0,\n  "total": 0\n}';
const OPERATIONS_2_5 = "move_pri=0,copy_pri=0,copy_sec=0,total=0";

function countsOf(view: ClusterView, node: Node): readonly string[] {
  const { primaries, total } = held(view, node);
  return [String(total), String(primaries), String(total - primaries)];
}

function held(view: ClusterView, node: Node): { primaries: number; total: number } {
  const partitions = view.apps.filter((app) => app.status === "AVAILABLE").flatMap((app) => app.partitions);
  return {
    primaries: partitions.filter((partition) => partition.primary?.name === node.name).length,
    total: partitions.filter((partition) => membersOf(partition).some(({ name }) => name === node.name))
      .length,
  };
}

/** Standard deviations over the nodes that hold anything. */
function spread(view: ClusterView): readonly [primaries: string, totals: string] {
  const counts = view.nodes.map((node) => held(view, node)).filter(({ total }) => total > 0);
  return [deviation(counts.map(({ primaries }) => primaries)), deviation(counts.map(({ total }) => total))];
}

function deviation(values: readonly number[]): string {
  if (values.length === 0) return "0.00";
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.sqrt(variance).toFixed(2);
}
