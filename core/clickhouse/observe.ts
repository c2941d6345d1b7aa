/** What there is of a ClickHouse replica set: its configuration, its version, and how its replicas are. */
import { UserError } from "../engine/errors";
import type { HostAccess, World } from "../transports/contract";
import { namesOf } from "../zookeeper/desired";
import type { ClickHouseDesired } from "./desired";
import type { QueryLogin } from "./query";
import { query } from "./query";

export interface ReplicaServerFacts {
  readonly name: string;
  readonly address: string;
  readonly unreachable?: string;
  /** Bytes of the configuration file; absent when there is none. */
  readonly config?: Buffer;
  /** Version of the installed binary: the same whether or not the server runs. */
  readonly version?: string;
  /** What is wrong with its replicated tables, in words; undefined when the server does not answer. */
  readonly troubles?: readonly string[];
}

export interface ClickHouseFacts {
  readonly servers: readonly ReplicaServerFacts[];
}

export async function observeClickHouse(world: World, desired: ClickHouseDesired): Promise<ClickHouseFacts> {
  return {
    servers: await Promise.all(namesOf(desired.hosts).map((name) => observeServer(world, desired, name))),
  };
}

async function observeServer(
  world: World,
  desired: ClickHouseDesired,
  name: string,
): Promise<ReplicaServerFacts> {
  const address = desired.hosts[name]?.address ?? desired.hosts[name]?.connection.host ?? name;
  try {
    const host = world.host(name);
    const [config, version, troubles] = await Promise.all([
      host.readFile(desired.configPath),
      installedVersion(host),
      troublesOf(host, desired.query).catch((error: unknown) => {
        if (error instanceof UserError) return undefined;
        throw error;
      }),
    ]);
    return { name, address, config, version, troubles };
  } catch (error) {
    if (error instanceof UserError) return { name, address, unreachable: error.message };
    throw error;
  }
}

async function installedVersion(host: HostAccess): Promise<string | undefined> {
  const { stdout } = await host.script("clickhouse-server --version 2>/dev/null | head -n 1", [], {
    accept: "any",
  });
  return /\d+\.\d+(\.\d+)*/.exec(stdout)?.[0];
}

/**
 * Every replicated table that is not well, in words. `zookeeper_exception` exists only in newer versions
 * (from 21.x on), so it is asked for apart.
 */
export async function troublesOf(host: HostAccess, login: QueryLogin): Promise<string[]> {
  const rows = await query(
    host,
    login,
    "SELECT database, table, is_readonly, is_session_expired, active_replicas, total_replicas FROM system.replicas",
  );
  return rows.flatMap(([database, table, readonly, expired, active, total]) => {
    const name = `${database}.${table}`;
    if (readonly !== "0") return [`${name} is read-only`];
    if (expired !== "0") return [`${name} has lost its ZooKeeper session`];
    if (active !== total) return [`${name} has ${active} of ${total} replicas active`];
    return [];
  });
}

/** Hot reload of the ZooKeeper section came with 20.10; older servers read it at start only. */
export function reloadsZooKeeper(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 10);
}
