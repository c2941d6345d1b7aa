/** The order of both methods, and when a way back needs no recovery. */
import type { Entry, Run } from "../../../core/engine/journal";
import { fingerprint } from "../../../core/engine/plan-text";
import { stepsOf, type Stage } from "../../../core/engine/step";
import { pegasusSchema } from "../../../core/pegasus/desired";
import { sketchPegasus, type PegasusFacts } from "../../../core/pegasus/observe";
import { fencePegasus, repointPegasus } from "../../../core/pegasus/plan";
import { canGoOn, choicesOf } from "../../../core/run/consumers";
import type { Side } from "../../../core/zookeeper/side";

const side = (name: string): Side => ({
  servers: [{ name, address: `${name}.example` }],
  clientPort: 2181,
  dataDir: "/data",
  dataLogDir: "/log",
  start: "start",
  stop: "stop",
  juteMaxBuffer: 1_048_575,
  extendedTypes: false,
});
const [old, fresh] = [side("old"), side("new")];
const connection = { host: "10.0.0.1", insecureIgnoreHostKey: true };

const desiredBy = (method: "copy" | "recover") =>
  pegasusSchema.parse({
    kind: "pegasus",
    metas: { m1: { connection }, m2: { connection: { ...connection, host: "10.0.0.2" } } },
    configPath: "/config.ini",
    start: "start-meta",
    stop: "stop-meta",
    shell: "shell",
    method,
    writers: { pause: [{ run: "pause" }], resume: [{ run: "resume" }] },
  });

const CONFIG = Buffer.from(
  "[meta_server]\ncluster_root = /p\n[zookeeper]\nhosts_list = 10.0.0.1:2181/chroot\n",
);

/** As found with m2 in the lead. */
function factsOf(method: "copy" | "recover", leftHasNewest = true): PegasusFacts {
  const sketch = sketchPegasus(desiredBy(method));
  const record = {
    primary: "m2",
    level: "steady",
    root: "/p",
    nodes: [],
    apps: [],
    leaseSeconds: 30,
  } as const;
  const metas = sketch.metas.map((meta) => ({ ...meta, config: CONFIG }));
  return { ...sketch, metas, record, leftHasNewest };
}

const MOVE = { from: old, to: fresh, restore: false, toServes: true, strict: true };

/** Ids, a stage a line. */
const ids = (stages: readonly Stage[]) => stages.map(({ steps }) => steps.map(({ id }) => id).join(", "));

test("copy: backups stop, then blind; the primary stops last and starts first", () => {
  const { quiet, stop } = fencePegasus(desiredBy("copy"), factsOf("copy"), MOVE);
  expect(ids(quiet)).toEqual([
    "pause writers of pegasus 1",
    "record pegasus",
    "stop meta m1",
    "blind pegasus",
  ]);
  expect(ids(stop)).toEqual(["stop meta m2"]);
  const direction = { from: old, to: fresh, restore: false, leftServes: true };
  expect(ids(repointPegasus(desiredBy("copy"), factsOf("copy"), direction))).toEqual([
    "meta m1 is down, meta m2 is down",
    "copy again pegasus",
    "edit m1:/config.ini, edit m2:/config.ini",
    "start meta m2",
    "start meta m1",
    "level of pegasus",
    "healthy pegasus",
    "resume writers of pegasus 1",
  ]);
});

test.each([
  ["by recover, whose truth the replica servers hold", "recover", true, true],
  ["where the side that is left is stopped", "copy", true, false],
] as const)("nothing is copied again %s", (_, method, leftHasNewest, leftServes) => {
  const direction = { from: old, to: fresh, restore: false, leftServes };
  const stages = repointPegasus(desiredBy(method), factsOf(method, leftHasNewest), direction);
  expect(stages.flatMap(({ steps }) => steps).filter(({ kind }) => kind === "pg.copyAgain")).toEqual([]);
});

test("what a meta writes by a file that is edited by half is copied again, wherever the metas led before", () => {
  const direction = { from: old, to: fresh, restore: true, leftServes: true };
  const steps = repointPegasus(desiredBy("copy"), factsOf("copy", false), direction).flatMap(
    (one) => one.steps,
  );
  expect(steps.filter(({ kind }) => kind === "pg.copyAgain")).toHaveLength(1);
});

test("recover: the flag is set with the list, before the wait, and taken away before any other meta starts", () => {
  const direction = { from: old, to: fresh, restore: false, leftServes: true };
  const stages = repointPegasus(desiredBy("recover"), factsOf("recover"), direction);
  expect(ids(stages)).toEqual([
    "meta m1 is down, meta m2 is down",
    "empty root of pegasus",
    "edit m1:/config.ini, edit m2:/config.ini",
    "leases of pegasus",
    "start for recovery m2",
    "recover pegasus",
    "end recovery in m1:/config.ini, end recovery in m2:/config.ini",
    "stop recovered meta m2",
    "start meta m2",
    "start meta m1",
    "level of pegasus",
    "healthy pegasus",
    "resume writers of pegasus 1",
  ]);
  const flags = stages.flatMap(({ steps }) => steps).filter(({ kind }) => kind === "pg.edit");
  expect(flags.map(({ args }) => args["recover"])).toEqual(["true", "true", "false", "false"]);
  const begun = stepsOf({ title: "", operation: "", stages });
  expect(begun.find(({ pointOfNoReturn }) => pointOfNoReturn)?.id).toBe("recover pegasus");
  expect(begun.find(({ id }) => id === "start for recovery m2")?.undo).toBe("stop: stop-meta");
});

test("what a host that reboots may undo is looked at again for as long as it matters", () => {
  const direction = { from: old, to: fresh, restore: false, leftServes: true };
  const held = (method: "copy" | "recover") =>
    repointPegasus(desiredBy(method), factsOf(method), direction)
      .flatMap(({ steps }) => steps)
      .flatMap(({ id, holdsUntil, startsAgain }) =>
        holdsUntil !== undefined
          ? [`${id} until ${holdsUntil}`]
          : startsAgain === true
            ? [`${id} again`]
            : [],
      );
  expect(held("copy")).toEqual([
    "meta m1 is down until start meta m2",
    "meta m2 is down until start meta m2",
    "start meta m2 again",
    "start meta m1 again",
  ]);
  const recovered = "end recovery in m1:/config.ini";
  expect(held("recover")).toEqual([
    `meta m1 is down until ${recovered}`,
    "meta m2 is down until start for recovery m2",
    `start for recovery m2 until ${recovered}`,
    "start meta m2 again",
    "start meta m1 again",
  ]);
});

test("where the metas never led on the side that is left, the configuration alone goes back", () => {
  const facts = factsOf("recover", false);
  const direction = { from: fresh, to: old, restore: true, leftServes: true };
  const steps = repointPegasus(desiredBy("recover"), facts, direction).flatMap((stage) => stage.steps);
  const kinds = steps.map(({ kind }) => kind);
  expect(kinds).not.toContain("pg.recover");
  expect(kinds).not.toContain("pg.clearRoot");
  const edits = steps.filter(({ kind }) => kind === "pg.edit");
  expect(edits.map(({ args }) => args["recover"])).toEqual(["false", "false"]);
});

test("gone on with as it was begun, but for other choices, and for a recovery whose answer nobody has heard", () => {
  const desired = desiredBy("recover");
  const recover = stepsOf({
    title: "",
    operation: "",
    stages: repointPegasus(desired, factsOf("recover"), {
      from: old,
      to: fresh,
      restore: false,
      leftServes: true,
    }),
  }).find(({ kind }) => kind === "pg.recover")!;
  const run = (events: readonly Entry["event"][], choices = fingerprint(choicesOf(desired))): Run => ({
    id: "run-1",
    plan: { title: "", operation: "repoint pegasus to target", stages: [], choices },
    owner: "ana",
    begun: "2026-01-02T03:04:05Z",
    entries: events.map((event, seq) => ({ run: "run-1", seq, at: "", event, step: recover.id }) as Entry),
    begunSteps: events.length > 0 ? [recover] : [],
    results: new Map(),
    found: new Map(),
    rewound: false,
    takingBack: false,
  });
  expect(canGoOn(desired, run([]))).toBe(true);
  expect(canGoOn(desired, run(["intent"]))).toBe(false);
  expect(canGoOn(desired, run(["intent", "done"]))).toBe(true);
  // ERR_TRY_AGAIN: nothing was written, and the meta waits on.
  expect(canGoOn(desired, run(["intent", "failed"]))).toBe(true);
  expect(canGoOn(desired, run(["intent", "failed", "intent"]))).toBe(false);
  expect(canGoOn(desired, run([], "others"))).toBe(false);
});
