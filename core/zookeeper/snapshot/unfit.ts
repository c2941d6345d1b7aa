/**
 * What the servers of the destination could not load, or would delete as they start.
 *
 * Asked twice: of the newest snapshot while the origin still serves, so that most refusals cost no pause, and of the
 * folded tree, which alone is complete.
 */
import type { Complaint } from "../../engine/errors";
import type { JsonObject } from "../../engine/step";
import type { TreeSummary } from "../files/tree-summary";
import type { ZnodeKind } from "../files/znode";

export interface Limits {
  /** Bytes. */
  readonly juteMaxBuffer: number;
  /** Whether TTL znodes live on there. */
  readonly extendedTypes: boolean;
  readonly format: "3.4" | "3.6+";
  /** Znodes of a kind that dies there may die. */
  readonly acceptDataLoss: boolean;
}

export function limitsOf(args: JsonObject): Limits {
  return {
    juteMaxBuffer: Number(args["juteMaxBuffer"]),
    extendedTypes: args["extendedTypes"] === true,
    format: args["format"] === "3.4" ? "3.4" : "3.6+",
    acceptDataLoss: args["acceptDataLoss"] === true,
  };
}

/** What servers take for ephemerals of dead sessions, since they do not know it or are not told to. */
export function mortalKinds({ format, extendedTypes }: Limits): ReadonlySet<ZnodeKind> {
  return new Set<ZnodeKind>([
    ...(format === "3.4" ? (["container"] as const) : []),
    ...(extendedTypes ? [] : (["ttl", "ttl353"] as const)),
  ]);
}

/** @param where the servers that are to load the tree, for the message */
export function complainUnfit(where: string, limits: Limits, tree: TreeSummary): Complaint[] {
  const complaints: Complaint[] = [];
  // A znode travels with its path and stat in one record (DataTree.serializeNode): some room for them.
  const needed = tree.largest.bytes + 1024;
  if (needed > limits.juteMaxBuffer) {
    complaints.push({
      where: tree.largest.path,
      found: `a znode of ${tree.largest.bytes} bytes`,
      expected: `less than jute.maxbuffer of ${where}, which are to load it (${limits.juteMaxBuffer})`,
      next:
        `Start them with -Djute.maxbuffer=${2 ** Math.ceil(Math.log2(needed))} (in the target's jvm.flags; ` +
        "it has no effect in zoo.cfg), or make the znode smaller.",
    });
  }
  if (limits.acceptDataLoss) return complaints;
  const mortal = mortalKinds(limits);
  const found = [
    ["container", "container", tree.containers],
    ["ttl", "TTL", tree.ttls],
    ["ttl353", "TTL (of 3.5.3)", tree.ttls353],
  ] as const;
  for (const [kind, name, { count, paths }] of found) {
    if (!mortal.has(kind) || count === 0) continue;
    complaints.push({
      where,
      found: `${count} ${name} znode${count === 1 ? "" : "s"} to load, for example ${paths.join(", ")}`,
      expected: "only kinds that these servers keep: they would delete them as they start",
      next:
        (limits.format === "3.4" ? "" : "Set extendedTypesEnabled=true there, or ") +
        "remove the znodes, or accept that they become persistent and nobody ends them: acceptDataLoss: true, then pulumi up.",
    });
  }
  return complaints;
}
