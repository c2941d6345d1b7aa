/**
 * The whole way under load: forward, back by `active: source`, forward again, back by `destroy`. What was acknowledged
 * is looked for after each, and what is compared znode by znode is compared where nobody writes: after the data was
 * moved, before any consumer works with it.
 */
import type { Load } from "../../lab/load/process";
import { METRIKA_XML, untilWritable } from "../../lab/clickhouse";
import { modeOf } from "../../lab/old-zookeeper";
import { clientsOf, serversOf } from "./harness/connections";
import { ended, only } from "./harness/expect";
import { withOldFiles } from "./harness/old-files";
import { useStage } from "./harness/stage";
import { differences, isEphemeral, nextNumber, readTree } from "./harness/tree";

const stage = useStage({ znodes: 3_000 });
/** Ledgers are read from their beginning, after each of the four moves. */
const LIGHT = { inserts: 4, znodes: 20 };

test("every persistent znode arrives as it was, and its next sequential number is the right one", async () => {
  stage.configure(undefined, { withLoad: true });
  const load = await stage.startLoad(LIGHT);
  await load.untilWriting();
  const modes = await Promise.all(stage.old.map(modeOf));
  const leader = stage.lab.host(stage.old[modes.indexOf("leader")]?.name ?? "no leader");

  // The data alone: the consumer stays fenced, and nobody writes on either side.
  ended(await stage.pulumi.up(only("ZooKeeperEnsemble", "ZkDataMigration")));
  const target = `${stage.new[0]?.address}:2181`;
  const after = await readTree(target);
  await withOldFiles(leader, async (source) => {
    const before = await readTree(source);
    expect(before.size).toBeGreaterThan(3_000);
    expect(differences(before, after)).toEqual([]);
    expect([...after.values()].filter(isEphemeral)).toEqual([]);
    const parents = [
      "/",
      "/seed/g0000",
      "/clickhouse/tables/01-01/events/log",
      "/clickhouse/tables/01-01/metrics/log",
    ];
    for (const parent of parents) {
      expect([parent, await nextNumber(target, parent)]).toEqual([parent, await nextNumber(source, parent)]);
    }
  });

  ended(await stage.pulumi.up());
  await load.untilWriting();
  await load.give("pause");
  expect((await load.verify(stage.lab.inventory, stage.lab.inventory.new)).missing).toEqual([]);
});

test("forward, back by active: source, forward again, back by destroy: nothing acknowledged is missing", async () => {
  const originals = await metrikas();
  stage.configure(undefined, { withLoad: true });
  const load = await stage.startLoad(LIGHT);
  ended(await stage.pulumi.up());
  await expectComplete(load, "new");

  stage.configure((config) => (config.active = "source"), { withLoad: true });
  ended(await stage.pulumi.up());
  await expectComplete(load, "old");
  report("back by active: source", await stage.pulumi.outputs());
  expect(await metrikas()).toEqual(originals);

  stage.configure(undefined, { withLoad: true });
  ended(await stage.pulumi.up());
  await expectComplete(load, "new");

  const began = Date.now();
  const destroyed = ended(await stage.pulumi.destroy());
  console.log(`destroy took ${((Date.now() - began) / 1000).toFixed(1)} s\n${timelines(destroyed)}`);
  await expectComplete(load, "old");
  expect(await metrikas()).toEqual(originals);
  expect(await leftOvers()).toEqual([]);
});

/** Everything acknowledged is on that side and on both replicas, which are connected to it alone; then writes go on. */
async function expectComplete(load: Load, side: "old" | "new"): Promise<void> {
  await load.untilWriting();
  await expectOn(side);
  await load.give("pause");
  const { rows, znodes, missing } = await load.verify(stage.lab.inventory, stage.lab.inventory[side]);
  expect([rows > 0, znodes > 0, missing]).toEqual([true, true, []]);
  await load.give("resume");
  await load.untilWriting();
}

function metrikas(): Promise<string[]> {
  return Promise.all(
    stage.clickhouse.map(
      async ({ name }) => (await stage.lab.host(name).exec(["sha256sum", METRIKA_XML])).stdout,
    ),
  );
}

/** Both replicas writable and connected to one ensemble alone; nobody else's client is left on the other. */
async function expectOn(side: "old" | "new"): Promise<void> {
  await untilWritable(stage.clickhouse);
  const [on, off] = side === "new" ? [stage.new, stage.old] : [stage.old, stage.new];
  const wanted = on.map(({ address }) => address);
  for (const { name } of stage.clickhouse) {
    const servers = await serversOf(stage.lab.host(name));
    expect([name, servers.length > 0, servers.filter((server) => !wanted.includes(server))]).toEqual([
      name,
      true,
      [],
    ]);
  }
  for (const { name } of off) expect([name, await clientsOf(stage.lab.host(name))]).toEqual([name, []]);
}

/** Locks, staging folders and half-written files of ours on any host. */
async function leftOvers(): Promise<string[]> {
  const found = await Promise.all(
    stage.lab.specs.map(async ({ name }) => {
      const { stdout } = await stage.lab.host(name).exec(["bash", "-c", LEFT_OVERS]);
      return stdout
        .split("\n")
        .filter(Boolean)
        .map((path) => `${name}:${path}`);
    }),
  );
  return found.flat();
}
/** The journal and the lock's file stay, by design; other labs' disks are visible through the root that all hosts share. */
const LEFT_OVERS = `find /opt /etc/clickhouse-server /var/lib /tmp /run -xdev \\( -name '.*pulumi*' -o -name '*staging*' -o -name '*.tmp' -o -name '.*.part*' \\) \\
  -not -path '/var/lib/pulumi-zookeeper*' -not -path '/var/lib/clickhouse/*' -not -path '/var/lib/dpkg/*' -not -path '/var/lib/apt/*' -newer /etc/hostname 2>/dev/null; true`;

function report(what: string, outputs: Record<string, unknown>): void {
  console.log(
    `${what}: ${JSON.stringify(outputs["timeline"])}\nwrite pause ${JSON.stringify(outputs["writePauseSeconds"])} s`,
  );
}

function timelines(output: string): string {
  return output
    .split("\n")
    .filter((line) => /(fence|copy|fold) \d/.test(line))
    .join("\n");
}
