/** What is recorded of a cluster before its metas stop, and when nothing is, because a copy would lay something over theirs. */
import { folderOf } from "../../../core/journal/folder";
import { pegasusHandlers } from "../../../core/pegasus/steps";
import { Refusal } from "../../../core/engine/errors";
import type { JsonObject } from "../../../core/engine/step";
import { noteRan, settleRan } from "../../../core/journal/ran";
import { httpSaying } from "../clickhouse/scene";
import { contextOf, World } from "../world";
import { recordedRun } from "./recorded";

const SOURCE = "10.0.0.1:2181";
const TARGET = "10.0.1.1:2181";
const RECORD = {
  id: "record pegasus",
  host: "pg-meta1",
  kind: "pg.record",
  args: {
    consumer: "pegasus",
    shell: { run: "run.sh shell", on: "pg-meta1" },
    strict: false,
    from: SOURCE,
    over: { servers: TARGET, consumer: "pegasus", since: "move-1" },
    metas: [{ name: "pg-meta1", port: 34601, names: ["pg-meta1:34601"] }],
    lease: { fd_lease_seconds: 9 },
  },
  says: "back up",
};

/** A cluster that runs and is blind, as recorded from a real one. @param hostsList what its meta has loaded */
const blindCluster = (hostsList: string) => clusterAt("blind", hostsList);

/** As recorded from a real one, but for the level in force; it was set to steady. */
function clusterAt(level: string, hostsList = SOURCE): World {
  const world = new World(["pg-meta1"]);
  const host = world.host("pg-meta1");
  const says = (name: string) => recordedRun(`shell_${name}.txt`).stdout;
  host.answer = (text) => {
    if (text.includes("cluster_info")) return says("cluster_info_blind").replace(": blind", `: ${level}`);
    if (text.includes("get_meta_level")) return says("get_meta_level");
    if (text.includes("nodes -d")) return says("nodes_d_blind");
    if (text.includes("ls -a -d")) return says("ls_a");
    return text.startsWith("ss ") ? 'LISTEN 0 64 *:34601 users:(("pegasus_server",pid=7,fd=3))\n' : "";
  };
  const option = { section: "zookeeper", type: "FV_STRING", tags: "", description: "" };
  host.dial = async () => httpSaying(JSON.stringify({ name: "hosts_list", ...option, value: hostsList }));
  return world;
}

const recordOn = (world: World, more: JsonObject = {}) =>
  pegasusHandlers["pg.record"]!.apply(contextOf({ ...RECORD, args: { ...RECORD.args, ...more } }, world));

test("a run that starts over gives back the level that it found at first, not the one that it has set", async () => {
  const world = blindCluster(SOURCE);
  const kept = `${folderOf(world.migration)}/pegasus-record.json`;
  expect(await recordOn(world)).toMatchObject({ level: "blind", apps: [{}, {}, {}] });

  const earlier = JSON.parse(world.host("pg-meta1").files.get(kept)!.toString());
  world.host("pg-meta1").files.set(kept, Buffer.from(JSON.stringify({ ...earlier, level: "steady" })));
  const again = await recordOn(world);
  expect(again).toMatchObject({ level: "steady", apps: [{}, {}, {}] });
  expect(again).not.toHaveProperty("run");

  // Another run's record tells nothing of what this one found.
  const other = { ...earlier, level: "steady", run: "run-0" };
  world.host("pg-meta1").files.set(kept, Buffer.from(JSON.stringify(other)));
  expect(await recordOn(world)).toMatchObject({ level: "blind" });
});

test("too few replica servers are ALIVE: the level that is given back is the one that was set, not freezed", async () => {
  expect(await recordOn(clusterAt("freezed"))).toMatchObject({ level: "steady", freezed: true });
  expect(await recordOn(clusterAt("steady"))).toMatchObject({ level: "steady", freezed: false });
});

test("after a repointing by half the metas have the level of a start: what was recorded before them counts", async () => {
  const earlier = { primary: "pg-meta1", level: "lively" };
  expect(await recordOn(blindCluster(SOURCE), { earlier, fenced: true })).toMatchObject({ level: "lively" });
  expect(await recordOn(blindCluster(SOURCE), { earlier, fenced: false })).toMatchObject({ level: "blind" });
});

test("a meta that ran on the side that is copied over, and was stopped since: refused until that is brought along", async () => {
  const world = blindCluster(SOURCE);
  const place = { host: "pg-meta1", args: RECORD.args.over };
  await noteRan(world, place, `${TARGET}/chroot`);
  await expect(recordOn(world)).rejects.toThrow(Refusal);
  // Of a cluster that works again it tells nothing.
  const released = { over: { servers: TARGET, consumer: "pegasus" } };
  expect(await recordOn(world, released)).toMatchObject({ primary: "pg-meta1" });
  await settleRan(world, place, () => true);
  expect(await recordOn(world)).toMatchObject({ primary: "pg-meta1" });
});

test("a meta that runs on the side that is copied over: refused, with its name and what keeps what it wrote", async () => {
  const refused = recordOn(blindCluster(`${TARGET}/chroot`));
  await expect(refused).rejects.toThrow(Refusal);
  await expect(refused).rejects.toThrow(/pg-meta1.*active as it was before/s);
});

test.each(["pg.stop", "pg.blind"])(
  "one that was started there after the cluster was recorded: %s refuses, so that nothing is copied over it",
  async (kind) => {
    const world = blindCluster(TARGET);
    const args = { ...RECORD.args, port: 34601, stop: "stop it" };
    const applied = pegasusHandlers[kind]!.apply(contextOf({ ...RECORD, kind, args }, world));
    await expect(applied).rejects.toThrow(Refusal);
    const texts = world.host("pg-meta1").scripts.map(({ text }) => text);
    expect(texts.join("\n")).not.toMatch(/stop it|set_meta_level/);
  },
);

test("a meta that was never edited runs on the side that is copied over, which its file names in its own way: refused", async () => {
  const names = "zk-old1:2181,zk-old2:2181";
  const over = {
    ...RECORD.args.over,
    servers: SOURCE,
    left: TARGET,
    path: "/pegasus/config.ini",
    restore: true,
  };
  const world = blindCluster(names);
  const { answer } = world.host("pg-meta1");
  world.host("pg-meta1").answer = (text, args, stdin) =>
    text.includes("getent") ? "10.0.0.1 zk-old1\n" : (answer?.(text, args, stdin) ?? "");
  const file = (servers: string) =>
    world.host("pg-meta1").files.set(over.path, Buffer.from(`[zookeeper]\nhosts_list = ${servers}\n`));
  file(names);
  await expect(recordOn(world, { over })).rejects.toThrow(Refusal);
  // Another list than that of its file tells nothing.
  file("zk-old1:2181");
  expect(await recordOn(world, { over })).toMatchObject({ primary: "pg-meta1" });
});
