/**
 * Reads `nodes [-d]` (text, `-j`, `-o` file) and HTTP `/meta/nodes[?detail]`.
 *
 * The status is compared as a whole cell: a search for `ALIVE` also finds `UNALIVE`, and a recovery
 * that is given a dead node ends with ERR_TRY_AGAIN.
 */
import { UnreadableAnswer } from "./answer";
import { count, optionalCount, text } from "./fields";
import type { Row } from "./sections";
import { pairsOf, readSections, rowsOf } from "./sections";

export interface ReplicaServer {
  /** `host:port`, or `ip:port` from servers before 2.6. */
  readonly address: string;
  readonly alive: boolean;
  /** Only with `-d`. */
  readonly replicas?: number;
  readonly primaries?: number;
  readonly secondaries?: number;
}

/** The replica servers that the primary meta knows. */
export function readNodes(body: string): readonly ReplicaServer[] {
  const sections = readSections(body);
  const servers = rowsOf(sections, "details").map(serverFrom);
  const summary = pairsOf(sections, "summary");
  const alive = servers.filter((server) => server.alive).length;
  if (count(summary, "total_node_count") !== servers.length || count(summary, "alive_node_count") !== alive) {
    throw new UnreadableAnswer(
      `${text(summary, "total_node_count")} nodes, ${text(summary, "alive_node_count")} alive, as its summary says`,
      `${servers.length} nodes, ${alive} alive`,
    );
  }
  return servers;
}

/** The file for `recover -f`: the nodes that are alive, one to a line. */
export function recoverNodeList(servers: readonly ReplicaServer[]): string {
  return servers
    .filter((server) => server.alive)
    .map((server) => `${server.address}\n`)
    .join("");
}

function serverFrom(row: Row): ReplicaServer {
  const status = text(row, "status");
  if (status !== "ALIVE" && status !== "UNALIVE") throw new UnreadableAnswer("ALIVE or UNALIVE", status);
  return {
    address: text(row, "address"),
    alive: status === "ALIVE",
    replicas: optionalCount(row, "replica_count"),
    primaries: optionalCount(row, "primary_count"),
    secondaries: optionalCount(row, "secondary_count"),
  };
}
