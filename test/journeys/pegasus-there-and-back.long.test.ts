/**
 * A Pegasus cluster moves forward, back by `active: source`, forward again and back by `destroy`, by both methods.
 *
 * After each direction: every meta has loaded the list of the ensemble it should be on, one leads, level, tables with
 * their partitions and envs, and nodes are as before, every partition has all of its replicas, and no replica server
 * was restarted. A table made on the new side is there after the way back.
 */
import type { MigrationDesired } from "../../core/run/desired";
import { PEGASUS_CONFIG } from "../../lab/pegasus-hosts";
import { until } from "../../lab/wait";
import { ask, PegasusScene } from "./direct/pegasus";

let pegasus: PegasusScene;
beforeAll(async () => {
  pegasus = await PegasusScene.open();
});
afterAll(() => pegasus?.close());
beforeEach(() => pegasus.reset());

test.each(["copy", "recover"] as const)("method %s: there and back, twice", async (method) => {
  const originals = await pegasus.configs();
  const desired = pegasus.desired(method);
  const before = await pegasus.look();
  expect(before).toMatchObject({
    tables: [
      "1 stat AVAILABLE 4/3 {}",
      "2 temp AVAILABLE 8/3 {}",
      '3 t1 AVAILABLE 4/3 {"default_ttl":"86400"}',
    ],
    nodes: ["pg-rep1:34801 ALIVE", "pg-rep2:34801 ALIVE", "pg-rep3:34801 ALIVE"],
    level: "steady",
  });

  await up(desired);
  await pegasus.expectOn("new", before);

  expect(await pegasus.shell("create made_on_new -p 4 -e region=eu")).toContain(
    'create app "made_on_new" succeed',
  );
  const withMore = await pegasus.look();
  expect(withMore.tables.slice(3)).toEqual(['4 made_on_new AVAILABLE 4/3 {"region":"eu"}']);

  await up({ ...desired, active: "source" });
  await pegasus.expectOn("old", withMore);
  expect(await pegasus.configs()).toEqual(originals);

  await up(desired);
  await pegasus.expectOn("new", withMore);

  expect((await pegasus.scene.destroy(desired)).failed).toBe("");
  await pegasus.expectOn("old", withMore);
  expect(await pegasus.configs()).toEqual(originals);

  // Nobody asked /meta/* of a meta that was starting, in any of the four directions: it would have ended, as this does.
  expect(await pegasus.printed()).not.toContain(CRASH);
  const { backup } = await pegasus.leader();
  await pegasus.service(backup, "stop");
  await pegasus.service(backup, "start");
  const address = pegasus.metas.find(({ name }) => name === backup)?.address ?? "";
  await until("the meta that was asked too early to end", async () => {
    await ask(address, "/meta/cluster").catch(() => "nobody listens yet, or it has ended");
    return (await pegasus.printed()).includes(CRASH) ? undefined : "it has not";
  });
});

test("there by copy, back by recovery, there by copy again: the metas' lock has counted on meanwhile", async () => {
  const before = await pegasus.look();
  await up(pegasus.desired("copy"));
  await up({ ...pegasus.desired("recover"), active: "source" });
  await pegasus.expectOn("old", before);
  await up(pegasus.desired("copy"));
  await pegasus.expectOn("new", before);
});

test.each(["copy", "recover"] as const)(
  "method %s: the user's list goes by names, and not by every server; it is put back, and taken for the source",
  async (method) => {
    const named = "zk-old2:2181, zk-old1:2181";
    for (const { name } of pegasus.metas) {
      await pegasus.service(name, "stop");
      await pegasus.scene.on(name, `sed -i "s/^\\( *hosts_list *=\\).*/\\1 $1/" ${PEGASUS_CONFIG}`, named);
    }
    for (const { name } of pegasus.metas) await pegasus.service(name, "start");
    const originals = await pegasus.configs();
    const before = await pegasus.look();
    expect(await pegasus.hostsLists()).toEqual([named, named]);

    await up(pegasus.desired(method));
    await pegasus.expectOn("new", before);
    await up({ ...pegasus.desired(method), active: "source" });

    expect(await pegasus.look()).toEqual(before);
    expect(await pegasus.hostsLists()).toEqual([named, named]);
    expect(await pegasus.configs()).toEqual(originals);
  },
);

const CRASH = "got signal id: 11";

async function up(desired: MigrationDesired): Promise<void> {
  expect((await pegasus.scene.up(desired)).failed).toBe("");
}
