/**
 * Every recorded run of the shell: answers are read with their values, errors are told apart.
 * A recording that no case names fails the last test, so that none is left unread.
 */
import { sayShellFailure, type ShellFailure } from "../../../core/pegasus/read/answer";
import { readApp } from "../../../core/pegasus/read/app";
import { readApps, type App } from "../../../core/pegasus/read/apps";
import { readClusterInfo, type ClusterInfo } from "../../../core/pegasus/read/cluster-info";
import { readGetMetaLevel, readSetMetaLevel } from "../../../core/pegasus/read/meta-level";
import { readNodes } from "../../../core/pegasus/read/nodes";
import { readRecover } from "../../../core/pegasus/read/recover";
import { readShell, type Reader } from "../../../core/pegasus/read/shell";
import { readServerInfo, readShellVersion } from "../../../core/pegasus/read/versions";
import { recordedNames, recordedRun } from "./recorded";

const steady: ClusterInfo = {
  metaServers: ["pg-meta1:34601", "pg-meta2:34602"],
  primaryMetaServer: "pg-meta1:34601",
  zookeeperHosts: "127.0.7.100:22181",
  zookeeperRoot: "/pegasus/onebox",
  level: "steady",
  balanceOperations: { movePrimary: 0, copyPrimary: 0, copySecondary: 0, total: 0 },
  primaryReplicaCountStddev: 0.47,
  totalReplicaCountStddev: 0,
  clusterName: "onebox",
};

const nodes = [1, 2, 3].map((n) => ({ address: `pg-rep${n}:3480${n}`, alive: true }));
const nodesWithCounts = [
  { address: "pg-rep1:34801", alive: true, replicas: 16, primaries: 5, secondaries: 11 },
  { address: "pg-rep2:34802", alive: true, replicas: 16, primaries: 5, secondaries: 11 },
  { address: "pg-rep3:34803", alive: true, replicas: 16, primaries: 6, secondaries: 10 },
];

const app = (id: number, name: string, partitions: number, created: string): App => ({
  id,
  name,
  status: "AVAILABLE",
  type: "pegasus",
  partitions,
  replicas: 3,
  stateful: true,
  created,
  envs: 0,
  atomicIdempotent: false,
});
const apps = [
  app(1, "stat", 4, "2026-11-22_08:16:21"),
  app(2, "temp", 8, "2026-11-22_08:16:21"),
  app(3, "t1", 4, "2026-11-22_08:17:07"),
];
const healthyApps = apps.map((table) => ({
  ...table,
  health: {
    partitions: table.partitions,
    fullyHealthy: table.partitions,
    unhealthy: 0,
    writeUnhealthy: 0,
    readUnhealthy: 0,
  },
}));

const detailOfT1 = {
  id: 3,
  name: "t1",
  partitions: 4,
  maxReplicas: 3,
  replicas: [
    [9, "1", ["2", "3"]] as const,
    [8, "1", ["2", "3"]] as const,
    [6, "2", ["1", "3"]] as const,
    [6, "3", ["2", "1"]] as const,
  ].map(([ballot, primary, secondaries], index) => ({
    index,
    ballot,
    has: 3,
    wants: 3,
    primary: `pg-rep${primary}:3480${primary}`,
    secondaries: secondaries.map((n) => `pg-rep${n}:3480${n}`),
  })),
  nodes: [
    { node: "pg-rep1:34801", primaries: 2, secondaries: 2 },
    { node: "pg-rep2:34802", primaries: 1, secondaries: 3 },
    { node: "pg-rep3:34803", primaries: 1, secondaries: 3 },
  ],
  health: { fullyHealthy: 4, unhealthy: 0, writeUnhealthy: 0, readUnhealthy: 0 },
};

const recoveryOf = (lastNode: string) => ({
  waitSeconds: 100,
  skipBadNodes: false,
  skipLostPartitions: false,
  nodes: ["pg-rep1:34801", "pg-rep2:34802", lastNode],
  outcome: { kind: "result", code: "ERR_SERVICE_ALREADY_RUNNING", hints: [] },
});

const commit = "db756dcdf24e2af6169659a67548501ed61f106c";
const server = (name: string, role: string, started: string) => ({
  address: name,
  role,
  version: "2.6.0-SNAPSHOT",
  gitCommit: commit,
  started: `2026-11-22 ${started}`,
});
const metas = [
  server("pg-meta1:34601", "meta-server", "08:18:46"),
  server("pg-meta2:34602", "meta-server", "08:18:47"),
];
const replicas = [
  server("pg-rep1:34801", "replica-server", "08:18:47"),
  server("pg-rep2:34802", "replica-server", "08:18:48"),
  server("pg-rep3:34803", "replica-server", "08:18:48"),
];

const answers: Record<string, readonly [Reader<unknown>, unknown]> = {
  "shell_app_d.txt": [readApp, detailOfT1],
  "shell_cluster_info.txt": [readClusterInfo, steady],
  "shell_cluster_info_blind.txt": [readClusterInfo, { ...steady, level: "blind" }],
  "shell_cluster_info_j.txt": [readClusterInfo, steady],
  "shell_get_meta_level.txt": [readGetMetaLevel, "steady"],
  "shell_get_meta_level_blind.txt": [readGetMetaLevel, "blind"],
  "shell_ls.txt": [readApps, apps],
  "shell_ls_a.txt": [readApps, apps],
  "shell_ls_d_j.txt": [readApps, healthyApps],
  "shell_ls_j.txt": [readApps, apps],
  "shell_nodes.txt": [readNodes, nodes],
  "shell_nodes_d.txt": [readNodes, nodesWithCounts],
  "shell_nodes_d_blind.txt": [readNodes, nodesWithCounts],
  "shell_nodes_d_j.txt": [readNodes, nodesWithCounts],
  "shell_recover_badport_not_in_mode.txt": [readRecover, recoveryOf("pg-rep3:34899")],
  "shell_recover_not_in_recover_mode.txt": [readRecover, recoveryOf("pg-rep3:34803")],
  "shell_server_info.txt": [readServerInfo, [...metas, ...replicas]],
  "shell_server_info_meta.txt": [readServerInfo, metas],
  "shell_server_info_replica.txt": [readServerInfo, replicas],
  "shell_set_meta_level_blind.txt": [readSetMetaLevel, "steady"],
  "shell_set_meta_level_steady.txt": [readSetMetaLevel, "blind"],
  "shell_version.txt": [readShellVersion, { version: "2.6.0-SNAPSHOT", gitCommit: commit }],
};

/** `-o` leaves nothing on the screen; the answer stands in the file. */
const written: Record<string, readonly [Reader<unknown>, unknown]> = {
  "shell_ls_d_o.txt": [readApps, healthyApps],
  "shell_ls_d_j_o.txt": [readApps, healthyApps],
  "shell_nodes_d_o.txt": [readNodes, nodesWithCounts],
  "shell_nodes_d_j_o.txt": [readNodes, nodesWithCounts],
};

const failures: Record<string, ShellFailure> = {
  "shell_abort_no_reverse_dns.txt": {
    kind: "aborted",
    exitCode: 134,
    says: expect.stringMatching(/^F2026.*'10\.77\.0\.1:1' can not be reverse resolved$/),
  },
  "shell_app_unknown.txt": {
    kind: "server-error",
    code: "ERR_OBJECT_NOT_FOUND",
    says: "query app nosuch failed, error=ERR_OBJECT_NOT_FOUND",
  },
  "shell_bad_option.txt": { kind: "usage", says: "nodes: invalid option -- 'z'" },
  "shell_recover_badhost_not_in_mode.txt": {
    kind: "refused-locally",
    says: "parse pg-rep9:34809 at file badhost.txt line 3 as host:port failed",
  },
  "shell_recover_noarg.txt": { kind: "usage", says: "should specify one of node_list_file/node_list_str" },
  "shell_recover_nofile.txt": { kind: "refused-locally", says: "open file nosuch.txt failed" },
  "shell_set_meta_level_noarg.txt": {
    kind: "usage",
    says: "USAGE: set_meta_level <stopped|blind|freezed|steady|lively>",
  },
  "shell_set_meta_level_wrong.txt": {
    kind: "usage",
    says: "ERROR: parse frozen as meta function level failed",
  },
  "shell_unknown_command.txt": { kind: "unknown-command", says: "ERROR: invalid subcommand 'clusterinfo'" },
};

/** A failure must be seen whatever the caller hoped to read. */
const readers: readonly Reader<unknown>[] = [
  readApps,
  readNodes,
  readClusterInfo,
  readGetMetaLevel,
  readSetMetaLevel,
  readRecover,
];

test.each(Object.entries(answers))("%s is read", (name, [read, value]) => {
  expect(readShell(recordedRun(name), read)).toEqual({
    ok: true,
    value,
    preamble: {
      version: "2.6.0-SNAPSHOT",
      clusterName: "onebox",
      metaServers: ["pg-meta1:34601", "pg-meta2:34602"],
    },
  });
});

test.each(Object.entries(written))("%s: the written file is read", (name, [read, value]) => {
  const run = recordedRun(name);
  expect(readShell(run, (body) => body)).toMatchObject({ ok: true, value: "" });
  expect(read(run.written)).toEqual(value);
});

test.each(Object.entries(failures))("%s is recognised as a failure", (name, failure) => {
  for (const read of readers) {
    expect(readShell<unknown>(recordedRun(name), read)).toEqual({ ok: false, failure });
  }
  expect(sayShellFailure(failure)).not.toContain("\n");
});

test("an answer to one command is not taken for the answer to another", () => {
  for (const [name, [own]] of Object.entries(answers)) {
    for (const read of readers.filter((candidate) => candidate !== own)) {
      expect([name, readShell<unknown>(recordedRun(name), read).ok]).toEqual([name, false]);
    }
  }
});

test("no recording of the shell is left unread", () => {
  const known = [...Object.keys(answers), ...Object.keys(written), ...Object.keys(failures)];
  expect([...recordedNames("shell_")].sort()).toEqual(known.sort());
});
