/** The parts of a tree copy that need no server: limits, ACLs, counters, paths, progress, lines of a dump. */
import { isMasked, letsIn, openedFor, sameAcl, sayAcl } from "../../../../core/zookeeper/tree/acl";
import { formatLine, parseLine } from "../../../../core/zookeeper/tree/dump-format";
import { at, childPath, endpointOn, isReserved, splitPath } from "../../../../core/zookeeper/tree/endpoint";
import { Meter, sayProgress, type TreeProgress } from "../../../../core/zookeeper/tree/progress";
import { everCreated } from "../../../../core/zookeeper/tree/read";
import { pieces } from "../../../../core/zookeeper/tree/write";
import type { Stat } from "../../../../core/transports/zkwire";

const world = (perms: number) => ({ perms, scheme: "world", id: "anyone" });
const digest = (id: string, perms = 31) => ({ perms, scheme: "digest", id });

test("pieces keep the order and both limits; what is too large goes alone", () => {
  const cut = pieces([3, 3, 3, 20, 1, 1, 1, 1], { bytes: 7, count: 3 }, (each) => each);
  expect(cut).toEqual([[3, 3], [3], [20], [1, 1, 1], [1]]);
  expect(pieces([], { bytes: 7, count: 3 }, () => 1)).toEqual([]);
});

test("ACLs: masked digests, who may create, what opens, equality in any order", () => {
  expect(isMasked([world(1), digest("owner:x")])).toBe(true);
  expect(isMasked([digest("owner:Vj++wdU3sMAbt+g9TyKj1BT+usI="), { ...world(1), id: "host:x" }])).toBe(false);
  expect(letsIn([world(1)], [])).toBe(false);
  expect(letsIn([world(4), digest("me:1", 8)], [digest("me:1")])).toBe(true);
  expect(letsIn([digest("me:1")], [digest("you:1")])).toBe(false);
  expect(openedFor([world(1)], [])).toEqual([world(31)]);
  expect(openedFor([world(1)], [{ scheme: "digest", id: "me:1" }])).toEqual([world(1), digest("me:1")]);
  expect(sameAcl([world(1), digest("a:1")], [digest("a:1"), world(1)])).toBe(true);
  expect(sameAcl([world(1)], [world(31)])).toBe(false);
  expect(sayAcl([digest("owner:hash", 31), world(1)])).toBe("digest:owner:…:cdrwa, world:anyone:r");
});

test.each([
  [{ cversion: -1, numChildren: 1 }, 0], // the root of an empty server
  [{ cversion: 0, numChildren: 0 }, 0],
  [{ cversion: 6, numChildren: 4 }, 5],
  // Beyond 2^30 the server's own arithmetic wraps around.
  [{ cversion: ((2 ** 30 + 10) * 2 - 4) | 0, numChildren: 4 }, 2 ** 30 + 10],
])("%o: %i children were ever created", (stat, expected) => {
  expect(everCreated(stat as Stat)).toBe(expected);
});

test("paths: the top, chroots, and whose /zookeeper is", () => {
  expect([splitPath("/"), splitPath("/a"), splitPath("/a/b")]).toEqual([
    { parent: "", name: "" },
    { parent: "/", name: "a" },
    { parent: "/a", name: "b" },
  ]);
  for (const path of ["/", "/a", "/a/b"]) {
    const { parent, name } = splitPath(path);
    expect(childPath(parent, name)).toBe(path);
  }
  const [plain, below] = [
    { name: "zk", open: never },
    { name: "zk", chroot: "/c", open: never },
  ];
  expect([at(plain, "/"), at(plain, "/a"), at(below, "/"), at(below, "/a")]).toEqual([
    "/",
    "/a",
    "/c",
    "/c/a",
  ]);
  expect([isReserved(plain, "/zookeeper"), isReserved(below, "/zookeeper")]).toEqual([true, false]);
  expect(() => endpointOn({ name: "zk", hosts: [], port: 1, chroot: "c" })).toThrow(
    /found the chroot c; expected/,
  );
});

test("progress: the end is told, and what is left follows from what is done", () => {
  const told: TreeProgress[] = [];
  const meter = new Meter((progress) => told.push(progress));
  meter.znodes = 3;
  meter.finish();
  expect(told).toMatchObject([{ znodes: 3, fraction: 1, secondsLeft: 0 }]);
  const said = sayProgress({
    znodes: 41_200,
    bytes: 0,
    fraction: 0.389,
    znodesPerSecond: 12_900,
    secondsLeft: 5,
  });
  expect(said).toBe("41 200 znodes (38 %), 12 900/s, about 5 s left");
});

test("lines of a dump are read as they were written, and nothing else is", () => {
  const line = { path: "/a", data: null, acl: [[31, "world", "anyone"]] as [number, string, string][] };
  expect(parseLine(formatLine(line).trim())).toEqual(line);
  for (const text of ["", "{", "{}", '{"path":"/a"}', '{"format":"other","version":1,"from":"","roots":[]}'])
    expect(parseLine(text)).toBeUndefined();
});

function never(): never {
  throw new Error("nothing is to be opened here");
}
