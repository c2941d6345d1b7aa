/**
 * ClickHouse and Pegasus on one ensemble: one `pulumi up` moves both, with one fence, one copy and one timeline, while
 * both are written to; one `pulumi destroy` brings both back, with what was written since.
 */
import { METRIKA_XML, untilWritable } from "../../lab/clickhouse";
import type { Load } from "../../lab/load/process";
import { PegasusCluster } from "./direct/pegasus";
import { serversOf } from "./harness/connections";
import { ended } from "./harness/expect";
import { useStage } from "./harness/stage";

const stage = useStage({ znodes: 1_000, scenario: "full" });

test("one up moves both, one destroy brings both back", async () => {
  const pegasus = new PegasusCluster(stage.lab);
  const before = await pegasus.look();
  const originals = [await pegasus.configs(), await metrikas()];
  stage.configure(undefined, { withLoad: true });
  const load = await stage.startLoad();
  await load.untilWriting();

  const text = ended(await stage.pulumi.up());
  // Pulumi prints a line as it comes, and again at the end.
  expect(new Set(text.match(/fence [\d.]+ s, copy.*/g)).size).toBe(1);
  expect(text).toMatch(/writes of clickhouse paused for [\d.]+ s/);
  expect(text).toMatch(/writes of pegasus paused for [\d.]+ s/);
  await pegasus.expectOn("new", before);
  await expectComplete(load, "new");

  await pegasus.shell("create made_on_new -p 4");
  const withMore = await pegasus.look();
  ended(await stage.pulumi.destroy());
  await pegasus.expectOn("old", withMore);
  await expectComplete(load, "old");
  expect([await pegasus.configs(), await metrikas()]).toEqual(originals);
});

async function expectComplete(load: Load, side: "old" | "new"): Promise<void> {
  await load.untilWriting();
  await untilWritable(stage.clickhouse);
  const wanted = stage[side].map(({ address }) => address);
  for (const { name } of stage.clickhouse) {
    const servers = await serversOf(stage.lab.host(name));
    expect([name, servers.length > 0, servers.filter((server) => !wanted.includes(server))]).toEqual([
      name,
      true,
      [],
    ]);
  }
  await load.give("pause");
  expect((await load.verify(stage.lab.inventory, stage.lab.inventory[side])).missing).toEqual([]);
  await load.give("resume");
}

function metrikas(): Promise<string[]> {
  return Promise.all(
    stage.clickhouse.map(
      async ({ name }) => (await stage.lab.host(name).exec(["sha256sum", METRIKA_XML])).stdout,
    ),
  );
}
