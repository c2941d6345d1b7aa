/** What the reviewer reads of a plan, the fingerprint, and the timeline. */
import fc from "fast-check";
import type { Run } from "../../../core/engine/journal";
import { runsOf } from "../../../core/engine/journal";
import { describeSteps, fingerprint } from "../../../core/engine/plan-text";
import type { Plan } from "../../../core/engine/step";
import { sayTimeline, timelineOf } from "../../../core/engine/timeline";
import { planOf, step } from "./scene";

test("numbered; what is the same on several hosts of a stage is one line; hosts are one column", () => {
  const stop = { says: "stop (follower)", undo: "start" };
  const plan = planOf(
    [step("1", { ...stop, host: "zk1" }), step("2", { ...stop, host: "zk3" })],
    [step("3", { says: "stop (leader)", host: "zk2", undo: "start" })],
    [step("4", { says: "fold", host: "zk9", undo: undefined })],
  );
  expect(describeSteps(plan)).toEqual([
    "01 zk1, zk3  stop (follower)   undo: start",
    "02 zk2       stop (leader)   undo: start",
    "03 zk9       fold",
  ]);
});

test("the point of no return is a line before its step", () => {
  const plan = planOf([step("1")], [step("2", { says: "restart", undo: undefined, pointOfNoReturn: true })]);
  expect(describeSteps(plan)).toEqual([
    "01 zk1  set 1   undo: unset 1",
    "-- from here on the way back is a copy in the other direction --",
    "02 zk1  restart",
  ]);
  expect(describeSteps(plan, "-- no way back --")[1]).toBe("-- no way back --");
});

test("the line stands once, however many hosts and stages come after it", () => {
  const past = { pointOfNoReturn: true } as const;
  const plan = planOf([step("1", past), step("2", past)], [step("3", past)]);
  expect(describeSteps(plan).filter((line) => line.startsWith("--"))).toHaveLength(1);
});

test("more than 99 lines have three digits, none has none", () => {
  const many = planOf(...Array.from({ length: 100 }, (_, index) => [step(String(index))]));
  expect(describeSteps(many)[0]).toMatch(/^001 /);
  expect(describeSteps(planOf())).toEqual([]);
});

test("a fingerprint does not know the order of keys, nor keys without a value", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(object, (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(fingerprint({ ...reversed, gone: undefined })).toBe(fingerprint(value));
    }),
  );
  expect(fingerprint([1, 2])).not.toBe(fingerprint([2, 1]));
  expect(fingerprint({})).toMatch(/^[0-9a-f]{64}$/);
});

test("phases span from their first entry to their last, in the order in which they began", () => {
  const plan: Plan = {
    ...planOf(),
    stages: [
      { phase: "fence", steps: [step("a")] },
      { phase: "copy", steps: [step("b")] },
      { phase: "fence", steps: [step("c")] },
    ],
  };
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, 0) + seconds * 1000).toISOString();
  const events = [
    { event: "begin", owner: "ana", plan },
    { event: "intent", step: "a" },
    { event: "done", step: "a", found: "" },
    { event: "intent", step: "b" },
    { event: "failed", step: "b", reason: "" },
    { event: "intent", step: "c" },
    { event: "done", step: "c", found: "" },
    { event: "intent", step: "of an older version" },
  ] as const;
  const run = runsOf(events.map((event, seq) => ({ ...event, run: "x", seq, at: at(seq) })))[0] as Run;
  const spans = timelineOf(run);
  expect(spans.map(({ phase, seconds }) => [phase, seconds])).toEqual([
    ["fence", 5],
    ["copy", 1],
  ]);
  expect(spans[0]).toMatchObject({ from: at(1), to: at(6) });
  expect(sayTimeline(spans)).toBe("fence 5.0 s, copy 1.0 s");
});
