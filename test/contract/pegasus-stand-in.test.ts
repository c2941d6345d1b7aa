/**
 * The lab's Pegasus stand-in against the recordings of real servers: the same commands, and every answer
 * of the same shape; then the ways in which the real servers failed, one after the other on one cluster.
 *
 * Shape: the same lines, tables, columns, keys and status, with addresses, times, counts and versions
 * masked and columns pulled together. What the recordings cannot hold still (values) is asserted apart.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Session, Session as ZooKeeperSession } from "../../lab/pegasus/meta/zookeeper";
import { readApps } from "../../core/pegasus/read/apps";
import { readClusterInfo } from "../../core/pegasus/read/cluster-info";
import { readConfigOption, readHttp } from "../../core/pegasus/read/http";
import { findUnhealthy, judgeRecovery } from "../../core/pegasus/read/judge";
import { readGetMetaLevel, readSetMetaLevel } from "../../core/pegasus/read/meta-level";
import { readNodes } from "../../core/pegasus/read/nodes";
import { readRecover } from "../../core/pegasus/read/recover";
import { readShell, type Reader } from "../../core/pegasus/read/shell";
import { readApp } from "../../core/pegasus/read/app";
import { recordedReply, recordedRun, recordedText } from "../unit/pegasus/recorded";
import { PegasusCluster, type StandIn, get, until } from "./pegasus-cluster";
import { type ZooKeeper, startZooKeeper } from "./zookeeper";

jest.setTimeout(60_000);

let zookeeper: ZooKeeper;
let session: Session;
let cluster: PegasusCluster;
let hosts: string;
let primary: StandIn;
let backup: StandIn;
let replicas: StandIn[];

beforeAll(async () => {
  zookeeper = await startZooKeeper("3.7.1", { settings: ["minSessionTimeout=400"] });
  hosts = `127.0.0.1:${zookeeper.port}`;
  const opened = await ZooKeeperSession.open(hosts, 5000, () => undefined);
  if (opened === undefined) throw new Error(`no session with ${hosts}`);
  session = opened;
  cluster = await PegasusCluster.create();
  primary = cluster.meta(0, { hosts });
  await until("a leader", () => leads(primary));
  backup = cluster.meta(1, { hosts });
  replicas = [0, 1, 2].map((index) => cluster.replica(index));
  await until("a follower", async () => cluster.logOf(backup).includes("my_sequence_id"));
  await answerOf("create t1 -p 4", (body) => body);
  await healthy();
});

afterAll(async () => {
  await cluster?.remove();
  session?.close();
  await zookeeper?.stop();
});

/** By the log, since `/meta/*` would end a meta that has no ZooKeeper yet. */
function leads(meta: StandIn): boolean {
  return /start meta_service succeed/.test(cluster.logOf(meta));
}

async function answerOf<T>(command: string, read: Reader<T>): Promise<T> {
  const answer = readShell(await cluster.shell(command), read);
  if (!answer.ok) throw new Error(`${command}: ${JSON.stringify(answer.failure)}`);
  return answer.value;
}

function appsByHttp(): Promise<ReturnType<typeof readApps> | undefined> {
  return get(primary.address, "/meta/apps?detail").then((reply) => {
    const answer = reply && readHttp(reply, readApps);
    return answer?.kind === "ok" ? answer.value : undefined;
  });
}

function healthy(): Promise<unknown> {
  return until("three healthy tables", async () => {
    const apps = await appsByHttp();
    return apps?.length === 3 && findUnhealthy(apps).length === 0 && apps;
  });
}

describe("the shape of every answer", () => {
  const same = (name: string, command: string) => [name, command] as const;

  test.each([
    same("shell_version.txt", "version"),
    same("shell_cluster_info.txt", "cluster_info"),
    same("shell_cluster_info_j.txt", "cluster_info -j"),
    same("shell_nodes.txt", "nodes"),
    same("shell_nodes_d.txt", "nodes -d"),
    same("shell_nodes_d_j.txt", "nodes -d -j"),
    same("shell_nodes_d_o.txt", "nodes -d -o nodes.out"),
    same("shell_nodes_d_j_o.txt", "nodes -d -j -o nodesj.out"),
    same("shell_ls.txt", "ls"),
    same("shell_ls_a.txt", "ls -a"),
    same("shell_ls_j.txt", "ls -j"),
    same("shell_ls_d_j.txt", "ls -d -j"),
    same("shell_ls_d_o.txt", "ls -d -o ls.out"),
    same("shell_ls_d_j_o.txt", "ls -d -j -o lsj.out"),
    same("shell_app_d.txt", "app t1 -d"),
    same("shell_app_unknown.txt", "app nosuch -d"),
    same("shell_bad_option.txt", "nodes -z"),
    same("shell_get_meta_level.txt", "get_meta_level"),
    same("shell_set_meta_level_noarg.txt", "set_meta_level"),
    same("shell_set_meta_level_wrong.txt", "set_meta_level frozen"),
    same("shell_set_meta_level_blind.txt", "set_meta_level blind"),
    same("shell_get_meta_level_blind.txt", "get_meta_level"),
    same("shell_cluster_info_blind.txt", "cluster_info"),
    same("shell_nodes_d_blind.txt", "nodes -d"),
    same("shell_set_meta_level_steady.txt", "set_meta_level steady"),
    same("shell_recover_noarg.txt", "recover"),
    same("shell_recover_nofile.txt", "recover -f nosuch.txt"),
    same("shell_recover_badhost_not_in_mode.txt", "recover -f badhost.txt"),
    same("shell_recover_badport_not_in_mode.txt", "recover -f badport.txt"),
    same("shell_recover_not_in_recover_mode.txt", "recover -f good.txt"),
    same("shell_server_info.txt", "server_info"),
    same("shell_server_info_meta.txt", "server_info -t meta-server"),
    same("shell_server_info_replica.txt", "server_info -t replica-server"),
  ])("%s", async (name, command) => {
    const [first, second, third] = cluster.replicas;
    cluster.file("good.txt", `${first}\n${second}\n${third}\n`);
    cluster.file("badport.txt", `${first}\n${second}\nlocalhost:1\n`);
    cluster.file("badhost.txt", `${first}\n${second}\npg-rep9:34809\n`);
    const real = recordedRun(name);
    const ours = await cluster.shellMerged(command);
    expect(shape(ours.stdout)).toEqual(shape(real.stdout));
    expect(ours.code).toBe(real.code);
    const output = / -o (\S+)/.exec(command)?.[1];
    expect(shape(output === undefined ? "" : cluster.file(output))).toEqual(shape(real.written));
  });

  test("shell_unknown_command.txt: the shell aborts in its help, which is longer there", async () => {
    const real = recordedRun("shell_unknown_command.txt");
    const ours = await cluster.shellMerged("clusterinfo");
    expect(ours.code).toBe(real.code);
    const ends = (text: string) => [...shape(text).slice(0, 14), ...shape(text).slice(-2)];
    expect(ends(ours.stdout)).toEqual(ends(real.stdout));
  });

  test.each([
    ["http_primary_cluster.txt", 0, "/meta/cluster"],
    ["http_primary_nodes.txt", 0, "/meta/nodes"],
    ["http_primary_apps.txt", 0, "/meta/apps"],
    ["http_primary_apps_detail.txt", 0, "/meta/apps?detail"],
    ["http_primary_app.txt", 0, "/meta/app?name=t1"],
    ["http_primary_app_detail.txt", 0, "/meta/app?name=t1&detail"],
    ["http_primary_app_nosuch.txt", 0, "/meta/app?name=nosuch&detail"],
    ["http_primary_config_hosts_list.txt", 0, "/config?name=hosts_list"],
    ["http_primary_config_unknown.txt", 0, "/config?name=nosuch"],
    ["http_primary_version.txt", 0, "/version"],
    ["http_primary_recentStartTime.txt", 0, "/recentStartTime"],
    ["http_primary_unknown.txt", 0, "/nosuch"],
    ["http_backup_cluster.txt", 1, "/meta/cluster"],
    ["http_backup_nodes_detail.txt", 1, "/meta/nodes?detail"],
    ["http_backup_app_detail.txt", 1, "/meta/app?name=t1&detail"],
    ["http_backup_apps.txt", 1, "/meta/apps"],
    ["http_backup_config_hosts_list.txt", 1, "/config?name=hosts_list"],
    ["http_backup_config_cluster_root.txt", 1, "/config?name=cluster_root"],
    ["http_backup_config_recover.txt", 1, "/config?name=recover_from_replica_server"],
    ["http_replica_config.txt", 2, "/config?name=server_list"],
    ["http_replica_version.txt", 2, "/version"],
  ])("%s", async (name, server, path) => {
    const ours = await get([...cluster.metas, ...cluster.replicas][server] ?? "", path);
    const real = recordedReply(name);
    expect(ours && { ...ours, headers: mask(JSON.stringify(ours.headers)), body: mask(ours.body) }).toEqual({
      ...real,
      headers: mask(JSON.stringify(real.headers)),
      body: mask(real.body),
    });
  });

  test("zk_dump_full.txt: the same nodes with the same keys", async () => {
    const real = [...recordedText("zk_dump_full.txt").matchAll(/^(\/\S+)\n {2}data\[\d+\]=b'(.*)'$/gm)];
    for (const [, path = "", data = ""] of real.filter(([, path]) => !path?.includes("LOCKNODE"))) {
      const ours = (await session.get(path)) ?? `no ${path}`;
      expect([path, keysOf(ours)]).toEqual([path, keysOf(data)]);
    }
    const lock = "/pegasus/onebox/lock/dsn.meta.server.leader";
    const queue = await session.children(lock);
    expect([...queue].sort().map((name) => name.replace(/\d{10}$/, "N"))).toEqual(["LOCKNODEN", "LOCKNODEN"]);
    const owners = await Promise.all([...queue].sort().map((name) => session.get(`${lock}/${name}`)));
    expect(owners).toEqual(cluster.metas);
  });

  test("2.5: no atomic_idempotent, balance operations on one line, ip:port", async () => {
    const other = await PegasusCluster.create();
    try {
      const meta = other.meta(0, { hosts, root: "/pegasus/older", release: "2.5" });
      await until(
        "a leader",
        async () =>
          (await get(meta.address, "/version")) && /start meta_service succeed/.test(other.logOf(meta)),
      );
      const ls = await other.shell("ls", "2.5");
      expect(ls.stdout).toMatch(/^app_id .* envs_count *$/m);
      const info = readShell(await other.shell("cluster_info", "2.5"), readClusterInfo);
      expect(info).toMatchObject({
        ok: true,
        value: { primaryMetaServer: meta.address.replace("localhost", "127.0.0.1") },
      });
      expect(keysOf((await session.get("/pegasus/older/apps/1/0")) ?? "")).not.toContain("hp_primary");
    } finally {
      await other.remove();
    }
  });
});

describe("how the real servers failed", () => {
  test("blind refuses create, lets drop through, and is gone after a restart", async () => {
    expect(await answerOf("set_meta_level blind", readSetMetaLevel)).toBe("steady");
    const create = readShell(await cluster.shell("create t2 -p 1"), (body) => body);
    expect(create).toMatchObject({ ok: false, failure: { kind: "server-error", code: "ERR_STATE_FREEZED" } });
    expect(await answerOf("rename t1 t9", (body) => body)).toMatch(/^rename app ok/);
    expect(await answerOf("rename t9 t1", (body) => body)).toMatch(/^rename app ok/);
    expect(await cluster.stop(backup)).toBe(0);
    expect(await cluster.stop(primary)).toBe(0);
    primary = cluster.meta(0, { hosts });
    await until("a leader again", () => leads(primary));
    expect(await answerOf("get_meta_level", readGetMetaLevel)).toBe("steady");
    await healthy();
    backup = cluster.meta(1, { hosts });
    await until("a follower", () => /my_sequence_id/.test(cluster.logOf(backup)));
  });

  test("SIGTERM of the primary: exit code 0 at once, its lock node lives on, the backup leads after the time-out", async () => {
    const ballots = (await answerOf("app t1 -d", readApp)).replicas?.map(({ ballot }) => ballot);
    expect(await cluster.stop(primary)).toBe(0);
    const lock = "/pegasus/onebox/lock/dsn.meta.server.leader";
    const first = [...(await session.children(lock))].sort()[0];
    expect(await session.get(`${lock}/${first}`)).toBe(primary.address);
    await until("the backup to lead", () => /start meta_service succeed/.test(cluster.logOf(backup)));
    [primary, backup] = [backup, primary];
    await healthy();
    expect((await answerOf("app t1 -d", readApp)).replicas?.map(({ ballot }) => ballot)).toEqual(ballots);
  });

  test("ZooKeeper unreachable: /version and /config answer, then FATAL with 134; /meta/cluster ends it with 139", async () => {
    const [aborted, crashed] = await Promise.all([PegasusCluster.create(), PegasusCluster.create()]);
    try {
      const unreachable = { hosts: "127.0.0.1:1", sessionMs: 1000 };
      const meta = aborted.meta(0, unreachable);
      const reply = await until("the port", () => get(meta.address, "/config?name=hosts_list"));
      expect(readHttp(reply, readConfigOption)).toMatchObject({ value: { value: "127.0.0.1:1" } });
      expect(await meta.ended).toBe(134);
      expect(aborted.logOf(meta)).toContain("init meta_state_service failed, err = ERR_TIMEOUT");

      const victim = crashed.meta(0, { ...unreachable, sessionMs: 20_000 });
      await until("the port", () => get(victim.address, "/version"));
      expect(await get(victim.address, "/meta/cluster")).toBeUndefined();
      expect(await victim.ended).toBe(139);
    } finally {
      await Promise.all([aborted.remove(), crashed.remove()]);
    }
  });

  test("recover = true on a root that holds tables: FATAL", async () => {
    await cluster.stop(primary);
    const meta = cluster.meta(0, { hosts, recover: true });
    expect(await meta.ended).toBe(134);
    expect(cluster.logOf(meta)).toContain(
      "find apps from remote storage, but [meta_server].recover_from_replica_server",
    );
  });

  test("recovery after the leases: waits, takes a dead port for an error, comes back complete", async () => {
    await until("INACTIVE replicas", () => replicas.every((server) => inactive(server)));
    primary = cluster.meta(0, { hosts, root: "/pegasus/recovered", recover: true });
    await until("waiting for recovery", () => /administrator should recover/.test(cluster.logOf(primary)));
    await until(
      "three beacons",
      async () => (await nodesByHttp())?.filter(({ alive }) => alive).length === 3,
    );
    for (const command of [
      "cluster_info",
      "ls",
      "nodes -d",
      "app t1 -d",
      "get_meta_level",
      "set_meta_level blind",
      "create tX",
    ]) {
      expect(readShell(await cluster.shell(command), (body) => body)).toMatchObject({
        failure: { code: "ERR_UNDER_RECOVERY" },
      });
    }
    expect(await appsByHttp()).toEqual([]);

    const failed = await answerOf("recover -f badport.txt", readRecover);
    expect(judgeRecovery(failed)).toEqual({
      kind: "may-be-tried-again",
      hints: [{ kind: "bad-node", node: "localhost:1", code: "ERR_NETWORK_FAILURE", skipped: false }],
    });
    expect(judgeRecovery(await answerOf("recover -f good.txt", readRecover))).toEqual({ kind: "complete" });
    expect(judgeRecovery(await answerOf("recover -f good.txt", readRecover))).toEqual({
      kind: "not-waiting",
    });
    await healthy();
    expect(await session.children("/pegasus/recovered/apps/1")).toHaveLength(4);
  });

  test("a lost replica and a lost partition: hints, -l", async () => {
    await cluster.stop(primary);
    await until("INACTIVE replicas", () => replicas.every((server) => inactive(server)));
    for (const server of replicas) await cluster.stop(server);
    for (const index of [0, 1, 2]) lose(index, "1.0");
    lose(1, "2.3");
    replicas = [0, 1, 2].map((index) => cluster.replica(index));
    primary = cluster.meta(0, { hosts, root: "/pegasus/lossy", recover: true });
    await until("waiting for recovery", () => /administrator should recover/.test(cluster.logOf(primary)));
    await until(
      "three beacons",
      async () => (await nodesByHttp())?.filter(({ alive }) => alive).length === 3,
    );
    const fewer = { kind: "fewer-replicas", partition: "2.3", has: 2, wants: 3 };
    expect(judgeRecovery(await answerOf("recover -f good.txt", readRecover))).toEqual({
      kind: "may-be-tried-again",
      hints: [{ kind: "lost-partition", partition: "1.0", skipped: false }, fewer],
    });
    expect(judgeRecovery(await answerOf("recover -f good.txt -l", readRecover))).toEqual({
      kind: "complete-with-losses",
      hints: [{ kind: "lost-partition", partition: "1.0", skipped: true }, fewer],
    });
    await healthy();
  });

  test("recover = false on an empty root with replica servers up: leads with no tables of theirs, then FATAL", async () => {
    await cluster.stop(primary);
    primary = cluster.meta(0, { hosts, root: "/pegasus/empty" });
    expect(await primary.ended).toBe(134);
    expect(cluster.logOf(primary)).toMatch(/gpid\(3\.\d\) on node\(\S+\) is not exist on meta server/);
  });

  test("recovery before the leases have run out: a replica server dies, proposals are ignored", async () => {
    for (const server of replicas) await cluster.stop(server);
    replicas = [0, 1, 2].map((index) => cluster.replica(index, 10));
    primary = cluster.meta(0, { hosts, root: "/pegasus/lossy" });
    await until("a leader", () => leads(primary));
    await until("serving replicas", () =>
      replicas.every((server) => /@ PS_PRIMARY|@ PS_SECONDARY/.test(cluster.logOf(server))),
    );
    await healthy();
    await cluster.stop(primary);
    primary = cluster.meta(0, { hosts, root: "/pegasus/hasty", recover: true });
    await until("waiting for recovery", () => /administrator should recover/.test(cluster.logOf(primary)));
    expect(judgeRecovery(await answerOf("recover -f good.txt", readRecover))).toEqual({ kind: "complete" });
    expect(await Promise.race(replicas.map((server) => server.ended))).toBe(134);
    await until("ignored proposals", () =>
      replicas.some((server) => /ignore \w+ proposal for invalid state/.test(cluster.logOf(server))),
    );
    expect(findUnhealthy((await appsByHttp()) ?? [])).not.toEqual([]);
  });
});

/** Every replica of the server has gone INACTIVE, by the last line about it. */
function inactive(server: StandIn): boolean {
  const changes = [...cluster.logOf(server).matchAll(/\[([\d.]+)@\S+\] status change \S+ @ (\S+)/g)];
  const last = new Map(changes.map(([, gpid, status]) => [gpid, status]));
  return last.size === 16 && [...last.values()].every((status) => status === "PS_INACTIVE");
}

function lose(index: number, gpid: string): void {
  rmSync(join(cluster.folder, `replica${index}`, "data", "replica", "reps", `${gpid}.pegasus`), {
    recursive: true,
  });
}

async function nodesByHttp() {
  const reply = await get(primary.address, "/meta/nodes");
  const answer = reply && readHttp(reply, readNodes);
  return answer?.kind === "ok" ? answer.value : undefined;
}

/** Lines without what differs from cluster to cluster. */
function shape(text: string): readonly string[] {
  return mask(text).split("\n");
}

function mask(text: string): string {
  return text
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/^W[\d-]+ [\d:.]+ \(\d+ \d+\) /gm, "W ")
    .replace(/\d+\.\d+\.\d+-(?:SNAPSHOT|stand-in)/g, "VERSION")
    .replace(/"build_type": "[^"]*"/g, '"build_type": "BUILD"')
    .replace(/\((?:[0-9a-f]{40}|stand-in)\) \S+$/gm, "(COMMIT) BUILD")
    .replace(/"(?:[0-9a-f]{40}|stand-in)"/g, '"COMMIT"')
    .replace(/\d{4}-\d\d-\d\d[_ ]\d\d:\d\d:\d\d(?:\.\d+)?/g, "TIME")
    .replace(/(?:pg-\w+|localhost|127\.0\.\d\.\d+):\d+/g, "ADDRESS")
    .replace(/'[^']*pegasus_shell\.data\/log'/g, "'PATH'")
    .replace(/\d+\.\d\d/g, "N")
    .replace(/\d+/g, "N")
    .replace(/[ \t]+$/gm, "")
    .replace(/ {2,}/g, "  ")
    .trim();
}

function keysOf(data: string): readonly string[] | string {
  return data.startsWith("{") ? Object.keys(JSON.parse(data) as object) : data;
}
