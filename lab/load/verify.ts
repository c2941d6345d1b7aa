/**
 * Looks for everything a ledger says was acknowledged: each row on each replica with its payload, each znode with
 * its content and ACL.
 *
 * Rows reach the other replica after the acknowledgement, so a row is missing only when it has not come in a while.
 */
import { createHash } from "node:crypto";
import { query } from "../clickhouse";
import type { HostSpec } from "../layout";
import { until } from "../wait";
import { openZooKeeper, ZkFailure, type ZooKeeperSession } from "../zookeeper-session";
import { payloadOf } from "./insert-writer";
import type { InsertEntry, LedgerEntry, ZnodeEntry } from "./ledger";
import { digestIdentity, LOAD_DIGEST } from "./znode-writer";

const REPLICATED_WITHIN_MS = 30_000;
const READS_IN_FLIGHT = 64;

export interface Verdict {
  readonly rows: number;
  readonly znodes: number;
  /** One line for each thing that was acknowledged and is not there, or not as it was written. */
  readonly missing: readonly string[];
}

/** @param replicas every one of them must hold every row */
export async function verifyLedger(
  entries: readonly LedgerEntry[],
  connectString: string,
  replicas: readonly HostSpec[],
): Promise<Verdict> {
  const inserts = entries.filter((entry): entry is InsertEntry => entry.kind === "insert");
  const znodes = entries.filter(
    (entry): entry is ZnodeEntry => entry.kind === "znode" && entry.shape !== "ephemeral",
  );
  const missing = [
    ...(await Promise.all(replicas.map((replica) => missingRows(replica, inserts)))).flat(),
    ...(await missingZnodes(connectString, znodes)),
  ];
  return {
    rows: inserts.reduce((sum, entry) => sum + entry.to - entry.from + 1, 0),
    znodes: znodes.length,
    missing,
  };
}

async function missingRows(replica: HostSpec, inserts: readonly InsertEntry[]): Promise<string[]> {
  let missing: string[] = [];
  await until(
    `${replica.name}: all acknowledged rows`,
    async () => {
      missing = await lookForRows(replica, inserts);
      return missing.length === 0 ? undefined : `${missing.length} are not there`;
    },
    REPLICATED_WITHIN_MS,
  ).catch((error: unknown) => {
    if (missing.length === 0) missing = [error instanceof Error ? error.message : String(error)];
  });
  return missing;
}

async function lookForRows(replica: HostSpec, inserts: readonly InsertEntry[]): Promise<string[]> {
  const missing: string[] = [];
  for (const table of new Set(inserts.map((entry) => entry.table))) {
    const found = new Map<string, string>();
    const rows = await query(replica, `SELECT writer, id, payload FROM lab.${table} FORMAT TabSeparated`);
    for (const row of rows.split("\n")) {
      const [writer = "", id = "", payload = ""] = row.split("\t");
      found.set(`${writer} ${id}`, payload);
    }
    for (const { writer, from, to } of inserts.filter((entry) => entry.table === table)) {
      for (let id = from; id <= to; id++) {
        const payload = found.get(`${writer} ${id}`);
        if (payload === undefined) missing.push(`${replica.name}: lab.${table} lacks row ${id} of ${writer}`);
        else if (payload !== payloadOf(writer, id)) {
          missing.push(`${replica.name}: lab.${table} row ${id} of ${writer} has another payload`);
        }
      }
    }
  }
  return missing;
}

async function missingZnodes(connectString: string, znodes: readonly ZnodeEntry[]): Promise<string[]> {
  if (znodes.length === 0) return [];
  const session = await openZooKeeper(connectString, { digest: LOAD_DIGEST });
  try {
    await session.sync("/");
    const missing: string[] = [];
    let next = 0;
    const reader = async () => {
      for (let entry = znodes[next++]; entry; entry = znodes[next++]) {
        const wrong = await whatIsWrong(session, entry);
        if (wrong) missing.push(`${entry.path}: ${wrong}`);
      }
    };
    await Promise.all(Array.from({ length: READS_IN_FLIGHT }, reader));
    return missing;
  } finally {
    await session.close();
  }
}

async function whatIsWrong(session: ZooKeeperSession, entry: ZnodeEntry): Promise<string | undefined> {
  try {
    const { data } = await session.get(entry.path);
    const sum = createHash("sha256").update(data).digest("hex");
    if (sum !== entry.sha256) return `found ${data.length} bytes, wrote ${entry.bytes}; the content differs`;
    const [acl] = await session.getAcl(entry.path);
    const expected = entry.acl === "open" ? "world:anyone" : `digest:${digestIdentity(LOAD_DIGEST)}`;
    const found = `${acl?.scheme}:${acl?.auth}`;
    return found === expected ? undefined : `ACL is ${found}, was set to ${expected}`;
  } catch (error) {
    if (error instanceof ZkFailure) return `ZooKeeper answers code ${error.code}`;
    throw error;
  }
}
