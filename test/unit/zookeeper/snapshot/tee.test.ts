/** One stream read by several: all of it by each, early leavers, failures, and nothing left on the pipes. */
import { once } from "node:events";
import { tee } from "../../../../core/zookeeper/snapshot/tee";

const CHUNK = 1 << 20;

async function* chunks(count: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(CHUNK, at);
}

function counter(): { bytes: number; read(bytes: AsyncIterable<Buffer>): Promise<void> } {
  const counted = {
    bytes: 0,
    async read(bytes: AsyncIterable<Buffer>) {
      for await (const chunk of bytes) counted.bytes += chunk.length;
    },
  };
  return counted;
}

test("every reader gets all of it, and Node sees no listeners pile up", async () => {
  const warned = once(process, "warning");
  const [one, two] = [counter(), counter()];
  await tee(chunks(40), [one.read, two.read]);
  expect([one.bytes, two.bytes]).toEqual([40 * CHUNK, 40 * CHUNK]);
  // Warnings are emitted on the next tick.
  const nothing = new Promise((resolve) => setImmediate(() => resolve("no warning")));
  expect(await Promise.race([warned, nothing])).toBe("no warning");
});

test("a reader that has seen enough leaves the others to read on", async () => {
  const all = counter();
  const first = async (bytes: AsyncIterable<Buffer>) => {
    for await (const _ of bytes) return;
  };
  await tee(chunks(8), [first, all.read]);
  expect(all.bytes).toBe(8 * CHUNK);
});

test("a reader that fails ends all of them with its error", async () => {
  const failing = async (bytes: AsyncIterable<Buffer>) => {
    for await (const _ of bytes) throw new Error("not a snapshot");
  };
  await expect(tee(chunks(8), [counter().read, failing])).rejects.toThrow("not a snapshot");
});
