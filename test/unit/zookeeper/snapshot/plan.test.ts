/** The order of a move, in both directions: what the reviewer reads is the golden text. */
import { describeSteps } from "../../../../core/engine/plan-text";
import type { Stage } from "../../../../core/engine/step";
import { sideOfExisting, sideOfManaged } from "../../../../core/zookeeper/side";
import type { MoveDesired, MoveFacts } from "../../../../core/zookeeper/snapshot/move";
import { planMove } from "../../../../core/zookeeper/snapshot/plan";
import { step } from "../../engine/scene";
import { ensemble, existing } from "../samples";

const source = sideOfExisting({ ...existing, clientPort: 2181 });
const target = sideOfManaged(ensemble());
const pause: Stage = { phase: "fence", steps: [step("pause", { host: "ops", says: "pause writers" })] };

function plan(desired: Partial<MoveDesired> = {}, facts: Partial<MoveFacts> = {}) {
  return planMove(
    {
      operation: "forward",
      origin: source,
      destination: target,
      fence: "stopSource",
      consumerFence: [pause],
      acceptDataLoss: false,
      ...desired,
    },
    {
      from: source.servers[1]!,
      fromIs: "leader",
      fromLeads: true,
      foldOn: { server: target.servers[0]!, side: target },
      reachableOrigin: source.servers,
      reachableDestination: target.servers,
      snapshotFormat: "3.6+",
      ...facts,
    },
  );
}

const back = () =>
  plan(
    { operation: "back", origin: target, destination: source },
    {
      from: target.servers[0]!,
      fromIs: "last zxid 0x200000007",
      fromLeads: false,
      foldOn: { server: target.servers[0]!, side: target },
      reachableOrigin: [target.servers[0]!],
      reachableDestination: source.servers,
      snapshotFormat: "3.4",
    },
  );

const lines = (steps: readonly string[]) => steps.map((line) => line.replace(/ {2,}/g, "  "));

test("forward: stage while it serves, fence, followers before the leader, copy, fold, seed all, start, prove", () => {
  expect(lines(describeSteps(plan()))).toMatchSnapshot();
});

test("back: the same with the sides changed; hosts that are gone are neither stopped nor waited for", () => {
  expect(lines(describeSteps(back()))).toMatchSnapshot();
});

test.each([
  ["forward", plan()],
  ["back", back()],
])(
  "%s: nothing of the origin is stopped before it is staged, nothing started before all is handed over",
  (_, one) => {
    const ids = one.stages.flatMap(({ steps }) => steps.map(({ id }) => id));
    const origin = new Set(one.operation === "forward" ? source.servers : target.servers);
    const stops = [...origin].map(({ name }) => ids.indexOf(`stop ${name}`)).filter((at) => at >= 0);
    const starts = ids.flatMap((id, at) => (id.startsWith("start ") ? [at] : []));
    expect(Math.min(...stops)).toBeGreaterThan(ids.indexOf("stage"));
    expect(Math.min(...stops)).toBeGreaterThan(ids.indexOf("pause"));
    expect(Math.max(...stops)).toBeLessThan(ids.indexOf("tail"));
    expect(Math.min(...starts)).toBeGreaterThan(ids.indexOf("hand over"));
    expect(new Set(ids).size).toBe(ids.length);
  },
);

test("what is fenced must last, and is taken back by starting it; what is set aside is put back", () => {
  const steps = plan().stages.flatMap((stage) => stage.steps);
  for (const { name } of source.servers) {
    expect(steps.find(({ id }) => id === `stop ${name}`)).toMatchObject({ undo: "start", lasting: true });
  }
  expect(steps.filter(({ id }) => id.startsWith("set aside")).map(({ undo }) => undo)).toEqual(
    Array(3).fill("put version-2 back"),
  );
  expect(steps.some((one) => one.pointOfNoReturn)).toBe(false);
});

test("whoever was chosen for its lead is looked at until it is stopped, right before any is; others need not lead", () => {
  const stages = (one: ReturnType<typeof plan>) => one.stages.map(({ steps }) => steps.map(({ id }) => id));
  const forward = stages(plan());
  const at = forward.findIndex((ids) => ids.includes("zk-old2 still leads"));
  expect(forward.slice(at, at + 3)).toEqual([
    ["zk-old2 still leads"],
    ["stop zk-old1", "stop zk-old3"],
    ["stop zk-old2"],
  ]);
  const step = plan().stages[at]!.steps[0]!;
  expect(step).toMatchObject({ host: "zk-old2", kind: "zk.leads", holdsUntil: "stop zk-old2" });
  expect(step.args["servers"]).toHaveLength(3);
  for (const other of [back(), plan({ fence: "consumersOnly" })]) {
    expect(
      stages(other)
        .flat()
        .filter((id) => id.endsWith("leads")),
    ).toEqual([]);
  }
});

test("the tail knows how far the fenced servers had come; without stopping them, when they stand still", () => {
  const find = (one: ReturnType<typeof plan>, id: string) =>
    one.stages.flatMap((stage) => stage.steps).find((each) => each.id === id)!;
  expect(find(plan(), "tail").args["fencedBy"]).toEqual(["stop zk-old1", "stop zk-old2", "stop zk-old3"]);
  const quiet = plan({ fence: "consumersOnly" });
  const waiting = quiet.stages.flatMap(({ steps }) => steps).filter(({ kind }) => kind === "zk.quiet");
  expect(waiting.map(({ host }) => host)).toEqual(["zk-old2"]);
  expect(find(quiet, "tail").args["fencedBy"]).toEqual([waiting[0]!.id]);
  expect(quiet.stages.flatMap(({ steps }) => steps).some(({ id }) => id === "stop zk-old1")).toBe(false);
});

test("folded with room for the largest znode of either side", () => {
  const huge = plan({ origin: { ...source, juteMaxBuffer: 128 << 20 } });
  const fold = huge.stages.flatMap(({ steps }) => steps).find(({ id }) => id === "fold");
  expect(fold?.args["juteMaxBuffer"]).toBe(128 << 20);
});

test("plans are plain JSON: they travel in the journal", () => {
  expect(JSON.parse(JSON.stringify(plan()))).toEqual(JSON.parse(JSON.stringify(plan())));
  const undefinedGone = JSON.parse(JSON.stringify(plan())) as unknown;
  expect(plan()).toEqual(undefinedGone);
});
