/** The level that a cluster gets back once its metas lead again. */
import { pegasusHandlers } from "../../../core/pegasus/steps";
import { contextOf, World } from "../world";
import { PREAMBLE } from "./recorded";

const LEVEL = {
  id: "level of pegasus",
  host: "pg-meta1",
  kind: "pg.level",
  args: { shell: { run: "run.sh shell", on: "pg-meta1" }, record: { primary: "pg-meta1", level: "steady" } },
  says: "set_meta_level steady",
};

/** A cluster that reads as the levels one after the other, then as the last of them. @returns what it was told to be */
async function bringOn(levels: string[]): Promise<string[]> {
  const world = new World(["pg-meta1"]);
  const told: string[] = [];
  world.host("pg-meta1").answer = (text) => {
    const set = /set_meta_level (\w+)/.exec(text)?.[1];
    if (set !== undefined) told.push(set);
    const level = levels.length > 1 ? levels.shift() : levels[0];
    const says = set ? "control meta level ok, the old level" : "current meta level";
    return `${PREAMBLE}${says} is fl_${level}\ndsn exit with code 0\n`;
  };
  await pegasusHandlers["pg.level"]?.apply(contextOf(LEVEL, world));
  expect(await pegasusHandlers["pg.level"]?.look(contextOf(LEVEL, world))).toMatchObject({ done: true });
  return told;
}

test("it is set where the metas started with another one", async () => {
  expect(await bringOn(["lively", "lively", "steady"])).toEqual(["steady"]);
  expect(await bringOn(["steady"])).toEqual([]);
});

const BLIND = { ...LEVEL, id: "blind pegasus", kind: "pg.blind", undo: "set_meta_level to what it was" };
const METAS = ["pg-meta1", "pg-meta2"].map((name) => ({ name, port: 34601 }));

/** Two hosts whose metas do not run; what is asked of a shell fails the test. */
function downEverywhere() {
  const world = new World(["pg-meta1", "pg-meta2"]);
  world.host("pg-meta1").answer = (text) => {
    if (text.startsWith("ss ") || text === "true") return "";
    throw new Error(`asked: ${text}`);
  };
  const step = { ...BLIND, args: { ...BLIND.args, consumer: "pegasus", metas: METAS } };
  const record = { primary: "pg-meta1", level: "steady" };
  return { world, context: { ...contextOf(step, world), result: () => record } };
}

test("where no meta runs none is made blind, also by a run that has started over and does not look first", async () => {
  const { context } = downEverywhere();
  await expect(pegasusHandlers["pg.blind"]!.apply(context)).resolves.toBeUndefined();
});

test("where no meta runs none is given its level back; one that is out of reach may run", async () => {
  const { world, context } = downEverywhere();
  await expect(pegasusHandlers["pg.blind"]!.undo!(context)).resolves.toBeUndefined();
  world.host("pg-meta2").down = "no answer";
  await expect(pegasusHandlers["pg.blind"]!.undo!(context)).rejects.toThrow(
    "asked: printf '%s\\n' 'get_meta_level'",
  );
});

describe("the host that the shell was planned on does not come back", () => {
  /** pg-meta1 has the shell, pg-meta2 leads and is blind. */
  function ledBy2(names: string[]) {
    const world = new World(names);
    const shell = { run: "run.sh shell", on: "pg-meta1", others: ["pg-meta2"] };
    const args = { ...BLIND.args, shell, consumer: "pegasus", metas: METAS };
    const told: string[] = [];
    world.host("pg-meta2").answer = (text) => {
      if (text.startsWith("ss ")) return 'LISTEN 0 64 *:34601 users:(("pegasus_server",pid=7,fd=3))\n';
      const set = /set_meta_level (\w+)/.exec(text)?.[1];
      if (set !== undefined) told.push(set);
      const says = set ? "control meta level ok, the old level" : "current meta level";
      return text === "true" ? "" : `${PREAMBLE}${says} is fl_blind\ndsn exit with code 0\n`;
    };
    const record = { primary: "pg-meta2", level: "steady" };
    const context = { ...contextOf({ ...BLIND, args }, world), result: () => record };
    return { world, told, undo: () => pegasusHandlers["pg.blind"]!.undo!(context) };
  }

  test("where it is out of reach, the level is set back through another meta's", async () => {
    const { world, told, undo } = ledBy2(["pg-meta1", "pg-meta2"]);
    world.host("pg-meta1").down = "no route";
    await undo();
    expect(told).toEqual(["steady"]);
  });

  test("where it was taken out, too", async () => {
    const { told, undo } = ledBy2(["pg-meta2"]);
    await undo();
    expect(told).toEqual(["steady"]);
  });

  test("one that was taken out counts as down: where no other runs, nobody is asked", async () => {
    const { world, told, undo } = ledBy2(["pg-meta2"]);
    world.host("pg-meta2").answer = (text) => {
      if (text.startsWith("ss ")) return "";
      throw new Error(`asked: ${text}`);
    };
    await undo();
    expect(told).toEqual([]);
  });
});
