/** A dump of what is written over is the only one of it: no later dump takes its place. */
import { keepDump } from "../../../../core/zookeeper/tree";
import { World, type FakeHost } from "../../world";

/** A host whose files can be looked for, and written as a stream. */
function writable(host: FakeHost): FakeHost {
  return Object.assign(host, {
    run: async ([, , path]: readonly string[]) => ({
      code: host.files.has(String(path)) ? 0 : 1,
      stdout: "",
      stderr: "",
    }),
    writeStream: async (path: string, content: AsyncIterable<Buffer>) => {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      return host.writeFile(path, Buffer.concat(chunks));
    },
  });
}

async function* dumpOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

test("each gets a name of its own, which is the one that is told", async () => {
  const world = new World(["zk-old1"]);
  const host = writable(world.host("zk-old1"));
  const texts = ["the user's", "left by the first try", "by the second"];
  const kept: string[] = [];
  for (const text of texts) kept.push((await keepDump(world, host, "set-aside-run-1", dumpOf(text))).path);
  expect(kept.map((path) => path.replace(/^.*\//, ""))).toEqual([
    "set-aside-run-1.dump.gz",
    "set-aside-run-1-2.dump.gz",
    "set-aside-run-1-3.dump.gz",
  ]);
  expect(kept.map((path) => host.files.get(path)?.toString())).toEqual(texts);
});
