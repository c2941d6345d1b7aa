/** The frontier over trees of a map: every znode once, parents first, and never much of the tree at a time. */
import { Frontier, type Directory, type Group, type Visitor } from "../../../../core/zookeeper/tree/frontier";

interface Sized extends Directory {
  readonly depth: number;
}

/** A tree in which each directory has `fan` children, `depth` levels down. */
async function walk(fan: number, depth: number, batch: number, workers: number) {
  const frontier = new Frontier<Sized>({ batch, workers });
  const seen = new Set<string>([""]);
  let waiting = 0;
  let most = 0;
  const visitor: Visitor<Sized> = {
    visit: async (groups: readonly Group<Sized>[]) => {
      await Promise.resolve();
      for (const { directory, names } of groups) {
        for (const name of names) {
          const path = `${directory.path}/${name}`;
          if (!seen.has(directory.path) || seen.has(path)) throw new Error(`${path} at the wrong time`);
          seen.add(path);
          waiting--;
          if (directory.depth + 1 < depth)
            frontier.addDirectory({ path, size: fan, depth: directory.depth + 1 });
        }
      }
    },
    list: async (directories) => {
      await Promise.resolve();
      for (const directory of directories) {
        frontier.addChildren(
          directory,
          Array.from({ length: fan }, (_, index) => String(index)),
        );
        waiting += fan;
        most = Math.max(most, waiting);
      }
    },
  };
  frontier.addDirectory({ path: "", size: fan, depth: 0 });
  await frontier.walk(visitor);
  return { visited: seen.size - 1, most };
}

test.each([
  [10, 4, 50, 1],
  [10, 4, 50, 7],
  [2, 12, 100, 4],
  [1, 40, 10, 3],
  [3000, 1, 500, 4],
])(
  "fan %i, depth %i, batches of %i, %i workers: each once, parents first",
  async (fan, depth, batch, workers) => {
    let expected = 0;
    for (let level = 1; level <= depth; level++) expected += fan ** level;
    expect((await walk(fan, depth, batch, workers)).visited).toBe(expected);
  },
);

test("it knows a few directories at a time, not a level of the tree", async () => {
  const { visited, most } = await walk(20, 4, 50, 4);
  expect(visited).toBe(168_420);
  expect(most).toBeLessThan(1_000);
});

test("the first failure ends the walk, after all workers have stopped", async () => {
  const frontier = new Frontier<Directory>({ batch: 1, workers: 3 });
  let running = 0;
  frontier.addChildren({ path: "", size: 9 }, ["a", "b", "c", "d", "e"]);
  const visit = async ([group]: readonly Group<Directory>[]) => {
    running++;
    await Promise.resolve();
    running--;
    if (group?.names[0] === "d") throw new Error("no");
  };
  await expect(frontier.walk({ visit, list: async () => {} })).rejects.toThrow("no");
  expect(running).toBe(0);
});

test("what was put aside is done before the walk ends", async () => {
  const frontier = new Frontier<Directory>({ batch: 2, workers: 2 });
  frontier.addChildren({ path: "", size: 3 }, ["a", "b", "c"]);
  let aside = 0;
  const done: number[] = [];
  await frontier.walk({
    visit: async ([group]) => void (aside += group?.names.length ?? 0),
    list: async () => {},
    rest: (full) => {
      if (aside === 0 || full) return undefined;
      aside--;
      return Promise.resolve().then(() => void done.push(1));
    },
  });
  expect(done).toHaveLength(3);
});
