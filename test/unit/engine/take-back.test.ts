/** The way back along the journal: latest first, past every failure, and again until nothing is left. */
import fc from "fast-check";
import { HostUnreachable, isTakenOut, UnknownHost, UserError } from "../../../core/engine/errors";
import { execute, isPastReturn, takeBack, TakeBackFailed } from "../../../core/engine/execute";
import { another, begin, MemoryStore, planOf, Settings, step } from "./scene";

const PLAN = planOf([step("a")], [step("b1"), step("b2")], [step("kept", { undo: undefined })], [step("c")]);

async function done() {
  const [world, store] = [new Settings(), new MemoryStore()];
  await execute(await begin(PLAN, world, store));
  return { world, store };
}

test("undoes what was begun, latest first, and leaves what has no way back", async () => {
  const { world, store } = await done();
  const execution = another(world, store);
  await takeBack(execution.earlier, execution);
  expect(world.only("undo")).toEqual(["c", "b1", "b2", "a"]);
  expect([...world.values.keys()]).toEqual(["kept"]);
  expect(store.runs[0]).toMatchObject({ outcome: "taken back" });
  expect(execution.said[0]).toMatch(/^zk1 {2}unset c {2}\d/);
});

test("what was done side by side is taken back side by side: servers that only start together would wait for ever", async () => {
  const { world, store } = await done();
  const { earlier, ...execution } = another(world, store);
  const set = execution.handlers["set"]!;
  const arrived: string[] = [];
  let all = () => {};
  const together = new Promise<void>((resolve) => (all = resolve));
  const undo: typeof set.undo = async (context) => {
    await set.undo?.(context);
    if (!context.step.id.startsWith("b")) return;
    if (arrived.push(context.step.id) === 2) all();
    await together;
  };
  await takeBack(earlier, { ...execution, handlers: { set: { ...set, undo } } });
  expect(arrived).toEqual(["b1", "b2"]);
  expect(store.runs[0]?.outcome).toBe("taken back");
});

test("a step that was only intended is taken back too: it may have been half done", async () => {
  const [world, store] = [new Settings(), new MemoryStore()];
  world.failing.add("apply b1");
  await expect(execute(await begin(PLAN, world, store))).rejects.toThrow();
  const execution = another(world, store);
  await takeBack(execution.earlier, execution);
  expect(world.only("undo")).toEqual(["b1", "b2", "a"]);
});

test("goes on after a failure, tells all of them, and does the rest the next time", async () => {
  const { world, store } = await done();
  world.failing.add("undo b2").add("undo a");
  const execution = another(world, store);
  const error = await takeBack(execution.earlier, execution).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TakeBackFailed);
  expect((error as TakeBackFailed).message).toBe("unset b2: undo b2 failed\nunset a: undo a failed");
  expect(world.only("undo")).toEqual(["c", "b1", "b2", "a"]);
  expect(store.runs[0]?.outcome).toBeUndefined();

  world.failing.clear();
  world.notes.length = 0;
  const again = another(world, store);
  await takeBack(again.earlier, again);
  expect(world.only("undo").filter((id) => id !== "kept")).toEqual(["b2", "a"]);
  expect(store.runs[0]?.outcome).toBe("taken back");
});

describe("what a host that never comes back cannot take back", () => {
  const failing = async (id: string, error: Error) => {
    const { world, store } = await done();
    const { earlier, ...execution } = another(world, store);
    const set = execution.handlers["set"]!;
    const undo: typeof set.undo = async (context) => {
      if (context.step.id === id) throw error;
      await set.undo?.(context);
    };
    const takeBackWith = (mayStay: typeof set.mayStay) =>
      takeBack(earlier, { ...execution, handlers: { set: { ...set, undo, mayStay } } });
    return { world, store, takeBackWith, said: execution.said };
  };

  test("stays where its handler says so, once all else is taken back; the run has ended then", async () => {
    const { world, store, takeBackWith, said } = await failing("b2", new UserError("zk1: no route"));
    const left: string[][] = [];
    await takeBackWith(async ({ step: { id } }, failure) => {
      left.push([id, failure.message, ...world.values.keys()]);
      return true;
    });
    expect(left).toEqual([["b2", "zk1: no route", "b2", "kept"]]);
    expect(store.runs[0]).toMatchObject({ outcome: "taken back" });
    expect(said.at(-1)).toBe("zk1  not done: unset b2; it goes without: zk1: no route");
  });

  test("is a failure where its handler says that it may not stay, with the two ways out", async () => {
    const { store, takeBackWith } = await failing("b2", new HostUnreachable("zk1", "no route", "Start it."));
    await expect(takeBackWith(async () => false)).rejects.toThrow(
      "unset b2: zk1: no route. Start it.\nBring the host back and run the same command again. A consumer's that is gone for " +
        "good: take it out of the consumer's arguments first.",
    );
    expect(store.runs[0]?.outcome).toBeUndefined();
  });

  test("is a failure, with its own reason, where nobody can be asked whether it may stay", async () => {
    const { store, takeBackWith } = await failing("b2", new UserError("zk1: no route"));
    const asked = takeBackWith(async () => {
      throw new UserError("zk9: no way to ask");
    });
    await expect(asked).rejects.toThrow(TakeBackFailed);
    await expect(asked).rejects.toThrow("unset b2: zk1: no route");
    expect(store.runs[0]?.outcome).toBeUndefined();
    const bug = takeBackWith(async () => {
      throw new TypeError("undefined is not a function");
    });
    await expect(bug).rejects.toThrow(TypeError);
  });

  test("is a failure on a host that nobody declares, unless its handler says that it may stay", async () => {
    const gone = await failing("b2", new UnknownHost("zk1", ["zk2"]));
    await expect(gone.takeBackWith(undefined)).rejects.toThrow("zk1: found no host of that name");
    const taken = await failing("b2", new UnknownHost("zk1", ["zk2"]));
    await taken.takeBackWith(async ({ step: { host } }, failure) => isTakenOut(failure, host));
    expect(taken.store.runs[0]).toMatchObject({ outcome: "taken back" });
    const other = await failing("b2", new UnknownHost("zk7", ["zk1"]));
    const ofAnother = other.takeBackWith(async ({ step: { host } }, failure) => isTakenOut(failure, host));
    await expect(ofAnother).rejects.toThrow("zk7: found no host of that name");
  });
});

test("a way back that was interrupted goes by what the steps had found, as it did the first time", async () => {
  const { world, store } = await done();
  const seen: unknown[] = [];
  const takeBackOnce = async () => {
    const { earlier, ...execution } = another(world, store);
    const set = execution.handlers["set"]!;
    const undo: typeof set.undo = async (context) => {
      if (context.step.id === "b1") seen.push(context.result("a"));
      await set.undo?.(context);
    };
    await takeBack(earlier, { ...execution, handlers: { set: { ...set, undo } } });
  };
  world.failing.add("undo b1");
  await expect(takeBackOnce()).rejects.toThrow("undo b1 failed");
  world.failing.clear();
  await takeBackOnce();
  expect(seen).toEqual([{ made: "a" }, { made: "a" }]);
});

test("a run that is half taken back can be gone on with: everything is done again", async () => {
  const { world, store } = await done();
  store.left = 3; // undoing c, undone c, undoing b1 and b2
  const execution = another(world, store);
  await expect(takeBack(execution.earlier, execution)).rejects.toThrow("killed");
  store.left = Infinity;
  expect(store.runs[0]?.outcome).toBeUndefined();
  await execute(another(world, store));
  expect([...world.values.keys()].sort()).toEqual(["a", "b1", "b2", "c", "kept"]);
  expect(store.runs[0]?.outcome).toBe("done");
});

test("past the point of no return once that step was intended", async () => {
  const plan = planOf([step("a")], [step("b", { pointOfNoReturn: true })]);
  const [world, store] = [new Settings(), new MemoryStore()];
  world.failing.add("apply a");
  await expect(execute(await begin(plan, world, store))).rejects.toThrow();
  expect(isPastReturn(store.runs[0]!)).toBe(false);
  world.failing.clear();
  world.failing.add("apply b");
  await expect(execute(another(world, store))).rejects.toThrow();
  expect(isPastReturn(store.runs[0]!)).toBe(true);
});

test("whatever the plan, and wherever it was killed: gone on with it is done, taken back it never was", async () => {
  const stages = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(stages, fc.nat(20), fc.nat(20), fc.boolean(), async (shape, first, second, back) => {
      const plan = planOf(
        ...shape.map((steps, stage) =>
          steps.map((lasting, index) => step(`${stage}.${index}`, lasting ? { lasting: true } : {})),
        ),
      );
      const [world, store] = [new Settings(), new MemoryStore()];
      const execution = await begin(plan, world, store);
      store.left = first;
      await execute(execution).catch(() => undefined);
      store.left = second;
      if (store.runs[0]?.outcome === undefined) await execute(another(world, store)).catch(() => undefined);
      store.left = Infinity;
      const last = another(world, store);
      await (back ? takeBack(last.earlier, last) : execute(last));
      expect(world.values.size).toBe(back ? 0 : shape.flat().length);
      expect(store.runs[0]?.outcome).toBe(back ? "taken back" : "done");
    }),
    { numRuns: 200 },
  );
});
