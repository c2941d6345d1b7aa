/**
 * Plans the move of parts of a tree over the wire, or of nothing at all where a consumer rebuilds its own; both
 * ensembles go on serving others.
 *
 * Order: both serve → set the destination's old content aside as a dump → the consumers get quiet → bulk copy → they
 * stop → copy the difference, read both sides again and prove them equal. The bulk makes the pause short; only what
 * is copied after the stop counts, since quiet consumers may still write.
 *
 * The way back is this very plan with the sides changed. Pure.
 */
import type { Plan, Stage, Step } from "../../engine/step";
import { joinedStep } from "../service-steps";
import { sayServers, type Server, type Side } from "../side";

export interface TreeMoveDesired {
  readonly operation: "forward" | "back";
  readonly origin: Side;
  readonly destination: Side;
  /** Names of servers that do not serve, while a quorum does: it goes without them. @default none */
  readonly silent?: ReadonlySet<string>;
  /** Paths on the servers, without any chroot; empty where a consumer rebuilds what it needs. */
  readonly roots: readonly string[];
  /** Left out on both sides, with all below them: where clients queue for a lock, for example. */
  readonly excluded: readonly string[];
  /** The consumers' own, in two halves: until they hardly write, until they are gone. */
  readonly fence: { readonly quiet: readonly Stage[]; readonly stop: readonly Stage[] };
}

export function planTreeMove(whole: TreeMoveDesired): Plan {
  const serves = ({ name }: Server) => !whole.silent?.has(name);
  const serving = (side: Side) => ({ ...side, servers: side.servers.filter(serves) });
  const desired = { ...whole, origin: serving(whole.origin), destination: serving(whole.destination) };
  const { origin, destination, roots, fence, operation } = desired;
  const copies = roots.length > 0;
  const via = destination.servers[0];
  if (!via) throw new Error("an ensemble without servers");
  const when = (steps: readonly Step[]): readonly Step[] => (copies ? steps : []);
  const stages: Stage[] = [
    { phase: "prepare", steps: [joinedStep(destination, via, 60_000)] },
    { phase: "prepare", steps: when([setAsideStep(desired)]) },
    ...fence.quiet,
    { phase: "copy", steps: when([bulkStep(desired)]) },
    ...fence.stop,
    { phase: "copy", steps: when([proveStep(desired)]) },
  ];
  const asked = [...(copies ? whole.origin.servers : []), ...whole.destination.servers];
  const servers = asked.filter((server) => !serves(server));
  const without = servers.length === 0 ? "" : `, without ${sayServers({ servers })}, not serving`;
  const what = copies ? `copy ${roots.join(", ")}` : "move no data";
  return {
    title: `${what} from ${sayServers(copies ? origin : whole.origin)} to ${sayServers(destination)}${without}`,
    operation,
    stages: stages.filter(({ steps }) => steps.length > 0),
  };
}

function setAsideStep(desired: TreeMoveDesired): Step {
  return {
    id: "set aside what is there",
    host: hostOf(desired),
    kind: "tree.setAside",
    args: treeArgs(desired),
    says: `keep a dump of ${desired.roots.join(", ")} as found, beside the journal`,
  };
}

function bulkStep(desired: TreeMoveDesired): Step {
  return {
    id: "copy the bulk",
    host: hostOf(desired),
    kind: "tree.copy",
    args: treeArgs(desired),
    says: `copy ${desired.roots.join(", ")} while writes are few; ephemerals stay behind`,
  };
}

function proveStep(desired: TreeMoveDesired): Step {
  return {
    id: "prove the copy",
    host: hostOf(desired),
    kind: "tree.prove",
    proves: "the copy is the same",
    args: treeArgs(desired),
    says:
      "copy what has changed since, remove what is gone; read both sides again: same paths, data and ACLs, no sequence counter " +
      "behind",
  };
}

/** What a handler needs that copies from one side to the other. */
export function treeArgs({
  origin,
  destination,
  roots,
  excluded,
}: Pick<TreeMoveDesired, "origin" | "destination" | "roots" | "excluded">) {
  const ends = (side: Side) => ({ servers: side.servers.map(({ name }) => name), port: side.clientPort });
  return { origin: ends(origin), destination: ends(destination), roots: [...roots], excluded: [...excluded] };
}

function hostOf({ destination }: TreeMoveDesired): string {
  return destination.servers[0]?.name ?? "ops";
}
