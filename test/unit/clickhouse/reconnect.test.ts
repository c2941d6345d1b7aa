/** Whether a server reloads or is restarted, and what counts as the proof that it did. */
import type { ReplicaServerFacts } from "../../../core/clickhouse/observe";
import { fenceStages, releaseStages } from "../../../core/clickhouse/plan";
import { clickhouseHandlers } from "../../../core/clickhouse/steps";
import { contextOf, World } from "../world";
import { desired, play, RESTART, side } from "./scene";

const FROM = side("zk-old1", "10.0.0.11");
const TO = side("zk-new1", "10.0.0.21");

function reconnectOf(version: string | undefined) {
  const servers: ReplicaServerFacts[] = [{ name: "ck1", address: "10.0.0.31", version }];
  const stages = releaseStages(desired(), { servers }, { from: FROM, to: TO });
  const step = stages.flatMap(({ steps }) => steps).find(({ kind }) => kind === "ck.reconnect");
  if (!step) throw new Error("no step that makes the server take its configuration");
  return step;
}

test.each([
  ["18.16.1", RESTART],
  ["20.9.7.11", RESTART],
  ["20.10.3.30", "reload"],
  ["24.8.4.13", "reload"],
  [undefined, RESTART],
])("version %s: %s", (version, expected) => {
  expect(reconnectOf(version).says).toContain(expected);
});

test("one that ends again once it was connected is restarted by whoever goes on", () => {
  expect(reconnectOf("18.16.1").startsAgain).toBe(true);
});

test("only sockets prove it: a configuration that was reloaded is not enough", async () => {
  const world = new World(["ck1"]);
  const step = reconnectOf("24.8.4.13");
  const look = clickhouseHandlers["ck.reconnect"]?.look;
  const peersThen = async (peers: string[]) => {
    play(world.host("ck1"), { running: true, peers });
    return look?.(contextOf(step, world));
  };
  expect(await peersThen(["10.0.0.11:2181", "10.0.0.21:2181"])).toEqual({
    done: false,
    found: "connected to 10.0.0.21:2181, 10.0.0.11:2181",
  });
  expect(await peersThen([])).toEqual({ done: false, found: "connected to no ZooKeeper server" });
  expect(await peersThen(["[::ffff:10.0.0.21]:2181"])).toMatchObject({ done: true });
});

test("servers that go by names are told by what the ClickHouse host resolves them to", async () => {
  const world = new World(["ck1"]);
  const host = world.host("ck1");
  const stages = releaseStages(
    desired(),
    { servers: [{ name: "ck1", address: "10.0.0.31", version: "24.8.4.13" }] },
    { from: side("zk-old1", "old.example"), to: side("zk-new1", "new.example") },
  );
  const step = stages.flatMap(({ steps }) => steps).find(({ kind }) => kind === "ck.reconnect")!;
  const sees = async (peers: string[]) => {
    const resolves = ["10.0.0.11 old.example", "fe80::21 new.example", "10.0.0.21 new.example"];
    play(host, { running: true, peers, resolves });
    return clickhouseHandlers["ck.reconnect"]?.look(contextOf(step, world));
  };
  expect(await sees(["10.0.0.21:2181"])).toEqual({ done: true, found: "connected to new.example:2181" });
  expect(await sees(["[fe80::21]:2181", "10.0.0.11:2181"])).toMatchObject({ done: false });
  expect(await sees(["10.0.0.21:2182"])).toMatchObject({ done: false });
  expect(host.scripts.at(-1)?.args).toEqual(["old.example", "new.example"]);
});

test.each([
  ["reloads while it runs", true],
  ["is restarted where the fence has stopped it", false],
])("a server of 24.8 %s", async (_, running) => {
  const world = new World(["ck1"]);
  play(world.host("ck1"), { running, peers: ["10.0.0.21:2181"] });
  await clickhouseHandlers["ck.reconnect"]?.apply(contextOf(reconnectOf("24.8.4.13"), world));
  expect(world.host("ck1").scripts.some(({ text }) => text === RESTART)).toBe(!running);
});

test("the fence leaves servers readable, and stops them where it is asked to, others stay on the source, or one may join what is not proved yet", () => {
  const facts = { servers: ["ck1", "ck2"].map((name) => ({ name, address: name })) };
  const stops = (fence: "readOnly" | "stopped", stopServers: boolean, mayJoin = false) =>
    fenceStages(desired({ fence }), facts, { stopServers, mayJoin, from: FROM })
      .flatMap(({ steps }) => steps)
      .filter(({ kind }) => kind === "ck.stop").length;
  expect(stops("readOnly", false)).toBe(0);
  expect(stops("readOnly", true)).toBe(2);
  expect(stops("stopped", false)).toBe(2);
  expect(stops("readOnly", false, true)).toBe(2);
});
