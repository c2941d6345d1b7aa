/**
 * What becomes of ClickHouse and its writers when a move fails half way, when it comes too early, and when the old
 * ensemble goes on serving others. The tests share one lab and put it back before each.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { migration as zkDataMigration } from "../../core/resources/migration";
import { ensureEnsemble } from "../../core/run/ensemble";
import { repointOrRollBack } from "../../core/run/migration";
import type { MigrationDesired } from "../../core/run/desired";
import { serviceCommand } from "../../core/zookeeper/side";
import { METRIKA_XML, query, untilWritable } from "../../lab/clickhouse";
import { modeOf, untilQuorum } from "../../lab/old-zookeeper";
import type { Arguments } from "../../lab/arguments";
import type { LabHost } from "../../lab/host";
import { happening } from "./direct/faults";
import { Scene, tell, type Told } from "./direct/scene";
import { readTree, withZooKeeper, write } from "./direct/tree";
import { serversOf } from "./harness/connections";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ clickhouse: true });
});
afterAll(() => scene.close());
beforeEach(() => scene.reset());

/** ClickHouse with writers whose pause and resume leave a line on ck1. */
function desired(change: (args: Arguments) => void = () => undefined): MigrationDesired {
  return scene.desired((args) => {
    args.consumers = args["lab consumers"] as Arguments["consumers"];
    const tellOf = (what: string) => [{ run: `echo ${what} >> /var/tmp/writers`, on: "ck1" }];
    Object.assign(args.consumers["clickhouse"]!, {
      writers: { pause: tellOf("pause"), resume: tellOf("resume") },
    });
    change(args);
  });
}

const writers = async () => (await scene.on("ck1", "cat /var/tmp/writers 2>/dev/null || true")).split("\n");
const config = (host: string) => scene.on(host, 'cat "$1"', METRIKA_XML);
const addresses = (servers: readonly { address: string }[]) => servers.map(({ address }) => address);

/** A move forward whose target host loses power once the source is stopped. */
const forwardLosing = (victim: LabHost) =>
  happening(
    (onLine) => scene.forward(desired(), onLine),
    /stop \(leader\)/,
    () => victim.kill(),
  );

async function repointAll(migration: MigrationDesired): Promise<Told> {
  const [consumer] = migration.consumers;
  if (!consumer) throw new Error("no consumer");
  return tell((say) => repointOrRollBack({ consumer, migration, verify: [] }, { say }));
}

test("a target host loses power after the fence: the source serves again by itself, and the next run goes through", async () => {
  const before = await readTree(scene.lab.inventory.old, "/seed");
  const victim = scene.lab.host("zk-new2");
  const { said, failed } = await forwardLosing(victim);

  expect(said).toContain("taking back what was done");
  expect(failed).toMatch(/zk-new2/);
  expect(failed).toContain(
    "No consumer was repointed: the source serves again, untouched, and its consumers were released. " +
      "Mend the cause and run pulumi up again.",
  );
  expect(await Promise.all(scene.lab.oldEnsemble.map(modeOf))).toContain("leader");
  expect(await readTree(scene.lab.inventory.old, "/seed")).toEqual(before);
  await untilWritable(scene.lab.clickhouse);
  expect(await writers()).toEqual(["pause", "resume"]);

  await victim.start();
  expect((await scene.forward(desired())).failed).toBe("");
  expect((await repointAll(desired())).failed).toBe("");
  expect(await readTree(scene.lab.inventory.new, "/seed")).toEqual(before);
  await untilWritable(scene.lab.clickhouse);
  expect(await writers()).toEqual(["pause", "resume", "pause", "resume"]);
});

test("from a way back that stopped half way, forward again: ClickHouse is not asked to work before it can, joins nothing that is not proved, and stays fenced where that fails", async () => {
  const back = desired((args) => {
    args["active"] = "source";
    args.consumers["clickhouse"]!["restart"] = "false";
  });
  expect((await scene.forward(desired())).failed).toBe("");
  expect((await repointAll(desired())).failed).toBe("");
  expect((await scene.back(back)).failed).toBe("");
  expect((await repointAll(back)).failed).toContain("clickhouse stays fenced");
  expect(await writers()).toEqual(["pause", "resume", "pause"]);

  const victim = scene.lab.host("zk-new2");
  const { said, failed } = await forwardLosing(victim);
  expect(said).toMatch(/^ck1 +stop ClickHouse/m);
  expect(said).toMatch(/^ck2 +stop ClickHouse/m);
  expect(failed).toContain("clickhouse fenced by a way back that did not end");
  expect(await Promise.all(scene.lab.oldEnsemble.map(modeOf))).toContain("leader");
  expect(await writers()).toEqual(["pause", "resume", "pause", "pause"]);

  await victim.start();
  expect((await scene.forward(desired())).failed).toBe("");
  expect((await repointAll(desired())).failed).toBe("");
  await untilWritable(scene.lab.clickhouse);
  expect((await writers()).slice(-2)).toEqual(["pause", "resume"]);
});

test("there and back and there again before ClickHouse had followed: its writers go on all the same", async () => {
  expect((await scene.up(desired())).failed).toBe("");
  expect((await scene.back(desired())).failed).toBe("");
  expect((await scene.up(desired())).failed).toBe("");
  await untilWritable(scene.lab.clickhouse);
  expect(await writers()).toEqual(["pause", "resume", "pause", "pause", "resume"]);
});

test("until ClickHouse is repointed to the source the target is left stopped; started by hand, it is told to be stopped again", async () => {
  const back = desired((args) => (args["active"] = "source"));
  expect((await scene.up(desired())).failed).toBe("");
  expect((await scene.back(back)).failed).toBe("");

  const another = scene.target((target) => (target["jvm"] = { initialHeap: "256m", maxHeap: "640m" }));
  const installed = await tell((say) => ensureEnsemble(another, { say }));
  expect(installed.failed).toBe("");
  expect(installed.said).toContain("left stopped: zk-new1, zk-new2, zk-new3; clickhouse may name them");
  expect(installed.said).toMatch(/zk-new3 +write java.env/);
  expect(await Promise.all(scene.newEnsemble.map(modeOf))).not.toContain("leader");

  const [dead, ...others] = scene.newEnsemble;
  await Promise.all(scene.newEnsemble.map(({ name }) => scene.on(name, serviceCommand(another, "start"))));
  await untilQuorum(scene.newEnsemble);
  const { failed } = await repointAll(back);
  const stop = serviceCommand(another, "stop");
  expect(failed).toContain("zk-new1, zk-new2, zk-new3: found the ensemble serving");
  expect(failed).toContain(`Stop it again, on each of them: ${stop}; then run the same command again`);
  expect(await writers()).toEqual(["pause", "resume", "pause"]);

  await scene.lab.host(dead!.name).kill();
  await Promise.all(others.map(({ name }) => scene.on(name, stop)));
  expect((await repointAll(back)).failed).toBe("");
  await untilWritable(scene.lab.clickhouse);
  expect(await writers()).toEqual(["pause", "resume", "pause", "resume"]);

  await scene.lab.host(dead!.name).start();
  await scene.install(another);
  expect(await Promise.all(scene.newEnsemble.map(modeOf))).toContain("leader");
});

test("a migration that begins with the source active touches no consumer", async () => {
  const before = await config("ck1");
  const stay = desired((args) => {
    args["active"] = "source";
    args.consumers["clickhouse"]!["restart"] = "false";
  });
  const { said, failed } = await scene.up(stay);
  expect([said, failed]).toEqual(["", ""]);
  expect(await config("ck1")).toBe(before);
  expect(await writers()).toEqual([""]);
});

test("a consumer alone is not repointed before its data is there, and nothing of it is touched", async () => {
  const before = await config("ck1");
  const { failed } = await repointAll(desired());
  expect(failed).toContain("the migration's active side is source; expected target");
  expect(failed).toContain("No consumer was touched.");
  expect(await config("ck1")).toBe(before);
  expect(await serversOf(scene.lab.host("ck1"))).not.toEqual([]);
  expect(await writers()).toEqual([""]);
});

describe("fence consumersOnly", () => {
  const others = () => desired((args) => (args["fence"] = "consumersOnly"));

  test("the source serves others on, ClickHouse is with the new servers alone", async () => {
    await withZooKeeper(scene.lab.inventory.old, async (client) => {
      await client.create("/others", "are at rest");
      expect((await scene.forward(others())).failed).toBe("");
      expect((await repointAll(others())).failed).toBe("");
      expect((await client.get("/others")).data.toString()).toBe("are at rest");
    });
    expect((await Promise.all(scene.lab.oldEnsemble.map(modeOf))).sort()).toEqual([
      "follower",
      "follower",
      "leader",
    ]);
    await untilWritable(scene.lab.clickhouse);
    for (const { name } of scene.lab.clickhouse) {
      for (const address of await serversOf(scene.lab.host(name))) {
        expect(addresses(scene.newEnsemble)).toContain(address);
      }
    }
  });

  test("the source's list of hosts is changed after the move: refused, since the target has the only newest data", async () => {
    expect((await scene.up(others())).failed).toBe("");
    const written = await write(scene.lab.inventory.new, "/since", 3);
    for (const active of ["target", "source"]) {
      const changed = (args: Arguments) => {
        Object.assign(args, { fence: "consumersOnly", active });
        delete args.source.hosts["zk-old3"];
      };
      const refusal = expect.stringMatching(
        /migration-\w+ on .*zk-new1.*: found another migration of these hosts, whose data is on its target: move zk-old1, zk-old2, zk-old3 to zk-new1/,
      );
      expect((await scene.up(desired(changed))).failed).toEqual(refusal);
      const { failures } = await zkDataMigration.check({}, scene.arguments(changed));
      expect(failures).toEqual([expect.objectContaining({ reason: refusal })]);
    }
    expect(Object.keys(await readTree(scene.lab.inventory.new, "/since"))).toEqual(
      expect.arrayContaining(written),
    );

    const back = { ...others(), active: "source" as const };
    expect((await scene.up(back)).failed).toBe("");
    expect(Object.keys(await readTree(scene.lab.inventory.old, "/since"))).toEqual(
      expect.arrayContaining(written),
    );
  });

  test("whoever writes on is found out, and ClickHouse runs on the source again", async () => {
    await withZooKeeper(scene.lab.inventory.old, async (client) => {
      await client.create("/late", "");
      let writing: Promise<void> | undefined;
      let moving = true;
      const write = async () => {
        for (let n = 0; moving; n++) await client.create(`/late/n${n}`, "").then(() => sleep(100));
      };
      const { failed } = await scene.forward(others(), (line) => {
        if (/wait until the last zxid stands still/.test(line)) writing = write();
      });
      moving = false;
      await writing;
      expect(failed).toContain("somebody still writes there");
      expect(failed).toContain("No consumer was repointed");
    });
    await untilWritable(scene.lab.clickhouse);
    const [first] = scene.lab.clickhouse;
    expect(first && (await query(first, "SELECT count() FROM lab.events"))).toBe("0");
    expect(await writers()).toEqual(["pause", "resume"]);
  });
});

test("a cluster that ClickHouse does not know is a refusal before anybody is fenced", async () => {
  const wrong = desired((args) =>
    Object.assign(args.consumers["clickhouse"]!, { query: { cluster: "nowhere" } }),
  );
  const { failed } = await scene.forward(wrong);
  expect(failed).toMatch(/ON CLUSTER 'nowhere'.*not found/);
  expect(failed).toContain("No consumer was repointed");
  expect(await writers()).toEqual([""]);
});

test("ClickHouse that is to be stopped is stopped before its ensemble, and works on the new one with distributed DDL", async () => {
  const stopped = desired((args) =>
    Object.assign(args.consumers["clickhouse"]!, { fence: "stopped", query: { cluster: "lab_cluster" } }),
  );
  const { said, failed } = await scene.forward(stopped);
  expect(failed).toBe("");
  const at = (text: string) => said.indexOf(text);
  expect(at("stop ClickHouse")).toBeGreaterThan(-1);
  expect(at("stop ClickHouse")).toBeLessThan(at("stop (follower)"));
  const repointed = await repointAll(stopped);
  expect(repointed.failed).toBe("");
  expect(repointed.said).toContain("the same by distributed DDL on cluster lab_cluster");
  await untilWritable(scene.lab.clickhouse);
});
