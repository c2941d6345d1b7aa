/**
 * A server that had to be down and was started, as by its host's boot: what it ran on is known to whoever goes on, however the
 * run that stopped it ended.
 */
import { clickhouseHandlers } from "../../../core/clickhouse/steps";
import type { Step } from "../../../core/engine/step";
import { noteRan, readRan, settleRan } from "../../../core/journal/ran";
import { contextOf, World } from "../world";

const stepOf = (since: string): Step => ({
  id: "clickhouse ck1 is down",
  host: "ck1",
  kind: "ck.down",
  args: {
    consumer: "ck",
    since,
    stop: "stop it",
    port: 8123,
    from: ["10.0.0.1:2181"],
    to: ["10.0.1.1:2181"],
  },
  says: "make sure that ClickHouse is stopped",
});
const STEP = stepOf("move-1");

test("each ensemble that it ran on is kept, until what it wrote is brought over", async () => {
  const world = new World(["ck1"]);
  expect(await readRan(world, STEP)).toBeUndefined();
  await noteRan(world, STEP, "left");
  await noteRan(world, STEP, "joined");
  await noteRan(world, STEP, "left");
  expect(await readRan(world, STEP)).toMatchObject({ on: ["left", "joined"], settled: false });
  await settleRan(world, STEP, (on) => on === "left");
  expect(await readRan(world, STEP)).toMatchObject({ on: ["joined"], settled: false });
  await settleRan(world, STEP, () => true);
  expect(await readRan(world, STEP)).toMatchObject({ settled: true });
  await noteRan(world, STEP, "left");
  expect(await readRan(world, STEP)).toMatchObject({ on: ["left"], settled: false });
});

test("what an earlier move's fence found is no longer true", async () => {
  const world = new World(["ck1"]);
  await noteRan(world, STEP, "left");
  expect(await readRan(world, stepOf("move-2"))).toBeUndefined();
});

test("stopped, and cut off before anybody heard of it: the next look still tells on what it ran", async () => {
  const world = new World(["ck1"]);
  const host = world.host("ck1");
  let runs = true;
  host.answer = (text) => {
    if (text === "stop it") {
      runs = false;
      throw new Error("the connection is gone");
    }
    if (text.startsWith("ss -Hltn")) return runs ? "LISTEN 0 64 *:8123\n" : "";
    return text.startsWith("ss ") ? "10.0.0.1:2181\n" : "";
  };
  const down = clickhouseHandlers["ck.down"]!;
  await expect(down.apply(contextOf(STEP, world))).rejects.toThrow("the connection is gone");
  expect(await down.look(contextOf(STEP, world))).toMatchObject({
    done: true,
    result: { ran: "connected to 10.0.0.1:2181" },
  });
});
