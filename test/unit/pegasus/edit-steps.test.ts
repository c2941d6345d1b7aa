/** When an original is kept, and what is put back where a run was killed before, between and after its edits. */
import { pegasusHandlers } from "../../../core/pegasus/steps";
import { folderOf } from "../../../core/journal/folder";
import { contextOf, World } from "../world";

const PATH = "/pegasus/bin/config.ini";
const SOURCE = "zk-old1:2181,zk-old2:2181";
const TARGET = "zk-new1:2181,zk-new2:2181";
/** What the meta's host resolves names to. */
const RESOLVED = "10.0.0.1 zk-old1\n10.0.0.2 zk-old2\n10.0.1.1 zk-new1\n10.0.1.2 zk-new2\n";

function configOf(servers: string, recover = ""): string {
  return `[meta_server]\ncluster_root = /pegasus/c\n${recover}[zookeeper]\nhosts_list = ${servers}\n`;
}

/** A meta's host with its file, and the original if one was kept; files can be written, originals be kept. */
function hostWith(config: string, original?: string) {
  const world = new World(["pg-meta1"]);
  const host = world.host("pg-meta1");
  const kept = `${folderOf(world.migration)}/originals${PATH}`;
  host.files.set(PATH, Buffer.from(config));
  if (original !== undefined) host.files.set(kept, Buffer.from(original));
  host.run = async () => ({ code: 0, stdout: "644 0:0\n", stderr: "" });
  host.script = async (text, args) => {
    if (text.includes("getent")) return { code: 0, stdout: RESOLVED, stderr: "" };
    const [from, to] = args as [string, string];
    host.files.set(to, host.files.get(from) as Buffer);
    return { code: 0, stdout: "", stderr: "" };
  };
  const textOf = (path: string) => host.files.get(path)?.toString();
  return { world, config: () => textOf(PATH), original: () => textOf(kept) };
}

const toTarget = (recover?: string) => ({
  id: `edit pg-meta1:${PATH}`,
  host: "pg-meta1",
  kind: "pg.edit",
  args: { path: PATH, servers: TARGET, restore: false, ...(recover === undefined ? {} : { recover }) },
  says: "edit",
});
const { "pg.edit": edit } = pegasusHandlers;

test("the first edit keeps the file; taking it back gives the very bytes", async () => {
  const host = hostWith(configOf(SOURCE));
  await edit?.apply(contextOf(toTarget(), host.world));
  expect(host.config()).toBe(configOf(TARGET));
  expect(host.original()).toBe(configOf(SOURCE));
  await edit?.undo?.(contextOf(toTarget(), host.world));
  expect(host.config()).toBe(configOf(SOURCE));
});

test("killed before the original was kept: nothing was edited, and nothing is when it is taken back", async () => {
  const host = hostWith(configOf(SOURCE));
  await edit?.undo?.(contextOf(toTarget(), host.world));
  expect(host.config()).toBe(configOf(SOURCE));
});

test("what an interrupted way back left, with the recovery's switch on, is not taken for an original", async () => {
  const host = hostWith(configOf(SOURCE, "recover_from_replica_server = true\n"), configOf(SOURCE));
  await edit?.apply(contextOf(toTarget("true"), host.world));
  expect(host.config()).toBe(configOf(TARGET, "recover_from_replica_server = true\n"));
  expect(host.original()).toBe(configOf(SOURCE));
});

test("a file that somebody changed since is the new original", async () => {
  const changed = configOf(SOURCE).replace("/pegasus/c", "/pegasus/d");
  const host = hostWith(changed, configOf(SOURCE));
  await edit?.apply(contextOf(toTarget(), host.world));
  expect(host.original()).toBe(changed);
});

describe("put back where no original was kept", () => {
  const ADDRESSES = "10.0.0.1:2181,10.0.0.2:2181";
  const TARGET_ADDRESSES = "10.0.1.1:2181,10.0.1.2:2181";
  const toSource = (recover?: string) => ({
    ...toTarget(recover),
    args: { ...toTarget(recover).args, servers: ADDRESSES, left: TARGET_ADDRESSES, restore: true },
  });

  test("a file that was never edited is the user's, whichever way it names the source", async () => {
    const host = hostWith(configOf(SOURCE));
    for (const step of [toSource(), toSource("false")]) {
      expect(await edit?.look(contextOf(step, host.world))).toMatchObject({ done: true });
      await edit?.apply(contextOf(step, host.world));
      expect(host.config()).toBe(configOf(SOURCE));
    }
  });

  test("a recovery's switch goes into it and out again", async () => {
    const host = hostWith(configOf(SOURCE));
    await edit?.apply(contextOf(toSource("true"), host.world));
    expect(host.config()).toContain("recover_from_replica_server = true");
    expect(host.config()).toContain(`hosts_list = ${SOURCE}`);
    await edit?.apply(contextOf(toSource("false"), host.world));
    expect(host.config()).toBe(configOf(SOURCE));
  });

  test.each([
    ["all of the target, by addresses", TARGET_ADDRESSES],
    ["all of the target, by names", TARGET],
    ["one server of the target, by its name", "zk-new2:2181"],
  ])(
    "a file that names %s came later, or has lost its original: it gets the source's addresses",
    async (_, list) => {
      const host = hostWith(configOf(list));
      await edit?.apply(contextOf(toSource(), host.world));
      expect(host.config()).toBe(configOf(ADDRESSES));
      expect(host.original()).toBeUndefined();
    },
  );

  test("one that came later gets a recovery's switch, and loses it again", async () => {
    const host = hostWith(configOf(TARGET));
    await edit?.apply(contextOf(toSource("true"), host.world));
    expect(host.config()).toBe(configOf(ADDRESSES, "recover_from_replica_server = true\n"));
    expect(await edit?.look(contextOf(toSource("false"), host.world))).toMatchObject({ done: false });
    await edit?.apply(contextOf(toSource("false"), host.world));
    expect(host.config()).toBe(configOf(ADDRESSES, "recover_from_replica_server = false\n"));
  });
});
