/** What the journal says has happened: every sequence in which a move and its consumers can stand. */
import type { Outcome, Run } from "../../../core/engine/journal";
import type { JsonObject, Step } from "../../../core/engine/step";
import { readHistory } from "../../../core/run/history";
import { planOf, step } from "../engine/scene";

let count = 0;

/** A run of an operation; `begun` are the steps that it began. */
function run(operation: string, outcome?: Outcome, begun: readonly Step[] = []): Run {
  return {
    id: `run-${count++}`,
    plan: { ...planOf(), operation },
    owner: "ana",
    begun: "2026-01-02T03:04:05Z",
    entries: [],
    outcome,
    begunSteps: begun,
    results: new Map(),
    found: new Map(),
    rewound: false,
    takingBack: false,
  };
}

const forward = (outcome?: Outcome) => run("forward", outcome);
const back = (outcome?: Outcome) => run("back", outcome);
const repoint = (to: string, outcome?: Outcome, begun: readonly Step[] = []) =>
  run(`repoint ck to ${to}`, outcome, begun);
const restarted = [step("restart", { pointOfNoReturn: true })];

test("nothing has happened: the source is active", () => {
  expect(readHistory([])).toMatchObject({ active: "source", finalized: false });
  expect(readHistory([]).pendingMove).toBeUndefined();
});

test("a move that was interrupted leaves the source active, and is to be settled", () => {
  const pending = forward();
  expect(readHistory([pending])).toMatchObject({ active: "source", pendingMove: pending });
});

test("a move that is done can be taken back as long as no consumer worked with the target", () => {
  const moved = forward("done");
  expect(readHistory([moved])).toMatchObject({ active: "target", undoable: moved, pendingMove: undefined });
  expect(readHistory([moved, repoint("target")]).undoable).toBe(moved);
  expect(readHistory([moved, repoint("target", "taken back")]).undoable).toBe(moved);
  expect(readHistory([moved, repoint("target", undefined, restarted)]).undoable).toBeUndefined();
  expect(readHistory([moved, repoint("target", "done")]).undoable).toBeUndefined();
});

test("taken back, it is as if it had never been; a second one may follow", () => {
  const second = forward("done");
  expect(readHistory([forward("taken back")])).toMatchObject({ active: "source", undoable: undefined });
  expect(readHistory([forward("taken back"), second])).toMatchObject({ active: "target", undoable: second });
});

test("half taken back (its outcome is gone again) it is to be settled", () => {
  const half = forward();
  expect(readHistory([forward("taken back"), half])).toMatchObject({ active: "source", pendingMove: half });
});

test("there and back: the source is active, nothing can be taken back, consumers wait for their release", () => {
  const history = readHistory([forward("done"), repoint("target", "done"), back("done")]);
  expect(history).toMatchObject({ active: "source", undoable: undefined, pendingMove: undefined });
  expect(history.consumers.get("ck")).toBe("target");
  expect(history.awaitsRelease("ck")).toBe(true);
  expect(history.unreleased).toEqual(["ck"]);
  const released = readHistory([...history.runs, repoint("source", "done")]);
  expect(released.consumers.get("ck")).toBe("source");
  expect(released.awaitsRelease("ck")).toBe(false);
  expect(released.unreleased).toEqual([]);
});

test("a way back that was interrupted leaves the target active", () => {
  const pending = back();
  const history = readHistory([forward("done"), repoint("target", "done"), pending]);
  expect(history).toMatchObject({ active: "target", pendingMove: pending });
});

test("forward, back, forward again: only the last counts", () => {
  const third = forward("done");
  const history = readHistory([
    forward("done"),
    repoint("target", "done"),
    back("done"),
    repoint("source", "done"),
    third,
  ]);
  expect(history).toMatchObject({ active: "target", undoable: third });
  expect(history.awaitsRelease("ck")).toBe(false);
});

test("closed only once that was done", () => {
  expect(readHistory([forward("done"), run("finalize")]).finalized).toBe(false);
  expect(readHistory([forward("done"), run("finalize", "done")]).finalized).toBe(true);
});

test("where the servers have worked is where they were last released; a repointing that stopped may have begun to", () => {
  const there = [forward("done"), repoint("target", "done")];
  const back = run("back", "done");
  expect(readHistory([]).workedOf("ck")).toEqual({ on: "source" });
  expect(readHistory([forward("done"), repoint("target")]).workedOf("ck")).toEqual({ on: "source" });
  expect(readHistory([forward("done"), repoint("target", undefined, restarted)]).workedOf("ck")).toEqual({
    on: "source",
    perhapsOn: "target",
  });
  expect(readHistory(there).workedOf("ck")).toEqual({ on: "target" });
  expect(readHistory([...there, back, repoint("source")]).workedOf("ck")).toEqual({ on: "target" });
  expect(readHistory([...there, back, repoint("source", "done")]).workedOf("ck")).toEqual({ on: "source" });
});

test("a repointing that stopped before a start is to be taken back with its move", () => {
  const stopped = repoint("target");
  const again = repoint("target");
  expect(readHistory([forward("done"), stopped, again]).halfRepointed).toEqual([again, stopped]);
  expect(readHistory([forward("done"), repoint("target", "taken back")]).halfRepointed).toEqual([]);
  expect(readHistory([forward("done"), stopped, forward("done")]).halfRepointed).toEqual([]);
});

test("moved there and back and there again, a consumer waits for its repointing, though its last one named that side", () => {
  const there = [forward("done"), repoint("target", "done")];
  expect(readHistory(there).awaitsRepointing("ck")).toBe(false);
  const again = readHistory([
    ...there,
    back("done"),
    repoint("source", undefined, restarted),
    forward("done"),
  ]);
  expect(again).toMatchObject({ active: "target" });
  expect(again.awaitsRepointing("ck")).toBe(true);
  expect(again.fencedBy("ck")).toBe(again.runs.findLast(({ plan }) => plan.operation === "forward")?.id);
  expect(readHistory([...again.runs, repoint("target", "done")]).awaitsRepointing("ck")).toBe(false);
  expect(readHistory([]).awaitsRepointing("ck")).toBe(false);
});

test("a repointing that was taken back changed nothing: the one before it is the last", () => {
  const released = repoint("source", "done");
  const before = [forward("done"), repoint("target", "done"), back("done"), released];
  const taken = readHistory([...before, forward("taken back"), repoint("target", "taken back")]);
  expect(taken.lastRepointing("ck")).toBe(released);
  expect(taken.awaitsRepointing("ck")).toBe(false);
  expect(
    readHistory([forward("taken back"), repoint("target", "taken back")]).lastRepointing("ck"),
  ).toBeUndefined();
  const half = repoint("target");
  expect(readHistory([...before, forward("done"), half]).lastRepointing("ck")).toBe(half);
  expect(readHistory(before).lastRepointing("another")).toBeUndefined();
});

test("what a step last came to is told also when it was taken back since, and that it no longer stands", () => {
  const first = recorded("done", { tables: 3 });
  const taken = { ...recorded("taken back", { tables: 4 }), results: new Map() };
  expect(readHistory([]).lastDone("record ck")).toBeUndefined();
  expect(readHistory([first]).lastDone("record ck")).toEqual({ result: { tables: 3 }, stands: true });
  expect(readHistory([first, taken]).lastDone("record ck")).toEqual({ result: { tables: 4 }, stands: false });
  expect(readHistory([first, forward()]).lastDone("record ck")).toEqual({
    result: { tables: 3 },
    stands: true,
  });
});

/** A move whose step recorded something. */
function recorded(outcome: Outcome, result: JsonObject): Run {
  const results = new Map([["record ck", result]]);
  return { ...forward(outcome), results, found: results };
}

test("taken back but for folders of the side that was to be joined, it is settled; with anything else left it is not", () => {
  const rest = (...begun: readonly Step[]) =>
    readHistory([{ ...run("forward", undefined, begun), takingBack: true }]);
  const setAside = step("set aside", { kind: "zk.setAside" });
  const start = step("start", { kind: "zk.start" });
  const proof = step("prove", { kind: "zk.prove", undo: undefined });
  expect(rest(setAside, start, proof).isSettledOn("source")).toBe(true);
  expect(rest(setAside, step("stop", { kind: "zk.stop" })).isSettledOn("source")).toBe(false);
  expect(readHistory([run("forward", undefined, [setAside])]).isSettledOn("source")).toBe(false);
});

test("once a way back was begun that copies, the move forward is never taken back as if nobody had worked there", () => {
  const moved = forward("done");
  expect(readHistory([moved, back()]).undoable).toBeUndefined();
  expect(readHistory([moved, back("taken back")])).toMatchObject({ active: "target", undoable: undefined });
});
