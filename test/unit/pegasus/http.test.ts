/** Every recorded HTTP reply: values of answers, redirects, and errors under status 200. */
import { readApp } from "../../../core/pegasus/read/app";
import { readApps } from "../../../core/pegasus/read/apps";
import { readClusterInfo } from "../../../core/pegasus/read/cluster-info";
import { readConfigOption, readHttp, readStartTime } from "../../../core/pegasus/read/http";
import { readNodes } from "../../../core/pegasus/read/nodes";
import { parseObject } from "../../../core/pegasus/read/sections";
import type { Reader } from "../../../core/pegasus/read/shell";
import { readHttpVersion } from "../../../core/pegasus/read/versions";
import { recordedNames, recordedReply } from "./recorded";

const version = { version: "2.6.0-SNAPSHOT", gitCommit: "db756dcdf24e2af6169659a67548501ed61f106c" };
const option = (name: string, section: string, value: string, type = "FV_STRING") => ({
  name,
  section,
  type,
  value,
});
const hosts = option("hosts_list", "zookeeper", "127.0.7.100:22181");
const root = option("cluster_root", "meta_server", "/pegasus/onebox");
const recover = option("recover_from_replica_server", "meta_server", "false", "FV_BOOL");
const calls = expect.objectContaining({ "/meta/cluster": "Query the cluster info." });
const ok = (value: unknown) => ({ kind: "ok", value });
const toPrimary = (path: string) => ({ kind: "redirect", address: "pg-meta1:34601", path });
const names = [
  { id: 1, name: "stat", partitions: 4, created: "2026-11-22 08:16:21.000", atomicIdempotent: undefined },
  { id: 2, name: "temp", partitions: 8 },
  { id: 3, name: "t1", partitions: 4 },
];
const unknownOption = {
  kind: "error",
  status: 200,
  code: "ERR_OBJECT_NOT_FOUND",
  says: "ERR_OBJECT_NOT_FOUND: 'nosuch' is not found",
};
const unknownPath = { kind: "error", status: 404, says: 'service not found for "nosuch"' };

const replies: Record<string, readonly [Reader<unknown>, object]> = {
  "http_backup_app.txt": [readApp, toPrimary("/meta/app?name=t1")],
  "http_backup_app_detail.txt": [readApp, toPrimary("/meta/app?detail=&name=t1")],
  "http_backup_app_nosuch.txt": [readApp, toPrimary("/meta/app?detail=&name=nosuch")],
  "http_backup_apps.txt": [readApps, toPrimary("/meta/apps")],
  "http_backup_apps_detail.txt": [readApps, toPrimary("/meta/apps?detail=")],
  "http_backup_cluster.txt": [readClusterInfo, toPrimary("/meta/cluster")],
  "http_backup_config_cluster_root.txt": [readConfigOption, ok(root)],
  "http_backup_config_hosts_list.txt": [readConfigOption, ok(hosts)],
  "http_backup_config_recover.txt": [readConfigOption, ok(recover)],
  "http_backup_config_unknown.txt": [readConfigOption, unknownOption],
  "http_backup_nodes.txt": [readNodes, toPrimary("/meta/nodes")],
  "http_backup_nodes_detail.txt": [readNodes, toPrimary("/meta/nodes?detail=")],
  "http_backup_recentStartTime.txt": [readStartTime, ok("2026-11-22 08:18:47")],
  "http_backup_root.txt": [parseObject, ok(calls)],
  "http_backup_unknown.txt": [parseObject, unknownPath],
  "http_backup_version.txt": [readHttpVersion, ok(version)],
  "http_primary_app.txt": [readApp, ok({ id: 3, name: "t1", partitions: 4, maxReplicas: 3 })],
  "http_primary_app_detail.txt": [
    readApp,
    ok({
      id: 3,
      replicas: [
        { index: 0, ballot: 9, has: 3, wants: 3, primary: "pg-rep1:34801" },
        { ballot: 8 },
        { ballot: 6 },
        {},
      ],
      nodes: [{ node: "pg-rep1:34801", primaries: 2, secondaries: 2 }, {}, {}],
      health: { fullyHealthy: 4, unhealthy: 0, writeUnhealthy: 0, readUnhealthy: 0 },
    }),
  ],
  "http_primary_app_nosuch.txt": [readApp, { kind: "error", status: 404, says: 'table not found: "nosuch"' }],
  "http_primary_apps.txt": [readApps, ok(names)],
  "http_primary_apps_detail.txt": [
    readApps,
    ok(
      names.map((app) => ({ ...app, health: { partitions: app.partitions, fullyHealthy: app.partitions } })),
    ),
  ],
  "http_primary_cluster.txt": [
    readClusterInfo,
    ok({
      metaServers: ["pg-meta1:34601", "pg-meta2:34602"],
      primaryMetaServer: "pg-meta1:34601",
      zookeeperHosts: "127.0.7.100:22181",
      zookeeperRoot: "/pegasus/onebox",
      level: "steady",
      balanceOperations: { movePrimary: 0, copyPrimary: 0, copySecondary: 0, total: 0 },
      primaryReplicaCountStddev: 0.47,
      totalReplicaCountStddev: 0,
      clusterName: undefined,
    }),
  ],
  "http_primary_config_cluster_root.txt": [readConfigOption, ok(root)],
  "http_primary_config_hosts_list.txt": [readConfigOption, ok(hosts)],
  "http_primary_config_recover.txt": [readConfigOption, ok(recover)],
  "http_primary_config_unknown.txt": [readConfigOption, unknownOption],
  "http_primary_nodes.txt": [
    readNodes,
    ok([1, 2, 3].map((n) => ({ address: `pg-rep${n}:3480${n}`, alive: true }))),
  ],
  "http_primary_recentStartTime.txt": [readStartTime, ok("2026-11-22 08:18:46")],
  "http_primary_root.txt": [parseObject, ok(calls)],
  "http_primary_unknown.txt": [parseObject, unknownPath],
  "http_primary_version.txt": [readHttpVersion, ok(version)],
  "http_replica_config.txt": [
    readConfigOption,
    ok(option("server_list", "meta_server", "pg-meta1:34601,pg-meta2:34602")),
  ],
  "http_replica_recentStartTime.txt": [readStartTime, ok("2026-11-22 08:18:47")],
  "http_replica_version.txt": [readHttpVersion, ok(version)],
};

test.each(Object.entries(replies))("%s", (name, [read, answer]) => {
  expect(readHttp(recordedReply(name), read)).toMatchObject(answer);
});

test("no recording of HTTP is left unread", () => {
  expect([...recordedNames("http_")].sort()).toEqual(Object.keys(replies).sort());
});

test("a meta that follows nobody", () => {
  const headers = { location: "http://invalid host_port/meta/cluster" };
  expect(readHttp({ status: 307, headers, body: "" }, readClusterInfo)).toEqual({ kind: "no-primary" });
});

test("while the metas wait for recover: 200, no tables", () => {
  const body = '{"general_info":{},"summary":{"total_app_count":"0"}}\n';
  expect(readHttp({ status: 200, headers: {}, body }, readApps)).toEqual({ kind: "ok", value: [] });
});

test.each([
  ["no location", { status: 307, headers: {}, body: "" }],
  ["a location elsewhere", { status: 307, headers: { location: "/meta/cluster" }, body: "" }],
  ["half a body", { status: 200, headers: {}, body: '{"general_info":{' }],
])("%s is unreadable", (_, reply) => {
  expect(readHttp(reply, readApps).kind).toBe("unreadable");
});
