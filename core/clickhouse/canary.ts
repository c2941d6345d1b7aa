/**
 * A table that is made, filled, read and dropped again, to see ClickHouse and ZooKeeper work together: create a
 * replicated table on every replica, insert on one, read on all, drop a partition and a column, drop the table. Where a
 * cluster is named, a table is also made and dropped by distributed DDL, whose queue lies in ZooKeeper.
 *
 * It cleans up after itself also when a step fails, and on what an earlier, interrupted canary left behind.
 */
import { UserError } from "../engine/errors";
import { waitFor } from "../engine/wait";
import type { JsonObject } from "../engine/step";
import type { HostAccess } from "../transports/contract";
import type { QueryLogin } from "./query";
import { query } from "./query";

const REPLICATION_TIMEOUT_MS = 60_000;
/** A server that has just reconnected may look at its queue of distributed DDL some seconds later. */
const DISTRIBUTED_TIMEOUT_MS = 60_000;

export interface CanaryOptions {
  readonly database: string;
  /** Cluster for distributed DDL; without one it is not tried. */
  readonly cluster?: string;
  /** Makes the table's name, and so its path in ZooKeeper, unique. */
  readonly run: string;
}

export async function runCanary(
  servers: readonly HostAccess[],
  login: QueryLogin,
  { database, cluster, run }: CanaryOptions,
): Promise<JsonObject> {
  const name = `pulumi_zookeeper_canary_${run.replace(/\W/g, "_")}`;
  const table = `${database}.${name}`;
  const everywhere = (sql: (server: HostAccess, index: number) => string) =>
    Promise.all(servers.map((server, index) => query(server, login, sql(server, index))));
  const [first] = servers;
  if (!first) return {};
  await everywhere(() => `DROP TABLE IF EXISTS ${table}`);
  try {
    await everywhere(
      (server) =>
        `CREATE TABLE ${table} (day Date, id UInt64, spare UInt8) ENGINE = ReplicatedMergeTree(` +
        `'/clickhouse/${name}', '${server.name}', day, id, 8192)`,
    );
    await query(first, login, `INSERT INTO ${table} VALUES ('2020-01-01', 1, 0), ('2020-02-01', 2, 0)`);
    await expectCount(servers, login, table, 2);
    await query(first, login, `ALTER TABLE ${table} DROP PARTITION 202001`);
    await expectCount(servers, login, table, 1);
    await query(first, login, `ALTER TABLE ${table} DROP COLUMN spare`);
    if (cluster !== undefined) await tryDistributed(servers, login, `${table}_ddl`, cluster);
    const names = servers.map((server) => server.name).join(", ");
    return {
      table: `${table}, created on ${names} and dropped again`,
      inserted: `2 rows on ${first.name}, both read on ${names}`,
      partition: `dropped on ${first.name}, 1 row left on ${names}`,
      column: `dropped on ${first.name}`,
      ...(cluster === undefined ? {} : { distributed: `a table made and dropped on cluster ${cluster}` }),
    };
  } finally {
    await everywhere(() => `DROP TABLE IF EXISTS ${table}`);
  }
}

/** The server answers once every host of the cluster has carried it out, or with the host that has not. */
async function tryDistributed(
  servers: readonly HostAccess[],
  login: QueryLogin,
  table: string,
  cluster: string,
): Promise<void> {
  const [first] = servers;
  if (!first) return;
  const onCluster = (sql: string) => query(first, login, sql, DISTRIBUTED_TIMEOUT_MS);
  const drop = `DROP TABLE IF EXISTS ${table} ON CLUSTER '${cluster}'`;
  await onCluster(drop);
  try {
    await onCluster(`CREATE TABLE ${table} ON CLUSTER '${cluster}' (id UInt8) ENGINE = Memory`);
    for (const server of servers) {
      if ((await query(server, login, `EXISTS TABLE ${table}`))[0]?.[0] === "1") continue;
      throw new UserError(
        `${server.name}: no ${table} after CREATE TABLE … ON CLUSTER '${cluster}' on ${first.name}: distributed DDL does ` +
          "not reach it. Compare the cluster's hosts in remote_servers with the consumer's.",
      );
    }
  } finally {
    await onCluster(drop);
  }
}

async function expectCount(
  servers: readonly HostAccess[],
  login: QueryLogin,
  table: string,
  expected: number,
): Promise<void> {
  await Promise.all(
    servers.map(async (server) => {
      const sight = await waitFor(
        async () => {
          const found = (await query(server, login, `SELECT count() FROM ${table}`))[0]?.[0];
          return { done: found === String(expected), found: String(found) };
        },
        { timeoutMs: REPLICATION_TIMEOUT_MS, everyMs: 50 },
      );
      if (!sight.done) {
        throw new UserError(
          `${server.name}: the canary table holds ${sight.found} rows after ${REPLICATION_TIMEOUT_MS / 1000} s, ` +
            `expected ${expected}: replication does not work.`,
        );
      }
    }),
  );
}
