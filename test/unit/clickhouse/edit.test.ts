/** What is kept of ClickHouse's configuration, and put back where a run was killed before, or after, its edit. */
import { clickhouseHandlers } from "../../../core/clickhouse/steps";
import { folderOf } from "../../../core/journal/folder";
import { contextOf, World } from "../world";

const PATH = "/etc/clickhouse-server/metrika.xml";
const EDIT = {
  id: "edit ck1",
  host: "ck1",
  kind: "ck.edit",
  args: {
    path: PATH,
    element: "zookeeper-servers",
    nodes: [{ host: "zk-new1", port: 2181 }],
    restore: false,
  },
  says: `edit ${PATH}`,
};

function configOf(server: string): string {
  return `<yandex>\n<zookeeper-servers>\n<node index="1"><host>${server}</host><port>2181</port></node>\n</zookeeper-servers>\n</yandex>\n`;
}

/** @param original what was kept before the first edit, if it came to that */
async function takenBack(config: string, original?: string): Promise<string | undefined> {
  const world = new World(["ck1"]);
  const host = world.host("ck1");
  host.files.set(PATH, Buffer.from(config));
  if (original !== undefined)
    host.files.set(`${folderOf(world.migration)}/originals${PATH}`, Buffer.from(original));
  host.run = async () => ({ code: 0, stdout: "644 0:0\n", stderr: "" });
  await clickhouseHandlers["ck.edit"]?.undo?.(contextOf(EDIT, world));
  return host.files.get(PATH)?.toString();
}

test("killed before the original was kept: nothing was edited, and nothing is when it is taken back", async () => {
  expect(await takenBack(configOf("zk-old1"))).toBe(configOf("zk-old1"));
});

test("a run that starts over, and edits without a look, keeps the original that there is", async () => {
  const world = new World(["ck1"]);
  const host = world.host("ck1");
  host.files.set(PATH, Buffer.from(configOf("zk-new1")));
  host.run = async () => ({ code: 0, stdout: "644 0:0\n", stderr: "" });
  await clickhouseHandlers["ck.edit"]?.apply(contextOf(EDIT, world));
  // To keep one is a script of its own.
  expect(host.scripts).toEqual([]);
  expect(host.files.get(PATH)?.toString()).toBe(configOf("zk-new1"));
});

test("killed after the original was kept, before or after the edit: the original is there", async () => {
  expect(await takenBack(configOf("zk-old1"), configOf("zk-old1"))).toBe(configOf("zk-old1"));
  expect(await takenBack(configOf("zk-new1"), configOf("zk-old1"))).toBe(configOf("zk-old1"));
});
