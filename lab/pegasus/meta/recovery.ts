/**
 * `recover`: rebuilds tables and partitions out of what the listed replica servers hold.
 *
 * Every node is asked at once; only when all have answered (or may be skipped) and every partition has a
 * replica (or may be lost) is anything written. What comes back is a primary for each partition and no
 * secondaries; dropped tables come back as available ones; duplication and backup policies do not come back.
 */
import type { Release } from "../server/config";
import { type AppView, type ErrorCode, type StoredReplica, call } from "../server/protocol";
import type { AppRecord, Node, PartitionRecord } from "../server/records";

export interface Collected {
  readonly node: Node;
  readonly replica: StoredReplica;
}

export interface Rebuilt {
  readonly err: ErrorCode;
  readonly hint: string;
  readonly apps: readonly AppView[];
}

export interface RecoveryRequest {
  readonly nodes: readonly string[];
  readonly skipBadNodes: boolean;
  readonly skipLostPartitions: boolean;
}

export async function rebuild(
  request: RecoveryRequest,
  nodeOf: (name: string) => Node,
  release: Release,
): Promise<Rebuilt> {
  const answers = await Promise.all(
    request.nodes.map(async (name) => ({ name, reply: await call(name, "query-replicas", {}) })),
  );
  const bad = answers.filter(({ reply }) => reply.err !== "ERR_OK");
  const badHints = bad.map(({ name, reply }) => badNodeHint(name, reply.err, request.skipBadNodes));
  // 2.6 puts no line end behind this hint; 2.5 does.
  const hints = badHints.map((hint) => (release === "2.5" ? `${hint}\n` : hint)).join("");
  if (bad.length > 0 && !request.skipBadNodes) return { err: "ERR_TRY_AGAIN", hint: hints, apps: [] };

  const collected = answers.flatMap(({ name, reply }) =>
    (reply.replicas ?? []).map((replica) => ({ node: nodeOf(name), replica })),
  );
  return construct(collected, request.skipLostPartitions, hints);
}

/** Tables and partitions out of replicas. Pure. */
export function construct(collected: readonly Collected[], skipLost: boolean, hintsBefore = ""): Rebuilt {
  let hint = hintsBefore;
  let lost = false;
  const apps = withUniqueNames(collected).map((app) => {
    const partitions = Array.from({ length: app.partition_count }, (_, index) => {
      const pid = `${app.app_id}.${index}`;
      const replicas = collected.filter(({ replica }) => replica.gpid === pid);
      if (replicas.length === 0) {
        lost = true;
        hint += skipLost
          ? `WARNING: partition(${pid}) has no replica collected, force recover the lost partition to empty\n`
          : `ERROR: partition(${pid}) has no replica collected, you can force recover it by set skip_lost_partitions option\n`;
      } else if (replicas.length < app.max_replica_count) {
        hint += `WARNING: partition(${pid}) only collects ${replicas.length}/${app.max_replica_count} of replicas, may lost data\n`;
      }
      return partitionFrom(pid, app, replicas);
    });
    return { ...app, partitions };
  });
  return lost && !skipLost ? { err: "ERR_TRY_AGAIN", hint, apps: [] } : { err: "ERR_OK", hint, apps };
}

/** Of two tables with one name, the one with the highest id keeps it; the others become `{name}-{id}`. */
function withUniqueNames(collected: readonly Collected[]): readonly AppRecord[] {
  const byId = new Map(collected.map(({ replica }) => [replica.app.app_id, replica.app]));
  const newestFirst = [...byId.values()].sort((a, b) => b.app_id - a.app_id);
  const names = new Set<string>();
  return newestFirst
    .map((app): AppRecord => {
      const name = names.has(app.app_name) ? `${app.app_name}-${app.app_id}` : app.app_name;
      names.add(name);
      return {
        ...app,
        app_name: name,
        status: "AVAILABLE",
        duplicating: false,
        drop_second: 0,
        expire_second: 0,
      };
    })
    .reverse();
}

/** The replica with the highest ballot, then decree, leads; among equals the node that was listed first. */
function partitionFrom(pid: string, app: AppRecord, replicas: readonly Collected[]): PartitionRecord {
  const ranked = [...replicas].sort(
    (a, b) => b.replica.ballot - a.replica.ballot || b.replica.decree - a.replica.decree,
  );
  const [best, ...others] = ranked;
  return {
    pid,
    ballot: best?.replica.ballot ?? 0,
    max_replica_count: app.max_replica_count,
    primary: best?.node,
    secondaries: [],
    last_drops: others
      .map(({ node }) => node)
      .reverse()
      .slice(-3),
    last_committed_decree: best?.replica.decree ?? 0,
  };
}

function badNodeHint(name: string, err: ErrorCode, skipped: boolean): string {
  const failed = `collect app and replica info from node(${name}) failed with err(${err})`;
  return skipped
    ? `WARNING: ${failed}, skip the bad node`
    : `ERROR: ${failed}, you can skip it by set skip_bad_nodes option`;
}
