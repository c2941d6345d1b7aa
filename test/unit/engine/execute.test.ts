/** The loop that carries plans out: its order, what it believes, and that a kill at any moment costs nothing. */
import { UserError } from "../../../core/engine/errors";
import { execute, StepFailed } from "../../../core/engine/execute";
import { another, begin, handlers, MemoryStore, planOf, Settings, step } from "./scene";

const THREE = planOf([step("a")], [step("b1"), step("b2")], [step("c")]);

test("each step is looked at, applied, looked at again, and every act is announced before", async () => {
  const [world, store] = [new Settings(), new MemoryStore()];
  const execution = await begin(planOf([step("a")]), world, store);
  const results = await execute(execution);
  expect(world.notes).toEqual(["look a", "apply a", "look a"]);
  expect(store.entries.map((entry) => entry.event)).toEqual(["begin", "intent", "done", "end"]);
  expect(store.entries.map((entry) => entry.seq)).toEqual([0, 1, 2, 3]);
  expect(results.get("a")).toEqual({ made: "a" });
  expect(execution.said).toEqual([expect.stringMatching(/^zk1 {2}set a {2}\d+\.\d s$/)]);
  expect(store.runs[0]).toMatchObject({ outcome: "done", owner: "ana" });
});

test("the intents of a stage are written before any of its acts, and no stage begins before the last ended", async () => {
  const [world, store] = [new Settings(), new MemoryStore()];
  await execute(await begin(THREE, world, store));
  const steps = store.entries.map((entry) =>
    "step" in entry ? `${entry.event} ${entry.step}` : entry.event,
  );
  expect(steps.slice(0, 5)).toEqual(["begin", "intent a", "done a", "intent b1", "intent b2"]);
  expect(steps.slice(5, 7).sort()).toEqual(["done b1", "done b2"]);
  expect(steps.slice(7)).toEqual(["intent c", "done c", "end"]);
  expect(world.only("apply").at(-1)).toBe("c");
});

test("what is already so is not done, and its result is what the look found", async () => {
  const [world, store] = [new Settings(), new MemoryStore()];
  world.values.set("a", "set");
  const execution = await begin(planOf([step("a")]), world, store);
  const results = await execute(execution);
  expect(world.notes).toEqual(["look a"]);
  expect(results.get("a")).toEqual({ from: "look" });
  expect(execution.said).toEqual(["zk1  set a  already so"]);
});

test("a failure waits for the other steps of its stage, stops what follows, and stands in the journal", async () => {
  const [world, store] = [new Settings(), new MemoryStore()];
  world.failing.add("apply b1");
  await expect(execute(await begin(THREE, world, store))).rejects.toThrow("apply b1 failed");
  expect(world.values.get("b2")).toBe("set");
  expect(world.values.has("c")).toBe(false);
  expect(store.entries).toContainEqual(
    expect.objectContaining({ event: "failed", step: "b1", reason: "apply b1 failed" }),
  );
  expect(store.entries).toContainEqual(expect.objectContaining({ event: "done", step: "b2" }));
  expect(store.runs[0]?.outcome).toBeUndefined();
});

test("a step that changes nothing fails with what was seen, an error for users keeps its place and cause", async () => {
  const idle = { ...handlers, set: { ...handlers["set"]!, apply: async () => undefined } };
  const execution = await begin(planOf([step("a")]), new Settings(), new MemoryStore());
  const error = await execute({ ...execution, handlers: idle }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StepFailed);
  expect((error as StepFailed).message).toBe("zk1: set a: still not so afterwards: nothing");

  const cause = new UserError("the disk is full");
  const refusing = { ...handlers, set: { ...handlers["set"]!, apply: () => Promise.reject(cause) } };
  const again = await begin(planOf([step("a")]), new Settings(), new MemoryStore());
  await expect(execute({ ...again, handlers: refusing })).rejects.toMatchObject({
    message: "zk1: set a: the disk is full",
    cause,
  });
});

test("a step may use what an earlier one left, and nothing that is not there", async () => {
  const reading = {
    ...handlers,
    read: {
      ...handlers["set"]!,
      apply: async ({ result }: { result(id: string): unknown }) => ({ got: result("a") }),
    },
  } as typeof handlers;
  const plan = planOf([step("a")], [step("b", { kind: "read" })]);
  const world = new Settings();
  world.values.set("b", "other");
  const execution = await begin(plan, world, new MemoryStore());
  await expect(execute({ ...execution, handlers: reading })).rejects.toThrow(
    /still not so afterwards: other/,
  );
  const lonely = await begin(planOf([step("b", { kind: "read" })]), new Settings(), new MemoryStore());
  await expect(execute({ ...lonely, handlers: reading })).rejects.toThrow('step "b" needs the result of "a"');
  const unknown = await begin(planOf([step("x", { kind: "nobody's" })]), new Settings(), new MemoryStore());
  await expect(execute(unknown)).rejects.toThrow('no handler for steps of kind "nobody\'s"');
});

describe("going on after a kill", () => {
  // Appends of the plan below: begin; intent a; done a, intents b1 b2; done b1 b2, intent c; done c, end.
  const whole = 5;

  test.each(Array.from({ length: whole }, (_, index) => index))(
    "killed before append %i: everything is done once it was gone on with, and nothing finished is done again",
    async (left) => {
      const [world, store] = [new Settings(), new MemoryStore()];
      const execution = await begin(THREE, world, store);
      store.left = left;
      const killed = await execute(execution).then(
        () => false,
        () => true,
      );
      expect(killed).toBe(left < whole - 1);
      store.left = Infinity;
      const done = new Set(store.runs[0]!.results.keys());
      world.notes.length = 0;
      await execute(another(world, store));
      expect([...world.values.keys()].sort()).toEqual(["a", "b1", "b2", "c"]);
      expect(world.only("apply").filter((id) => done.has(id))).toEqual([]);
      expect(store.runs[0]).toMatchObject({ outcome: "done", rewound: false });
      expect([...store.runs[0]!.results.keys()].sort()).toEqual(["a", "b1", "b2", "c"]);
    },
  );

  const LASTING = planOf([step("stop", { lasting: true })], [step("copy")], [step("start")]);

  async function stoppedAfterCopy() {
    const [world, store] = [new Settings(), new MemoryStore()];
    world.failing.add("apply start");
    await expect(execute(await begin(LASTING, world, store))).rejects.toThrow("apply start failed");
    world.failing.clear();
    world.notes.length = 0;
    return { world, store };
  }

  test("what had to last and does is only looked at", async () => {
    const { world, store } = await stoppedAfterCopy();
    await execute(another(world, store));
    expect(world.only("apply")).toEqual(["start"]);
  });

  test("without a host that is out of reach it does not start over: nothing is done, and what to bring about is told", async () => {
    const [world, store] = [new Settings(), new MemoryStore()];
    const stops = [step("stop", { lasting: true }), step("stop zk2", { host: "zk2", lasting: true })];
    const plan = planOf(stops, [step("copy")], [step("start")]);
    world.failing.add("apply start");
    await expect(execute(await begin(plan, world, store))).rejects.toThrow("apply start failed");
    world.failing.clear();
    world.values.delete("stop");
    world.notes.length = 0;
    const set = handlers["set"]!;
    const look: typeof set.look = async (context) => {
      const sight = await set.look(context);
      return context.step.host === "zk2" ? { ...sight, unseen: true } : sight;
    };
    const again = { ...another(world, store), handlers: { set: { ...set, look } } };
    await expect(execute(again)).rejects.toThrow(
      'zk1: "set stop" no longer holds: nothing; expected it to hold, since to start over needs zk2, out of reach. ' +
        "Bring the host back and run the same command again; or pulumi up with the other side active, which keeps what was " +
        "written there.",
    );
    expect(world.only("apply")).toEqual([]);
    expect(store.runs[0]?.rewound).toBe(false);
  });

  test("what had to last and no longer does: the run starts over and does not believe its own marks", async () => {
    const { world, store } = await stoppedAfterCopy();
    world.values.delete("stop");
    const execution = another(world, store);
    await execute(execution);
    expect(execution.said[0]).toBe('zk1: "set stop" no longer holds: nothing; starting over');
    expect(world.only("apply")).toEqual(["stop", "copy", "start"]);
    expect(store.runs[0]).toMatchObject({ outcome: "done", rewound: true });
  });

  test.each([
    ["before", "apply copy", ["stop", "copy", "start"]],
    ["after", "apply start", ["start"]],
  ])("what holds until a later step is looked at %s that step began", async (_, failing, applied) => {
    const plan = planOf([step("stop", { holdsUntil: "start" })], [step("copy")], [step("start")]);
    const [world, store] = [new Settings(), new MemoryStore()];
    world.failing.add(failing);
    await expect(execute(await begin(plan, world, store))).rejects.toThrow(`${failing} failed`);
    world.failing.clear();
    world.notes.length = 0;
    world.values.delete("stop");
    await execute(another(world, store));
    expect(world.only("apply")).toEqual(applied);
  });

  test.each([
    ["has ended", "start", ["start", "ask"]],
    ["still serves", "copy", ["ask"]],
  ])(
    "a server that was started before and %s: the run goes on from where it must",
    async (_, gone, applied) => {
      const plan = planOf(
        [step("copy")],
        [step("start", { startsAgain: true })],
        [step("look")],
        [step("ask")],
      );
      const [world, store] = [new Settings(), new MemoryStore()];
      world.failing.add("apply ask");
      await expect(execute(await begin(plan, world, store))).rejects.toThrow("apply ask failed");
      world.failing.clear();
      world.notes.length = 0;
      world.values.delete(gone);
      await execute(another(world, store));
      expect(world.only("apply")).toEqual(applied);
      expect(store.runs[0]).toMatchObject({ outcome: "done", rewound: false });
    },
  );

  test("killed once more after it started over: still nothing from before is believed", async () => {
    const { world, store } = await stoppedAfterCopy();
    world.values.delete("stop");
    store.left = 3; // rewound; intent stop; done stop, intent copy
    await expect(execute(another(world, store))).rejects.toThrow("killed");
    store.left = Infinity;
    world.notes.length = 0;
    await execute(another(world, store));
    expect(world.only("apply")).toEqual(["copy", "start"]);
  });
});
