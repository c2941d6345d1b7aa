/**
 * What the servers of the destination could not load, or would delete as they start.
 *
 * Asked of the newest snapshot and of the folded tree while the origin still serves, so that such a refusal costs no
 * pause, and of the little that was written since, once it is fenced.
 */
import type { Complaint } from "../../engine/errors";
import type { JsonObject } from "../../engine/step";
import type { Tail } from "../files/tail-writer";
import type { Sample, TreeSummary } from "../files/tree-summary";
import { OpCode, UNKNOWN_TO_34 } from "../files/txn-types";
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

/** Transactions that are said in older terms for these servers: unknown to them, or of a kind that dies there. */
export function unknownTypes(limits: Limits): ReadonlySet<number> {
  const mortal = mortalKinds(limits);
  return new Set([
    ...(limits.format === "3.4" ? UNKNOWN_TO_34 : []),
    ...(mortal.has("ttl") ? [OpCode.createTTL] : []),
  ]);
}

/** @param where the servers that are to load the tree, for the message */
export function complainUnfit(where: string, limits: Limits, tree: TreeSummary): Complaint[] {
  return [
    ...complainLargest(where, limits, "a znode", tree.largest),
    ...complainMortal(where, limits, [
      ["container", "container", tree.containers],
      ["ttl", "TTL", tree.ttls],
      ["ttl353", "TTL (of 3.5.3)", tree.ttls353],
    ]),
  ];
}

/** As {@link complainUnfit}, of what was written since. */
export function complainTail(where: string, limits: Limits, { largest, created }: Tail): Complaint[] {
  return [
    ...complainLargest(where, limits, "a transaction", largest),
    ...complainMortal(where, limits, [
      ["container", "container", created.container],
      ["ttl", "TTL", created.ttl],
    ]),
  ];
}

function complainLargest(
  where: string,
  limits: Limits,
  what: string,
  { path, bytes }: { readonly path: string; readonly bytes: number },
): Complaint[] {
  // A znode travels with its path and stat in one record (DataTree.serializeNode): some room for them.
  const needed = bytes + 1024;
  if (needed <= limits.juteMaxBuffer) return [];
  return [
    {
      where: path,
      found: `${what} of ${bytes} bytes`,
      expected: `less than jute.maxbuffer of ${where}, which are to load it (${limits.juteMaxBuffer})`,
      next:
        `Start them with -Djute.maxbuffer=${2 ** Math.ceil(Math.log2(needed))} (in the target's jvm.flags; ` +
        "it has no effect in zoo.cfg), or make the znode smaller.",
    },
  ];
}

function complainMortal(
  where: string,
  limits: Limits,
  found: readonly (readonly [kind: ZnodeKind, name: string, sample: Sample])[],
): Complaint[] {
  if (limits.acceptDataLoss) return [];
  const mortal = mortalKinds(limits);
  return found
    .filter(([kind, , { count }]) => mortal.has(kind) && count > 0)
    .map(([, name, { count, paths }]) => ({
      where,
      found: `${count} ${name} znode${count === 1 ? "" : "s"} to load, for example ${paths.join(", ")}`,
      expected: "only kinds that these servers keep: they would delete them as they start",
      next:
        (limits.format === "3.4" ? "" : "Set extendedTypesEnabled=true there, or ") +
        "remove the znodes, or accept that they become persistent and nobody ends them: acceptDataLoss: true, then pulumi up.",
    }));
}
