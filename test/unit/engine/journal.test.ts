/** Runs read out of entries that came from several hosts, in any order, with a past. */
import type { Entry, Event } from "../../../core/engine/journal";
import { runsOf } from "../../../core/engine/journal";
import { planOf, step } from "./scene";

const PLAN = planOf([step("a")], [step("b")]);

function entries(run: string, events: readonly Event[], begun = "2026-01-02T03:04:05.000Z"): Entry[] {
  return events.map((event, seq) => ({ ...event, run, seq, at: begun }));
}

const begin: Event = { event: "begin", owner: "ana", plan: PLAN };
const intent = (step: string): Event => ({ event: "intent", step });
const done = (step: string): Event => ({ event: "done", step, found: "so", result: { made: step } });
const undoing = (step: string): Event => ({ event: "undoing", step });
const undone = (step: string): Event => ({ event: "undone", step });
const finished: Event = { event: "end", outcome: "done" };

test("entries come in any order; runs come oldest first", () => {
  const late = entries("late", [begin, intent("a")], "2026-01-02T04:00:00.000Z");
  const early = entries("early", [begin, intent("a"), done("a"), intent("b"), done("b"), finished]);
  const runs = runsOf([...late, ...early].reverse());
  expect(runs.map(({ id, outcome }) => [id, outcome])).toEqual([
    ["early", "done"],
    ["late", undefined],
  ]);
  expect(runs[0]?.entries.map((entry) => entry.seq)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(runs[0]?.results).toEqual(
    new Map([
      ["a", { made: "a" }],
      ["b", { made: "b" }],
    ]),
  );
});

test("runs are told apart by their numbers, not by clocks: an operator's may be hours ahead", () => {
  const numbered = (number: number): Event => ({ event: "begin", owner: "ana", plan: PLAN, number });
  const runs = runsOf([
    ...entries("third", [numbered(2)], "2026-01-02T01:00:00.000Z"),
    ...entries("second", [numbered(1)], "2026-01-02T09:00:00.000Z"),
    ...entries("by an older version", [begin], "2026-01-02T05:00:00.000Z"),
  ]);
  expect(runs.map(({ id }) => id)).toEqual(["by an older version", "second", "third"]);
});

test("a run whose beginning nobody holds is no run: nothing was done before it was written", () => {
  expect(runsOf(entries("x", [begin, intent("a")]).slice(1))).toEqual([]);
});

test("a run without an end is unfinished", () => {
  const [run] = runsOf(entries("x", [begin, intent("a"), done("a"), intent("b")]));
  expect(run).toMatchObject({ outcome: undefined, rewound: false });
  expect(run?.begunSteps.map(({ id }) => id)).toEqual(["a", "b"]);
  expect([...run!.results.keys()]).toEqual(["a"]);
});

test("half taken back counts as unfinished, with nothing to believe", () => {
  const forward = [begin, intent("a"), done("a"), intent("b"), done("b"), finished];
  const [run] = runsOf(entries("x", [...forward, undoing("b"), undone("b"), undoing("a")]));
  expect(run).toMatchObject({ outcome: undefined, rewound: true });
  expect(run?.begunSteps.map(({ id }) => id)).toEqual(["a"]);
  expect(run?.results.size).toBe(0);
});

test("taken back whole", () => {
  const all = [begin, intent("a"), done("a"), undoing("a"), undone("a")];
  const [run] = runsOf(entries("x", [...all, { event: "end", outcome: "taken back" }]));
  expect(run).toMatchObject({ outcome: "taken back", begunSteps: [] });
});

test("a step begun again counts from its latest beginning, without its old result", () => {
  const rewound: Event = { event: "rewound", because: "a server was started" };
  const [run] = runsOf(
    entries("x", [begin, intent("a"), done("a"), intent("b"), done("b"), rewound, intent("a"), done("a")]),
  );
  expect(run?.begunSteps.map(({ id }) => id)).toEqual(["b", "a"]);
  expect([...run!.results.keys()]).toEqual(["a"]);
  expect(run?.rewound).toBe(true);
});
