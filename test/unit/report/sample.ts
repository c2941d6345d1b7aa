/** A night as a journal tells it: a move, its repointing, and the way back. Written by hand, in the engine's grammar. */
import type { Entry, Event, Run } from "../../../core/engine/journal";
import { runsOf } from "../../../core/engine/journal";
import type { JsonObject, Phase, Plan, Step } from "../../../core/engine/step";
import { stepsOf } from "../../../core/engine/step";
import type { ReportContext } from "../../../core/report/model";

const OWNER = "ops@bastion, pid 4711, since 2026-11-28T01:10:20.000Z";

interface Planned extends Partial<Step> {
  readonly phase: Phase;
  readonly host: string;
  readonly says: string;
  /** Seconds that it takes. */
  readonly takes: number;
  readonly found?: string;
  readonly result?: JsonObject;
}

/** @param ends `failed` where its last step fails, `taken back` where all are undone after that */
export function sampleRun(
  plan: Pick<Plan, "title" | "operation" | "found">,
  planned: readonly Planned[],
  begun: string,
  ends: "done" | "failed" | "taken back" = "done",
): Run {
  const stages = planned.map(({ phase, takes: _takes, found: _found, result: _result, ...step }, index) => ({
    phase,
    steps: [{ id: `step ${index}`, kind: "sample", args: { path: "/etc/metrika.xml" }, ...step }],
  }));
  const whole: Plan = { ...plan, stages };
  let now = Date.parse(begun);
  const entries: Entry[] = [];
  const add = (event: Event) =>
    entries.push({
      ...event,
      run: `${begun} ${plan.operation}`,
      seq: entries.length,
      at: new Date(now).toISOString(),
    });
  add({ event: "begin", owner: OWNER, plan: whole });
  planned.forEach(({ takes, found = "as wanted", result }, index) => {
    add({ event: "intent", step: `step ${index}` });
    now += takes * 1000;
    const fails = ends !== "done" && index === planned.length - 1;
    if (fails) add({ event: "failed", step: `step ${index}`, reason: found });
    else add({ event: "done", step: `step ${index}`, found, result });
  });
  if (ends === "taken back") {
    for (const step of stepsOf(whole)
      .reverse()
      .filter(({ undo }) => undo !== undefined)) {
      add({ event: "undoing", step: step.id });
      now += 700;
      add({ event: "undone", step: step.id });
    }
  }
  if (ends !== "failed") add({ event: "end", outcome: ends });
  return runsOf(entries)[0]!;
}

export const forward = sampleRun(
  {
    title: "move zk-old1, zk-old2, zk-old3 to zk-new1, zk-new2, zk-new3",
    operation: "forward",
    found: {
      source: "ZooKeeper 3.4.14, leader zk-old2",
      clients: "ck1 (172.26.30.1): consumer\nck2 (172.26.30.2): consumer",
    },
  },
  [
    {
      phase: "prepare",
      host: "ck1",
      says: "canary: create a replicated table, insert, read",
      takes: 1.2,
      proves: "ClickHouse's own work goes through",
      found: "the canary lived",
    },
    {
      phase: "prepare",
      host: "zk-new1",
      says: "stage the newest snapshot and the closed logs of zk-old2 while it serves",
      takes: 3.4,
      undo: "remove what was staged",
    },
    {
      phase: "fence",
      host: "ops",
      says: "pause writers of clickhouse 1: flink stop 2948",
      takes: 0.8,
      undo: "flink run 2948",
    },
    {
      phase: "fence",
      host: "zk-old1",
      says: "stop (follower)",
      takes: 0.9,
      undo: "start",
      found: "nobody listens on 2181",
    },
    {
      phase: "fence",
      host: "zk-old2",
      says: "stop (leader)",
      takes: 1.1,
      undo: "start",
      found: "nobody listens on 2181",
    },
    {
      phase: "copy",
      host: "zk-new1",
      says: "bring the rest of zk-old2's log, check the whole set",
      takes: 0.7,
      found: "the set is whole",
    },
    {
      phase: "fold",
      host: "zk-new1",
      says: "fold the set into one snapshot with ZooKeeper 3.7.1, offline",
      takes: 2.6,
    },
    { phase: "start", host: "zk-new1", says: "start", takes: 3.1, found: "pid 1209 listens on 2181" },
    {
      phase: "start",
      host: "zk-new1",
      says: "same znodes, digest and zxid as folded on every server; probe a write and its sync",
      takes: 0.6,
      proves: "the tree is whole on every server",
      result: {
        servers: ["zk-new1", "zk-new2", "zk-new3"],
        znodes: 20134,
        digest: "-5213598127361",
        zxid: "4294970298",
      },
    },
  ],
  "2026-11-28T01:10:22.000Z",
);

export const repointed = sampleRun(
  { title: "repoint clickhouse to the target", operation: "repoint clickhouse to target" },
  [
    {
      phase: "repoint",
      host: "ck1",
      says: "edit /etc/metrika.xml",
      takes: 0.2,
      result: {
        diff: [
          "--- a",
          "+++ a",
          "@@ -2,3 +2,3 @@",
          ' <node index="1">',
          "-  <host>172.26.25.109</host>",
          "+  <host>172.26.53.28</host>",
          " </node>",
        ],
      },
    },
    {
      phase: "repoint",
      host: "ck1",
      says: "restart (systemctl restart clickhouse-server), connected to the new servers only",
      takes: 2.9,
      found: "connected to 172.26.53.28:2181",
      pointOfNoReturn: true,
    },
    {
      phase: "repoint",
      host: "ops",
      says: "verify clickhouse 1: ./count-orders.sh",
      takes: 0.5,
      proves: "the business's own check passes",
      result: { exitCode: 0, expected: "/^[1-9]/", matched: "4" },
    },
    {
      phase: "release",
      host: "ops",
      says: "resume writers of clickhouse 1: flink run 2948",
      takes: 0.6,
      found: "it succeeded",
    },
  ],
  "2026-11-28T01:10:37.500Z",
);

/** A move whose fold failed, with everything taken back. */
export const takenBack = sampleRun(
  { title: forward.plan.title, operation: "forward" },
  [
    {
      phase: "prepare",
      host: "zk-new1",
      says: "stage the newest snapshot",
      takes: 3,
      undo: "remove what was staged",
    },
    { phase: "fence", host: "zk-old1", says: "stop (follower)", takes: 1, undo: "start" },
    {
      phase: "fold",
      host: "zk-new1",
      says: "fold the set into one snapshot",
      takes: 1,
      found: "zk-new1: no space left on device; password hunter22 was refused",
    },
  ],
  "2026-11-27T23:02:10.000Z",
  "taken back",
);

export const context: ReportContext = {
  migration: "migration-0123456789ab",
  facts: [
    ["from", "zk-old1 (172.26.25.109:2181), zk-old2 (172.26.18.214:2181), zk-old3 (172.26.25.125:2181)"],
    [
      "to",
      "ZooKeeper 3.7.1\nzk-new1 (172.26.53.28:2181), zk-new2 (172.26.64.167:2181), zk-new3 (172.26.64.168:2181)",
    ],
    ["strategy", "snapshot"],
    ["versions", "pulumi-zookeeper 0.1.0, Node.js 20.19.0"],
  ],
  accepted: [],
  onCall: [["Li Wei", "+86 10 5555 0100"]],
  wayBack: [
    "01 ops       pause writers of clickhouse 1: flink stop 2948   undo: flink run 2948",
    "02 zk-new1   stop (leader)   undo: start",
  ],
  wayBackUntil: "Open until finalized: true is set. pulumi destroy does this:",
  written: "2026-11-28T01:10:43.000Z",
};
