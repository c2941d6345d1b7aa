/**
 * What a cluster was just before its metas stopped: the backup that the published procedure asks for (`ls`, `nodes`),
 * and what the proof afterwards compares with. It travels in the journal, and lies as a file beside it.
 */
import { UserError } from "../engine/errors";
import type { JsonObject } from "../engine/step";
import type { App } from "./read/apps";
import type { MetaLevel } from "./read/meta-level";
import type { ReplicaServer } from "./read/nodes";

export interface ClusterRecord {
  /** Short host name of the meta that led. */
  readonly primary: string;
  /** As it was set. */
  readonly level: MetaLevel;
  /** Whether too few replica servers were ALIVE for that level to be in force: the cluster was freezed, and may be so again. */
  readonly freezed?: boolean;
  /** `zookeeper_root` of `cluster_info`. */
  readonly root: string;
  readonly nodes: readonly ReplicaServer[];
  /** With dropped ones. */
  readonly apps: readonly App[];
  /** `zookeeper_hosts` of `cluster_info`, without a chroot. */
  readonly hostsList?: string;
  /** Made before the metas last worked, since nobody was left to be asked afterwards: tables may have come since. */
  readonly older?: boolean;
  /** Seconds without a meta after which every replica server is INACTIVE. */
  readonly leaseSeconds: number;
}

export function recordId(consumer: string): string {
  return `record ${consumer}`;
}

export function toJson(record: ClusterRecord): JsonObject {
  return JSON.parse(JSON.stringify(record)) as JsonObject;
}

/** Our own JSON back: a step's result, or a plan's argument. */
export function fromJson(value: unknown): ClusterRecord | undefined {
  return typeof value === "object" && value !== null && "primary" in value
    ? (value as ClusterRecord)
    : undefined;
}

/** Of a plan that is carried out after a fence. @throws UserError when the journal held none at planning */
export function recordIn(args: JsonObject): ClusterRecord {
  const found = fromJson(args["record"]);
  if (found) return found;
  throw new UserError(
    "the journal holds no record of the cluster from before its metas stopped: run the move first",
  );
}
