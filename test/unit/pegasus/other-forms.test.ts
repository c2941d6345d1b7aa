/**
 * Forms that no recording holds: Pegasus 2.5, partitions without a primary, hints and `ddd_diagnose`, as
 * the Pegasus sources print them.
 */
import { readApp } from "../../../core/pegasus/read/app";
import { readApps } from "../../../core/pegasus/read/apps";
import { readClusterInfo } from "../../../core/pegasus/read/cluster-info";
import { readDddDiagnose } from "../../../core/pegasus/read/ddd";
import { readRecover, readRecoverComplete } from "../../../core/pegasus/read/recover";

test("2.5: addresses are ip:port, no atomic_idempotent, balance operations on one line", () => {
  expect(
    readClusterInfo(`[cluster_info]
meta_servers                  : 10.0.0.1:34601,10.0.0.2:34601
primary_meta_server           : 10.0.0.2:34601
zookeeper_hosts               : 10.0.0.9:2181
zookeeper_root                : /pegasus/c1
meta_function_level           : lively
balance_operation_count       : move_pri=1,copy_pri=2,copy_sec=3,total=6
primary_replica_count_stddev  : 0.00
total_replica_count_stddev    : 1.25
cluster_name                  : c1
`),
  ).toMatchObject({
    primaryMetaServer: "10.0.0.2:34601",
    level: "lively",
    balanceOperations: { movePrimary: 1, copyPrimary: 2, copySecondary: 3, total: 6 },
    totalReplicaCountStddev: 1.25,
  });
  expect(
    readApps(`[general_info]
app_id  status   app_name  app_type  partition_count  replica_count  is_stateful  create_time          drop_time            drop_expire          envs_count
7       DROPPED  old       pegasus   4                3              true         2026-01-01_00:00:00  2026-02-01_00:00:00  2026-02-08_00:00:00  2

[summary]
total_app_count  : 1
`),
  ).toMatchObject([
    { id: 7, status: "DROPPED", dropExpires: "2026-02-08_00:00:00", envs: 2, atomicIdempotent: undefined },
  ]);
});

test("an unhealthy partition without a primary", () => {
  const rows = `[general]
app_name           : t1
app_id             : 3
partition_count    : 1
max_replica_count  : 3

[replicas]
pidx  ballot  replica_count  primary  secondaries
0     9       0/3            -        []

[nodes]
node  primary  secondary  total
      0        0          0

[healthy]
fully_healthy_partition_count    : 0
unhealthy_partition_count        : 1
write_unhealthy_partition_count  : 1
read_unhealthy_partition_count   : 1
`;
  expect(readApp(rows)).toMatchObject({
    replicas: [{ has: 0, wants: 3, primary: undefined, secondaries: [] }],
    nodes: [],
    health: { fullyHealthy: 0, unhealthy: 1 },
  });
});

test("every kind of hint", () => {
  const rule = "=============================";
  const hints = [
    "WARNING: collect app and replica info from node(r4:1) failed with err(ERR_TIMEOUT), skip the bad node",
    "WARNING: partition(1.0) only collects 2/3 of replicas, may lost data",
    "ERROR: partition(1.1) has no replica collected, you can force recover it by set skip_lost_partitions option",
    "WARNING: partition(1.2) has no replica collected, force recover the lost partition to empty",
    "WARNING: something new",
  ];
  const head = `Wait seconds: 7\nSkip bad nodes: true\nSkip lost partitions: true\nNode list:\n${rule}\nr1:1\n${rule}\n`;
  expect(
    readRecover(
      `${head}Wait recovery for 0 seconds\nRecover result: ERR_OK\n${rule}\n${hints.join("\n")}\n${rule}\n`,
    ),
  ).toEqual({
    waitSeconds: 7,
    skipBadNodes: true,
    skipLostPartitions: true,
    nodes: ["r1:1"],
    outcome: {
      kind: "result",
      code: "ERR_OK",
      hints: [
        { kind: "bad-node", node: "r4:1", code: "ERR_TIMEOUT", skipped: true },
        { kind: "fewer-replicas", partition: "1.0", has: 2, wants: 3 },
        { kind: "lost-partition", partition: "1.1", skipped: false },
        { kind: "lost-partition", partition: "1.2", skipped: true },
        { kind: "other", severity: "WARNING", says: "WARNING: something new" },
      ],
    },
  });
});

test("hints of 2.6 about two nodes stand on one line with the closing rule", () => {
  const rule = "=============================";
  const hint = (node: string) =>
    `ERROR: collect app and replica info from node(${node}) failed with err(ERR_TIMEOUT), you can skip it by set skip_bad_nodes option`;
  const head = `Wait seconds: 7\nSkip bad nodes: false\nSkip lost partitions: false\nNode list:\n${rule}\nr1:1\n${rule}\n`;
  expect(
    readRecover(`${head}Recover result: ERR_TRY_AGAIN\n${rule}\n${hint("r1:1")}${hint("r2:1")}${rule}\n`)
      .outcome,
  ).toEqual({
    kind: "result",
    code: "ERR_TRY_AGAIN",
    hints: ["r1:1", "r2:1"].map((node) => ({ kind: "bad-node", node, code: "ERR_TIMEOUT", skipped: false })),
  });
});

test("recover -o leaves one line on the screen", () => {
  expect(readRecoverComplete("recover complete with err = ERR_TRY_AGAIN\n")).toBe("ERR_TRY_AGAIN");
});

test("ddd_diagnose: none, and one", () => {
  expect(readDddDiagnose("Total 0 ddd partitions:\n\nDiagnose ddd done.\n")).toEqual([]);
  const one = `Total 1 ddd partitions:

(1) 2.7
    config: ballot(9), last_committed(41)
    ----
    dropped[0]: node(pg-rep1:34801), drop_time(2026-11-22 08:00:00.000), alive(true), collected(false), ballot(-1), last_committed(-1), last_prepared(-1)  <== the latest
    ----
    last_drops[0]: node(pg-rep1:34801)  <== the latest
    ----
    ddd_reason: pg-rep1:34801 has not been collected

Proposed count: 0/1

Diagnose ddd done.
`;
  expect(readDddDiagnose(one)).toEqual([
    {
      partition: "2.7",
      ballot: 9,
      lastCommitted: 41,
      dropped: [
        {
          node: "pg-rep1:34801",
          alive: true,
          collected: false,
          ballot: -1,
          lastCommitted: -1,
          lastPrepared: -1,
        },
      ],
      reason: "pg-rep1:34801 has not been collected",
    },
  ]);
  expect(() => readDddDiagnose(one.replace("Total 1", "Total 2"))).toThrow(
    "expected 2 ddd partitions, found 1",
  );
});
