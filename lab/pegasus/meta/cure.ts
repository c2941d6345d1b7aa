/**
 * Brings partitions back to their full number of replicas: one proposal for each partition at a time.
 *
 * Order: take dead members out, then see to a primary, then to secondaries. The meta only proposes; the
 * replica server acts and reports back by `update-config`. So a replica server that is in no state to act
 * (its lease had not run out when the metadata was rebuilt) ignores proposals for ever, as the real one does.
 */
import { type ChangeType, call } from "../server/protocol";
import type { Log } from "../server/log";
import { type Node, type PartitionRecord, membersOf } from "../server/records";
import type { MetaState } from "./state";

export interface Proposal {
  readonly type: ChangeType;
  /** Who is asked to act. */
  readonly target: Node;
  /** Whom it is about. */
  readonly node: Node;
}

/** What a partition needs next, or undefined when it is complete or nothing can be done for it. */
export function proposeFor(partition: PartitionRecord, state: MetaState): Proposal | undefined {
  const { primary, secondaries } = partition;
  if (primary === undefined) {
    const heir = secondaries.find((node) => state.isAlive(node));
    if (heir !== undefined) return { type: "UPGRADE_TO_PRIMARY", target: heir, node: heir };
    const first = firstPrimary(partition, state);
    return first && { type: "ASSIGN_PRIMARY", target: first, node: first };
  }
  const dead = secondaries.find((node) => !state.isAlive(node));
  if (dead !== undefined) return { type: "DOWNGRADE_TO_INACTIVE", target: primary, node: dead };
  if (membersOf(partition).length >= partition.max_replica_count) return undefined;
  const node = newSecondary(partition, state);
  return node && { type: "ADD_SECONDARY", target: primary, node };
}

/** Sends a proposal; whatever comes back, the next round looks at the partition again. */
export async function propose(
  proposal: Proposal,
  partition: PartitionRecord,
  state: MetaState,
  log: Log,
): Promise<void> {
  const app = state.apps.get(Number(partition.pid.split(".")[0]));
  if (app === undefined) return;
  const { partitions: _, ...record } = app;
  const { type, target, node } = proposal;
  log.info(
    "send_proposal()",
    `send proposal ${type} of gpid(${partition.pid}) to ${target.name}, node(${node.name})`,
  );
  await call(target.name, "proposal", { type, node, app: record, config: partition });
}

/**
 * A new partition's first primary, or the latest of the dropped when both of the last two are back: with one
 * of them missing, the other may not hold the last writes.
 */
function firstPrimary(partition: PartitionRecord, state: MetaState): Node | undefined {
  if (partition.last_drops.length > 0) {
    const lastTwo = partition.last_drops.slice(-2);
    return lastTwo.every((node) => state.isAlive(node)) ? lastTwo.at(-1) : undefined;
  }
  return leastLoaded(
    state.nodes.filter(({ alive }) => alive),
    (node) => state.loadOf(node).primaries,
  );
}

function newSecondary(partition: PartitionRecord, state: MetaState): Node | undefined {
  const members = new Set(membersOf(partition).map(({ name }) => name));
  const known = [...partition.last_drops]
    .reverse()
    .find((node) => state.isAlive(node) && !members.has(node.name));
  const free = state.nodes.filter(({ alive, name }) => alive && !members.has(name));
  return known ?? leastLoaded(free, (node) => state.loadOf(node).total);
}

function leastLoaded(nodes: readonly Node[], load: (node: Node) => number): Node | undefined {
  const [first] = nodes.map((node) => ({ node, load: load(node) })).sort((a, b) => a.load - b.load);
  return first && { name: first.node.name, ip: first.node.ip };
}
