/** Which config.ini, of those that no original was kept of, is taken for what the user had on the source. */
import { folderOf } from "../../../core/journal/folder";
import { isWanted } from "../../../core/pegasus/observe";
import { readUsersConfig } from "../../../core/pegasus/users-config";
import { World } from "../world";

const PATH = "/pegasus/bin/config.ini";
const ARGS = {
  path: PATH,
  servers: "10.0.0.1:2181,10.0.0.2:2181",
  left: "10.0.1.1:2181,10.0.1.2:2181",
  restore: true,
};
const RESOLVES: Readonly<Record<string, string>> = {
  "zk-old1": "10.0.0.1",
  "zk-old2": "10.0.0.2",
  "zk-new1": "10.0.1.1",
  "zk-new2": "10.0.1.2",
};

function hostWith(config: string) {
  const world = new World(["pg-meta1"]);
  const host = world.host("pg-meta1");
  host.files.set(PATH, Buffer.from(config));
  host.answer = (text, names) =>
    text.includes("getent")
      ? names.map((name) => (RESOLVES[name] ? `${RESOLVES[name]} ${name}\n` : "")).join("")
      : "";
  return { world, host };
}

const listing = (servers: string) => `[zookeeper]\nhosts_list = ${servers}\n`;

test.each([
  ["by the source's addresses", "10.0.0.2:2181,10.0.0.1:2181", true],
  ["by one of them, under a chroot", "10.0.0.2:2181/chroot", true],
  ["by names that resolve to the source", "zk-old2:2181, zk-old1:2181", true],
  ["by one that does, and one that does not resolve", "zk-old2:2181,zk-older:2181", true],
  ["by names that resolve to the target", "zk-new1:2181,zk-new2:2181", false],
  ["by some of the target's addresses", "10.0.1.2:2181", false],
  ["by some of its names", "zk-new2:2181", false],
  ["by servers of both", "zk-old1:2181,10.0.1.1:2181", false],
  ["by a name that does not resolve", "zk-older:2181", false],
  ["by another port of the source's hosts", "zk-old1:2182", false],
  ["by none", "", false],
])("a list %s", async (_, servers, isTheirs) => {
  const { world, host } = hostWith(listing(servers));
  const users = await readUsersConfig(host, world.migration, ARGS);
  expect(users?.toString()).toBe(isTheirs ? listing(servers) : undefined);
  expect(await isWanted(world, host, ARGS, servers)).toBe(isTheirs);
});

test("the ensembles may go by names themselves", async () => {
  const { world, host } = hostWith(listing("10.0.0.1:2181"));
  const args = { ...ARGS, servers: "zk-old1:2181", left: "zk-new1:2181" };
  expect(await readUsersConfig(host, world.migration, args)).toBeDefined();
  expect(
    await readUsersConfig(host, world.migration, { ...args, servers: args.left, left: args.servers }),
  ).toBeUndefined();
});

test("an original is the user's whatever it names; a file that an edit has left the recovery's switch in is not", async () => {
  const { world, host } = hostWith(
    `${listing("10.0.0.1:2181")}[meta_server]\nrecover_from_replica_server = true\n`,
  );
  expect(await readUsersConfig(host, world.migration, ARGS)).toBeUndefined();
  host.files.set(`${folderOf(world.migration)}/originals${PATH}`, Buffer.from(listing("zk-older:2181")));
  expect((await readUsersConfig(host, world.migration, ARGS))?.toString()).toBe(listing("zk-older:2181"));
});
