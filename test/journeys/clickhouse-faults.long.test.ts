/**
 * A ClickHouse host that loses its power, or that the operator cannot reach, at every phase of a move. It ends in success,
 * or in a message that names the host, within a bound; once the host is back the same command comes through, the replicas
 * are writable, and every row is on both.
 */
import type { MigrationDesired } from "../../core/run/desired";
import type { ActiveSide } from "../../core/run/history";
import { CLICKHOUSE_SERVICE, METRIKA_XML, query, untilWritable } from "../../lab/clickhouse";
import type { Arguments } from "../../lab/arguments";
import { untilQuorum } from "../../lab/old-zookeeper";
import { until } from "../../lab/wait";
import { cutOffFromOperator, expectSaid, happening, reconnectToOperator, within } from "./direct/faults";
import { Scene } from "./direct/scene";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ clickhouse: true });
});
afterAll(() => scene?.close());

const desired = (active: ActiveSide) =>
  scene.desired((args) => {
    args.consumers = args["lab consumers"] as Arguments["consumers"];
    args["active"] = active;
  });

const cut = {
  "loses its power": {
    begin: (name: string) => scene.lab.host(name).kill(),
    end: (name: string) => scene.lab.host(name).start(),
  },
  "is cut off from the operator": {
    begin: (name: string) => cutOffFromOperator(scene, name),
    end: (name: string) => reconnectToOperator(scene, name),
  },
};

let row = 0;
const insert = (id: string) =>
  query(scene.lab.clickhouse[0]!, `INSERT INTO lab.audit (writer, id, payload) VALUES ('faults', ${id}, '')`);
async function expectRows(count: string): Promise<void> {
  await untilWritable(scene.lab.clickhouse);
  for (const host of scene.lab.clickhouse) {
    await query(host, "SYSTEM SYNC REPLICA lab.audit");
    expect(await query(host, "SELECT count() FROM lab.audit WHERE writer = 'faults'")).toBe(count);
  }
}

test.each<[string, keyof typeof cut, ActiveSide, RegExp]>([
  ["ck1", "loses its power", "target", /set version-2 aside/],
  ["ck2", "loses its power", "source", /stop \(leader\)/],
  ["ck2", "loses its power", "target", /edit \/etc\/clickhouse-server/],
  ["ck1", "loses its power", "source", /put .* back/],
  ["ck2", "is cut off from the operator", "target", /stop \(leader\)/],
  ["ck1", "is cut off from the operator", "source", /put .* back/],
])("%s %s on the way to the %s", async (name, fault, to, line) => {
  const written = `${++row}`;
  await insert(written);

  const told = await happening(
    (onLine) => scene.up(desired(to), onLine),
    line,
    () => cut[fault].begin(name),
  );
  expectSaid(told, name);
  await cut[fault].end(name);
  // A ClickHouse that boots while its ensemble is fenced does not come up: that is for the move to bring about.
  expect(await within(scene.up(desired(to)))).toMatchObject({ failed: "" });
  await expectRows(written);
});

describe("what is left takes a write after the copy: refused, and the way back has what was written", () => {
  async function refusedThenBack(to: (active: ActiveSide) => MigrationDesired, boot: () => Promise<unknown>) {
    const told = await happening(
      (onLine) => scene.up(to("target"), onLine),
      /prove: znodes, digest/,
      () => cut["loses its power"].begin("ck1"),
    );
    expectSaid(told, "ck1");
    await cut["loses its power"].end("ck1");
    await boot();
    const written = `${++row}`;
    await until("ck1 takes a row", () => insert(written).then(() => undefined, String));

    const { failed } = await within(scene.up(to("target")));
    expect(await within(scene.up(to("source")))).toMatchObject({ failed: "" });
    await expectRows(written);
    expect(await within(scene.up(to("target")))).toMatchObject({ failed: "" });
    await expectRows(written);
    expect(await within(scene.up(to("source")))).toMatchObject({ failed: "" });
    return failed;
  }

  test("fence consumersOnly: a server of ClickHouse boots", async () => {
    const onlyConsumers = (active: ActiveSide) => ({ ...desired(active), fence: "consumersOnly" as const });
    const failed = await refusedThenBack(onlyConsumers, async () => undefined);
    expect(failed).toContain("ck1 (connected to 10.");
    expect(failed).toContain("was started after it was fenced");
  });

  test("fence stopSource: the old ensemble's hosts boot", async () => {
    const failed = await refusedThenBack(desired, async () => {
      for (const { name } of scene.lab.oldEnsemble) {
        await scene.lab.host(name).kill();
        await scene.lab.host(name).start();
      }
      await untilQuorum(scene.lab.oldEnsemble);
    });
    expect(failed).toContain("zk-old1, zk-old2, zk-old3: found the ensemble serving");
  });
});

test("ck2 never comes back: taken out of the arguments, it keeps nobody from going on or back", async () => {
  const without = (active: ActiveSide) => {
    const [clickhouse] = desired(active).consumers;
    if (clickhouse?.kind !== "clickhouse") throw new Error("the lab's consumer is ClickHouse");
    const { ck2: _gone, ...hosts } = clickhouse.hosts;
    return { ...desired(active), consumers: [{ ...clickhouse, hosts }] };
  };
  const written = `${++row}`;
  await insert(written);
  const dies = (line: string) => {
    if (/^ck2  edit/.test(line)) throw new Error("the operator's process dies here");
  };
  expect((await within(scene.up(desired("target"), dies))).failed).toContain("dies here");
  await cut["loses its power"].begin("ck2");
  expect((await within(scene.up(desired("target")))).failed).toContain("ck2");
  expect((await within(scene.up(desired("source")))).failed).toContain("ck2");

  expect(await within(scene.up(without("source")))).toMatchObject({ failed: "" });
  await untilWritable(scene.lab.clickhouse.slice(0, 1));
  await cut["loses its power"].end("ck2");
  // Whoever takes it in again puts its file back, from where the original is kept.
  await scene.on("ck2", 'cp -p /var/lib/pulumi-zookeeper/*/originals"$1" "$1"', METRIKA_XML);
  await scene.on("ck2", `${CLICKHOUSE_SERVICE} restart`);
  await expectRows(written);
  expect(await within(scene.up(desired("target")))).toMatchObject({ failed: "" });
  await expectRows(written);
  expect(await within(scene.up(desired("source")))).toMatchObject({ failed: "" });
});

test("a move that is taken back and ordered again at once waits until ClickHouse works with its ensemble again", async () => {
  const written = `${++row}`;
  await insert(written);
  const dies = (line: string) => {
    if (/^zk-new\d  start/.test(line)) throw new Error("the operator's process dies here");
  };
  expect((await within(scene.up(desired("target"), dies))).failed).toContain("dies here");
  expect(await within(scene.up(desired("source")))).toMatchObject({ failed: "" });

  expect(await within(scene.up(desired("target")))).toMatchObject({ failed: "" });
  await expectRows(written);
});

test("the servers of both ensembles go by names: there and back", async () => {
  expect(await within(scene.up(desired("source")))).toMatchObject({ failed: "" });
  const written = `${++row}`;
  await insert(written);
  const named = (active: ActiveSide) =>
    scene.desired((args) => {
      args.consumers = args["lab consumers"] as Arguments["consumers"];
      args["active"] = active;
      for (const ensemble of [args.source, args.target])
        for (const [name, host] of Object.entries(ensemble.hosts)) Object.assign(host, { address: name });
    });

  expect(await within(scene.up(named("target")))).toMatchObject({ failed: "" });
  await expectRows(written);
  expect(await scene.on("ck1", 'cat "$1"', METRIKA_XML)).toContain("<host>zk-new1</host>");
  expect(await within(scene.up(named("source")))).toMatchObject({ failed: "" });
  await expectRows(written);
});
