/**
 * What the stand-in's processes say to one another: JSON over HTTP POST at `/stand-in/rpc/<call>`, on the
 * port where the real servers speak Thrift. It is nobody's protocol but the stand-in's; the product must
 * never use it, and its path says so.
 */
import { request } from "node:http";
import type { Release } from "./config";
import type { AppRecord, Node, PartitionRecord } from "./records";

/** Pegasus's error codes, as far as the stand-in uses them. */
export type ErrorCode = `ERR_${string}`;

export interface AppView extends AppRecord {
  readonly partitions: readonly PartitionRecord[];
}

/** All that a shell command can show. */
export interface ClusterView {
  readonly release: Release;
  readonly metaServers: string;
  readonly primaryMetaServer: string;
  readonly zookeeperHosts: string;
  readonly zookeeperRoot: string;
  /** In force. */
  readonly level: string;
  readonly levelSet: string;
  readonly nodes: readonly (Node & { readonly alive: boolean })[];
  readonly apps: readonly AppView[];
}

/** A replica as its own server keeps it. */
export interface StoredReplica {
  readonly gpid: string;
  readonly app: AppRecord;
  readonly ballot: number;
  readonly decree: number;
}

export type ChangeType = "ASSIGN_PRIMARY" | "UPGRADE_TO_PRIMARY" | "ADD_SECONDARY" | "DOWNGRADE_TO_INACTIVE";

export interface Calls {
  /** Shell → meta; `task` only names the call in error texts. */
  view: { request: { task: string }; reply: { view: ClusterView } };
  "control-meta": { request: { level: string }; reply: { oldLevel: string } };
  "create-app": {
    request: {
      name: string;
      partitions: number;
      replicas: number;
      envs?: Readonly<Record<string, string>>;
    };
    reply: { appId: number };
  };
  "drop-app": { request: { name: string; reserveSeconds: number }; reply: object };
  "set-envs": { request: { name: string; envs: Readonly<Record<string, string>> }; reply: object };
  "rename-app": { request: { name: string; newName: string }; reply: object };
  "add-node-data": {
    request: { kind: "duplication" | "backup"; name: string; data: string };
    reply: { id: number };
  };
  "start-recovery": {
    request: { nodes: readonly string[]; skipBadNodes: boolean; skipLostPartitions: boolean };
    reply: { hint: string };
  };
  /** Replica server → meta. */
  beacon: { request: { node: Node }; reply: { isMaster: boolean; primary: string; leaderSince: number } };
  "config-sync": {
    request: { node: Node; stored: readonly string[] };
    /** With the tables' records, so that what was configured reaches the replicas' own. */
    reply: { partitions: readonly PartitionRecord[]; apps: readonly AppRecord[] };
  };
  "update-config": {
    request: { gpid: string; ballot: number; type: ChangeType; node: Node };
    reply: { config: PartitionRecord };
  };
  /** Meta → replica server. */
  "query-replicas": { request: object; reply: { replicas: readonly StoredReplica[] } };
  proposal: {
    request: { type: ChangeType; node: Node; app: AppRecord; config: PartitionRecord };
    reply: object;
  };
  /** Primary → secondary. */
  learn: { request: { app: AppRecord; config: PartitionRecord; decree: number }; reply: object };
  "group-check": { request: { config: PartitionRecord }; reply: object };
  /** Shell → any server. */
  info: { request: object; reply: { version: string; started: string } };
}

export type Reply<K extends keyof Calls> = { err: ErrorCode; leader?: string } & Partial<Calls[K]["reply"]>;

/** Asks one server. A server that cannot be asked answers ERR_NETWORK_FAILURE, a slow one ERR_TIMEOUT. */
export function call<K extends keyof Calls>(
  address: string,
  name: K,
  body: Calls[K]["request"],
  timeoutMs = 5000,
): Promise<Reply<K>> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon);
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve) => {
    const failed = (err: ErrorCode) => resolve({ err });
    const outgoing = request(
      { host, port, method: "POST", path: `/stand-in/rpc/${name}`, timeout: timeoutMs, agent: false },
      (reply) => {
        let text = "";
        reply.setEncoding("utf8").on("data", (part: string) => (text += part));
        reply
          .on("end", () => resolve(JSON.parse(text) as Reply<K>))
          .on("error", () => failed("ERR_NETWORK_FAILURE"));
      },
    );
    outgoing.on("error", () => failed("ERR_NETWORK_FAILURE"));
    outgoing.on("timeout", () => {
      failed("ERR_TIMEOUT");
      outgoing.destroy();
    });
    outgoing.end(JSON.stringify(body));
  });
}

/** Asks the meta servers one after the other until one answers as the leader. */
export async function callLeader<K extends keyof Calls>(
  metas: readonly string[],
  name: K,
  body: Calls[K]["request"],
  timeoutMs?: number,
): Promise<Reply<K>> {
  let last: Reply<K> = { err: "ERR_NETWORK_FAILURE" };
  for (const meta of metas) {
    last = await call(meta, name, body, timeoutMs);
    if (last.err === "ERR_FORWARD_TO_OTHERS" && last.leader !== undefined) {
      last = await call(last.leader, name, body, timeoutMs);
    }
    if (!["ERR_NETWORK_FAILURE", "ERR_FORWARD_TO_OTHERS", "ERR_TIMEOUT"].includes(last.err)) return last;
  }
  return last.err === "ERR_FORWARD_TO_OTHERS" ? { err: "ERR_TIMEOUT" } : last;
}
