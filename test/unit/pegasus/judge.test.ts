/** Judgements over what was read: each test changes one fact of a good cluster. */
import type { App } from "../../../core/pegasus/read/apps";
import { readClusterInfo } from "../../../core/pegasus/read/cluster-info";
import {
  findChangedApps,
  findClusterDifferences,
  findMissingNodes,
  findUnhealthy,
  judgeRecovery,
  sameZooKeeperHosts,
} from "../../../core/pegasus/read/judge";
import { recoverNodeList } from "../../../core/pegasus/read/nodes";
import type { RecoveryHint, RecoveryOutcome } from "../../../core/pegasus/read/recover";
import { recordedReply } from "./recorded";

const health = { partitions: 4, fullyHealthy: 4, unhealthy: 0, writeUnhealthy: 0, readUnhealthy: 0 };
const app: App = {
  id: 3,
  name: "t1",
  status: "AVAILABLE",
  type: "pegasus",
  partitions: 4,
  replicas: 3,
  stateful: true,
  envs: 0,
  health,
};

test.each<[string, App, readonly string[]]>([
  ["healthy", app, []],
  ["dropped", { ...app, status: "DROPPED", health: undefined }, []],
  ["creating", { ...app, status: "CREATING" }, ["table t1 (3) is CREATING"]],
  ["not listed with -d", { ...app, health: undefined }, ["table t1 (3): its health was not listed (ls -d)"]],
  [
    "sick",
    { ...app, health: { ...health, fullyHealthy: 1, unhealthy: 3, writeUnhealthy: 2, readUnhealthy: 1 } },
    ["table t1 (3): 1 of 4 partitions are fully healthy, 2 cannot be written, 1 cannot be read"],
  ],
])("a table that is %s", (_, table, findings) => {
  expect(findUnhealthy([table])).toEqual(findings);
});

test.each<[string, readonly App[], readonly string[]]>([
  ["nothing", [app], []],
  ["a dropped table more", [app, { ...app, id: 4, status: "DROPPED" }], []],
  ["a canary of ours more", [app, { ...app, id: 4, name: "pulumi_zookeeper_canary_x" }], []],
  ["a table gone", [], ["table t1 (3) is gone"]],
  ["a table more", [app, { ...app, id: 4, name: "t2" }], ["table t2 (4) is new"]],
  ["a name", [{ ...app, name: "t9" }], ["table t9 (3): name was t1, is t9"]],
  ["a partition count", [{ ...app, partitions: 8 }], ["table t1 (3): partition count was 4, is 8"]],
])("against the backup, changed: %s", (_, after, findings) => {
  expect(findChangedApps([app], after)).toEqual(findings);
});

test("nodes: ALIVE is a whole word", () => {
  const servers = [
    { address: "r1:1", alive: true },
    { address: "r2:1", alive: false },
  ];
  expect(findMissingNodes(["r1:1", "r2:1", "r3:1"], servers)).toEqual([
    "replica server r2:1 is UNALIVE",
    "replica server r3:1 is not listed",
  ]);
  expect(recoverNodeList(servers)).toBe("r1:1\n");
});

test("what a cluster says of itself", () => {
  const info = readClusterInfo(recordedReply("http_primary_cluster.txt").body);
  const expected = {
    zookeeperHosts: "127.0.7.100:22181",
    zookeeperRoot: "/pegasus/onebox",
    level: "steady",
  } as const;
  expect(findClusterDifferences(info, expected)).toEqual([]);
  expect(
    findClusterDifferences(
      { ...info, primaryMetaServer: undefined, level: "freezed" },
      { ...expected, zookeeperHosts: "new:2181" },
    ),
  ).toEqual([
    "no meta server leads",
    "zookeeper_hosts is 127.0.7.100:22181, expected new:2181",
    "meta_function_level is freezed, expected steady",
  ]);
});

test.each([
  ["a:1,b:2/x", "b:2, a:1/x/", true],
  ["a:1,b:2/x", "a:1,b:2", false],
  ["a:1,b:2", "a:1", false],
])("hosts %s and %s", (one, other, same) => {
  expect(sameZooKeeperHosts(one, other)).toBe(same);
});

const hint: RecoveryHint = { kind: "fewer-replicas", partition: "1.0", has: 2, wants: 3 };
test.each<[RecoveryOutcome, object]>([
  [{ kind: "result", code: "ERR_OK", hints: [] }, { kind: "complete" }],
  [
    { kind: "result", code: "ERR_OK", hints: [hint] },
    { kind: "complete-with-losses", hints: [hint] },
  ],
  [
    { kind: "result", code: "ERR_TRY_AGAIN", hints: [hint] },
    { kind: "may-be-tried-again", hints: [hint] },
  ],
  [{ kind: "result", code: "ERR_SERVICE_ALREADY_RUNNING", hints: [] }, { kind: "not-waiting" }],
  [
    { kind: "result", code: "ERR_INVALID_DATA", hints: [] },
    { kind: "failed", code: "ERR_INVALID_DATA", hints: [] },
  ],
  [{ kind: "no-reply" }, { kind: "unknown" }],
])("recovery that ended with %j", (outcome, verdict) => {
  const recovery = {
    waitSeconds: 100,
    skipBadNodes: false,
    skipLostPartitions: false,
    nodes: ["r1:1"],
    outcome,
  };
  expect(judgeRecovery(recovery)).toEqual(verdict);
});
