/** What speaks against a move as a whole, beside what ensembles and consumers have against it. Pure. */
import type { Complaint } from "../engine/errors";
import type { EnsembleFacts } from "../zookeeper/observe";
import type { Side } from "../zookeeper/side";
import { quorumOf } from "../zookeeper/side";
import type { MigrationDesired } from "./desired";

export function complainForeign(
  desired: MigrationDesired,
  foreign: ReadonlyMap<string, number>,
): Complaint[] {
  if (desired.acceptForeignClients || desired.fence === "consumersOnly") return [];
  return [...foreign].map(([address, connections]) => ({
    where: address,
    found: `${connections} connection${connections === 1 ? "" : "s"} to the source, and no consumer at that address`,
    expected: "only the consumers' clients, since the source will be stopped",
    next:
      "Find out whose it is. Then add it to the consumers (or to their writers.addresses), end it, choose fence " +
      "consumersOnly, or set acceptForeignClients: true to cut it off.",
  }));
}

export function complainNewer(desired: MigrationDesired, ensemble: EnsembleFacts): Complaint[] {
  const { version } = ensemble;
  if (version === undefined || compareVersions(version, desired.target.version) <= 0) return [];
  return [
    {
      where: "target.version",
      found: `${desired.target.version}, while the source runs ${version}`,
      expected: "the source's version or a newer one",
      next: "An older server may not read a newer one's files. Choose a newer target version.",
    },
  ];
}

export function complainQuorum(side: Side, reachableServers: number): Complaint[] {
  if (reachableServers >= quorumOf(side)) return [];
  return [
    {
      where: side.servers.map((server) => server.name).join(", "),
      found: `${reachableServers} of ${side.servers.length} hosts reachable`,
      expected: `at least ${quorumOf(side)}, a quorum`,
      next: "Bring hosts back: an ensemble without a quorum cannot take the data.",
    },
  ];
}

/** The digest behind the tree came with 3.6. */
export function formatOf(version: string): "3.4" | "3.6+" {
  return compareVersions(version, "3.6.0") >= 0 ? "3.6+" : "3.4";
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
