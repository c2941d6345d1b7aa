/**
 * The scene of the stand-in's tests: a real ZooKeeper, two metas, three replica servers, and three healthy
 * tables, named as in the recordings (`stat`, `temp`, `t1`).
 */
import { type App, readApps } from "../../core/pegasus/read/apps";
import { readHttp } from "../../core/pegasus/read/http";
import { findUnhealthy } from "../../core/pegasus/read/judge";
import { type ReplicaServer, readNodes } from "../../core/pegasus/read/nodes";
import { readShell, type Reader } from "../../core/pegasus/read/shell";
import { Session } from "../../lab/pegasus/meta/zookeeper";
import { PegasusCluster, type StandIn, get, until } from "./pegasus-cluster";
import { startZooKeeper } from "./zookeeper";

export interface Scene {
  readonly cluster: PegasusCluster;
  readonly session: Session;
  /** Connect string of the ZooKeeper. */
  readonly hosts: string;
  readonly primary: StandIn;
  readonly backup: StandIn;
  readonly replicas: readonly StandIn[];
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const zookeeper = await startZooKeeper("3.7.1", { settings: ["minSessionTimeout=400"] });
  const hosts = `127.0.0.1:${zookeeper.port}`;
  const session = await Session.open(hosts, 5000, () => undefined);
  if (session === undefined) throw new Error(`no session with ${hosts}`);
  const cluster = await PegasusCluster.create();
  const close = async () => {
    await cluster.remove();
    session.close();
    await zookeeper.stop();
  };
  try {
    const primary = cluster.meta(0, { hosts });
    await until("a leader", () => leads(cluster, primary));
    const backup = cluster.meta(1, { hosts });
    const replicas = [0, 1, 2].map((index) => cluster.replica(index));
    await until("a follower", () => cluster.logOf(backup).includes("my_sequence_id"));
    await answerOf(cluster, "create t1 -p 4", (body) => body);
    await healthy(primary);
    const [first, second, third] = cluster.replicas;
    cluster.file("good.txt", `${first}\n${second}\n${third}\n`);
    cluster.file("badport.txt", `${first}\n${second}\nlocalhost:1\n`);
    cluster.file("badhost.txt", `${first}\n${second}\npg-rep9:34809\n`);
    return { cluster, session, hosts, primary, backup, replicas, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** By the log, since `/meta/*` would end a meta that has no ZooKeeper yet. */
export function leads(cluster: PegasusCluster, meta: StandIn): boolean {
  return /start meta_service succeed/.test(cluster.logOf(meta));
}

/** The answer to a shell command that must not fail. */
export async function answerOf<T>(cluster: PegasusCluster, command: string, read: Reader<T>): Promise<T> {
  const answer = readShell(await cluster.shell(command), read);
  if (!answer.ok) throw new Error(`${command}: ${JSON.stringify(answer.failure)}`);
  return answer.value;
}

export async function appsByHttp(meta: StandIn): Promise<readonly App[] | undefined> {
  const reply = await get(meta.address, "/meta/apps?detail");
  const answer = reply && readHttp(reply, readApps);
  return answer?.kind === "ok" ? answer.value : undefined;
}

export async function nodesByHttp(meta: StandIn): Promise<readonly ReplicaServer[] | undefined> {
  const reply = await get(meta.address, "/meta/nodes");
  const answer = reply && readHttp(reply, readNodes);
  return answer?.kind === "ok" ? answer.value : undefined;
}

export function healthy(meta: StandIn): Promise<unknown> {
  return until("three healthy tables", async () => {
    const apps = await appsByHttp(meta);
    return apps?.length === 3 && findUnhealthy(apps).length === 0 && apps;
  });
}
