/** The two sides of a migration, and which is left and which is joined. */
import type { EnsembleFacts } from "../zookeeper/observe";
import type { Side } from "../zookeeper/side";
import { sideOfExisting, sideOfManaged } from "../zookeeper/side";
import type { EitherEnsemble, MigrationDesired } from "./desired";
import { isManaged } from "./desired";
import type { ActiveSide } from "./history";

export function sideOf(ensemble: EitherEnsemble): Side {
  return isManaged(ensemble) ? sideOfManaged(ensemble) : sideOfExisting(ensemble);
}

export function sidesOf(desired: MigrationDesired, to: ActiveSide): { from: Side; to: Side } {
  const source = sideOf(desired.source);
  const target = sideOfManaged(desired.target);
  return to === "target" ? { from: source, to: target } : { from: target, to: source };
}

/** Names of the servers that do not serve, whether their hosts can be reached or not. */
export function silentIn(...ensembles: readonly EnsembleFacts[]): ReadonlySet<string> {
  const all = ensembles.flatMap(({ servers }) => servers);
  return new Set(all.filter(({ seen }) => seen?.answer.kind !== "serving").map(({ server }) => server.name));
}

/** The existing ensemble with the limits that its running servers really have. */
export function withFlags(ensemble: EitherEnsemble, facts: EnsembleFacts): Side {
  if (isManaged(ensemble)) return sideOfManaged(ensemble);
  const seen = facts.servers.flatMap((one) => (one.seen?.pid === undefined ? [] : [one.seen]));
  if (seen.length === 0) return sideOfExisting(ensemble);
  return sideOfExisting(ensemble, {
    juteMaxBuffer: Math.min(...seen.map((one) => one.juteMaxBuffer)),
    extendedTypes: seen.every((one) => one.extendedTypes),
  });
}
