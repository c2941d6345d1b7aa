/**
 * The ways in which real Pegasus servers failed, on the lab's stand-in: one after the other on one cluster,
 * since each starts from what the former left. The recordings `exp_*` and `method_A*` hold the real ones.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { readApp } from "../../core/pegasus/read/app";
import { readConfigOption, readHttp } from "../../core/pegasus/read/http";
import { findUnhealthy, judgeRecovery } from "../../core/pegasus/read/judge";
import { readGetMetaLevel, readSetMetaLevel } from "../../core/pegasus/read/meta-level";
import { readRecover } from "../../core/pegasus/read/recover";
import { readShell } from "../../core/pegasus/read/shell";
import type { Session } from "../../lab/pegasus/meta/zookeeper";
import { PegasusCluster, type StandIn, get, until } from "./pegasus-cluster";
import { type Scene, answerOf, appsByHttp, healthy, leads, nodesByHttp, openScene } from "./pegasus-scene";

jest.setTimeout(60_000);

let scene: Scene;
let cluster: PegasusCluster;
let session: Session;
let hosts: string;
let primary: StandIn;
let backup: StandIn;
let replicas: readonly StandIn[];

beforeAll(async () => {
  scene = await openScene();
  ({ cluster, session, hosts, primary, backup, replicas } = scene);
});
afterAll(() => scene?.close());

describe("how the real servers failed", () => {
  test("blind refuses create, lets drop through, and is gone after a restart", async () => {
    expect(await answerOf(cluster, "set_meta_level blind", readSetMetaLevel)).toBe("steady");
    const create = readShell(await cluster.shell("create t2 -p 1"), (body) => body);
    expect(create).toMatchObject({ ok: false, failure: { kind: "server-error", code: "ERR_STATE_FREEZED" } });
    expect(await answerOf(cluster, "rename t1 t9", (body) => body)).toMatch(/^rename app ok/);
    expect(await answerOf(cluster, "rename t9 t1", (body) => body)).toMatch(/^rename app ok/);
    expect(await cluster.stop(backup)).toBe(0);
    expect(await cluster.stop(primary)).toBe(0);
    primary = cluster.meta(0, { hosts });
    await until("a leader again", () => leads(cluster, primary));
    expect(await answerOf(cluster, "get_meta_level", readGetMetaLevel)).toBe("steady");
    await healthy(primary);
    backup = cluster.meta(1, { hosts });
    await until("a follower", () => /my_sequence_id/.test(cluster.logOf(backup)));
  });

  test("SIGTERM of the primary: exit code 0 at once, its lock node lives on, the backup leads after the time-out", async () => {
    const ballots = (await answerOf(cluster, "app t1 -d", readApp)).replicas?.map(({ ballot }) => ballot);
    expect(await cluster.stop(primary)).toBe(0);
    const lock = "/pegasus/onebox/lock/dsn.meta.server.leader";
    const first = [...(await session.children(lock))].sort()[0];
    expect(await session.get(`${lock}/${first}`)).toBe(primary.address);
    await until("the backup to lead", () => /start meta_service succeed/.test(cluster.logOf(backup)));
    [primary, backup] = [backup, primary];
    await healthy(primary);
    expect((await answerOf(cluster, "app t1 -d", readApp)).replicas?.map(({ ballot }) => ballot)).toEqual(
      ballots,
    );
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
      async () => (await nodesByHttp(primary))?.filter(({ alive }) => alive).length === 3,
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
    expect(await appsByHttp(primary)).toEqual([]);

    const failed = await answerOf(cluster, "recover -f badport.txt", readRecover);
    expect(judgeRecovery(failed)).toEqual({
      kind: "may-be-tried-again",
      hints: [{ kind: "bad-node", node: "localhost:1", code: "ERR_NETWORK_FAILURE", skipped: false }],
    });
    expect(judgeRecovery(await answerOf(cluster, "recover -f good.txt", readRecover))).toEqual({
      kind: "complete",
    });
    expect(judgeRecovery(await answerOf(cluster, "recover -f good.txt", readRecover))).toEqual({
      kind: "not-waiting",
    });
    await healthy(primary);
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
      async () => (await nodesByHttp(primary))?.filter(({ alive }) => alive).length === 3,
    );
    const fewer = { kind: "fewer-replicas", partition: "2.3", has: 2, wants: 3 };
    expect(judgeRecovery(await answerOf(cluster, "recover -f good.txt", readRecover))).toEqual({
      kind: "may-be-tried-again",
      hints: [{ kind: "lost-partition", partition: "1.0", skipped: false }, fewer],
    });
    expect(judgeRecovery(await answerOf(cluster, "recover -f good.txt -l", readRecover))).toEqual({
      kind: "complete-with-losses",
      hints: [{ kind: "lost-partition", partition: "1.0", skipped: true }, fewer],
    });
    await healthy(primary);
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
    await until("a leader", () => leads(cluster, primary));
    await until("serving replicas", () =>
      replicas.every((server) => /@ PS_PRIMARY|@ PS_SECONDARY/.test(cluster.logOf(server))),
    );
    await healthy(primary);
    await cluster.stop(primary);
    primary = cluster.meta(0, { hosts, root: "/pegasus/hasty", recover: true });
    await until("waiting for recovery", () => /administrator should recover/.test(cluster.logOf(primary)));
    expect(judgeRecovery(await answerOf(cluster, "recover -f good.txt", readRecover))).toEqual({
      kind: "complete",
    });
    expect(await Promise.race(replicas.map((server) => server.ended))).toBe(134);
    await until("ignored proposals", () =>
      replicas.some((server) => /ignore \w+ proposal for invalid state/.test(cluster.logOf(server))),
    );
    expect(findUnhealthy((await appsByHttp(primary)) ?? [])).not.toEqual([]);
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
