/**
 * Answers inside the longer recordings: a cluster that waits for recovery, is being recovered, or broke.
 */
import { readApps } from "../../../core/pegasus/read/apps";
import { readClusterInfo } from "../../../core/pegasus/read/cluster-info";
import { readGetMetaLevel, readSetMetaLevel } from "../../../core/pegasus/read/meta-level";
import { readNodes } from "../../../core/pegasus/read/nodes";
import { readRecover } from "../../../core/pegasus/read/recover";
import { readShell, type Reader } from "../../../core/pegasus/read/shell";
import { readApp } from "../../../core/pegasus/read/app";
import { excerptRun } from "./recorded";

const METHOD_A = "method_A_run.txt";

test.each<[string, Reader<unknown>]>([
  ["> cluster_info", readClusterInfo],
  ["> get_meta_level", readGetMetaLevel],
  ["> ls", readApps],
  ["> nodes -d", readNodes],
  ["> app t1 -d", readApp],
  ["> create tX -p 4", (body) => body],
  ["> set_meta_level blind", readSetMetaLevel],
])("while the metas wait: %s answers ERR_UNDER_RECOVERY", (from, read) => {
  expect(readShell(excerptRun(METHOD_A, from), read)).toMatchObject({
    ok: false,
    failure: { kind: "server-error", code: "ERR_UNDER_RECOVERY" },
  });
});

test("recover with a dead port: ERR_TRY_AGAIN and a hint, its rule on the same line", () => {
  expect(readShell(excerptRun(METHOD_A, "> recover -f badport.txt"), readRecover)).toMatchObject({
    ok: true,
    value: {
      nodes: ["pg-rep1:34801", "pg-rep2:34802", "pg-rep3:34899"],
      outcome: {
        kind: "result",
        code: "ERR_TRY_AGAIN",
        hints: [{ kind: "bad-node", node: "pg-rep3:34899", code: "ERR_NETWORK_FAILURE", skipped: false }],
      },
    },
  });
});

test.each([
  [METHOD_A, "> recover -f good.txt", "ERR_OK"],
  ["method_A3_run.txt", "> recover -f good.txt", "ERR_OK"],
  [METHOD_A, "second recover -f good.txt", "ERR_SERVICE_ALREADY_RUNNING"],
])("%s, %s: %s without hints", (name, from, code) => {
  expect(readShell(excerptRun(name, from), readRecover)).toMatchObject({
    ok: true,
    value: { outcome: { kind: "result", code, hints: [] } },
  });
});

test("no meta could be asked: nothing is known, and ls and cluster_info say ERR_NETWORK_FAILURE", () => {
  const name = "exp_recover_true_nonempty_root.txt";
  const closing = "ERR_NETWORK_FAILURE\ndsn exit with code 0";
  expect(
    readShell(
      excerptRun(
        name,
        `list apps failed, error=ERR_NETWORK_FAILURE: request meta failed: task=RPC_CM_LIST_APPS, error=${closing}`,
      ),
      readRecover,
    ),
  ).toMatchObject({
    ok: true,
    value: { nodes: ["pg-rep1:34801", "pg-rep2:34802", "pg-rep3:34803"], outcome: { kind: "no-reply" } },
  });
  expect(
    readShell(excerptRun("exp_recover_false_empty_root.txt", "[08:33:29.102] nodes -d"), readNodes),
  ).toMatchObject({
    ok: false,
    failure: { kind: "server-error", code: "ERR_NETWORK_FAILURE" },
  });
});

test("after a recovery that came too early: a dead node, and nothing healthy", () => {
  expect(readShell(excerptRun(METHOD_A, "[08:26:08.468] nodes -d"), readNodes)).toMatchObject({
    value: [
      { address: "pg-rep1:34801", alive: true, replicas: 15, primaries: 15, secondaries: 0 },
      { address: "pg-rep2:34802", alive: false, replicas: 0 },
      { address: "pg-rep3:34803", alive: true, replicas: 0 },
    ],
  });
  expect(readShell(excerptRun(METHOD_A, "[08:26:08.348] ls -d"), readApps)).toMatchObject({
    value: [
      { name: "stat", health: { fullyHealthy: 0, unhealthy: 4, writeUnhealthy: 4, readUnhealthy: 0 } },
      { name: "temp", health: { fullyHealthy: 0, unhealthy: 8, writeUnhealthy: 8, readUnhealthy: 0 } },
      { name: "t1", health: { fullyHealthy: 0, unhealthy: 4, writeUnhealthy: 4, readUnhealthy: 1 } },
    ],
  });
});

test("an empty root: no tables, and zookeeper_hosts with its chroot", () => {
  const name = "exp_recover_false_empty_root.txt";
  expect(readShell(excerptRun(name, "[08:33:18.814] cluster_info"), readClusterInfo)).toMatchObject({
    value: {
      zookeeperHosts: "127.0.1.1:2181,127.0.1.2:2181,127.0.1.3:2181/pegasus/chrootE",
      level: "steady",
    },
  });
  // The recorder cut the summary of nodes off; what stands between that and the shell's end is ls.
  expect(
    readShell(
      excerptRun(name, "pg-rep3:34803  ALIVE                 0              0                0"),
      readApps,
    ),
  ).toMatchObject({ ok: true, value: [] });
});
