/**
 * One change of a partition's members: ballot + 1, the lost ones remembered in `last_drops` (three at
 * most, the latest last). Pure; who may ask for a change, and whether the level allows it, is decided
 * where it is written.
 */
import type { ChangeType } from "../server/protocol";
import type { Node, PartitionRecord } from "../server/records";

export function reconfigure(partition: PartitionRecord, type: ChangeType, node: Node): PartitionRecord {
  const others = partition.secondaries.filter(({ name }) => name !== node.name);
  const drops = partition.last_drops.filter(({ name }) => name !== node.name);
  const next = { ...partition, ballot: partition.ballot + 1 };
  switch (type) {
    case "ASSIGN_PRIMARY":
    case "UPGRADE_TO_PRIMARY":
      return { ...next, primary: node, secondaries: others, last_drops: drops };
    case "ADD_SECONDARY":
      return { ...next, secondaries: [...others, node], last_drops: drops };
    case "DOWNGRADE_TO_INACTIVE":
      return {
        ...next,
        primary: partition.primary?.name === node.name ? undefined : partition.primary,
        secondaries: others,
        last_drops: [...drops, node].slice(-3),
      };
  }
}
