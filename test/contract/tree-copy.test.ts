/** Copying, comparing, dumping and removing subtrees between real servers: 3.4.14 to 3.7.1, and 3.7.1 to itself. */
import {
  compareTrees,
  copyTree,
  endpointOn,
  removeTree,
  surveyTree,
  type CopyOptions,
  type Endpoint,
} from "../../core/zookeeper/tree";
import { Refusal } from "../../core/engine/errors";
import { DialFailed } from "../../core/transports/contract";
import {
  OPEN_ACL,
  connectZooKeeper,
  type Operation,
  type ZooKeeperClient,
} from "../../core/transports/zkwire";
import { loopback, startZooKeeper, type ZooKeeper } from "./zookeeper";

const OWNER = "owner:secret";
const OWNER_ACL = [{ perms: 31, scheme: "digest", id: "owner:Vj++wdU3sMAbt+g9TyKj1BT+usI=" }];
jest.setTimeout(60_000);
const here = loopback();

let old: ZooKeeper;
let next: ZooKeeper;
let source: ZooKeeperClient;
let target: ZooKeeperClient;

beforeAll(async () => {
  [old, next] = await Promise.all([startZooKeeper("3.4.14"), startZooKeeper("3.7.1")]);
  source = await connectZooKeeper(here, old.port);
  target = await connectZooKeeper(here, next.port);
});

afterAll(async () => {
  await Promise.all([source.close(), target.close()]);
  await Promise.all([old.stop(), next.stop()]);
});

function endpoint(server: ZooKeeper, options: { chroot?: string; digest?: string } = {}): Endpoint {
  const { chroot, digest } = options;
  const digests = digest === undefined ? [] : [digest];
  return endpointOn({
    name: server.version,
    hosts: [here],
    port: server.port,
    chroot,
    digest: () => digests,
  });
}

const copy = (roots: string[], options: CopyOptions = {}) =>
  copyTree({ source: endpoint(old), target: endpoint(next), roots, options: { readers: 4, ...options } });
const compare = (roots: string[], options = {}) =>
  compareTrees({ source: endpoint(old), target: endpoint(next), roots, options: { readers: 4, ...options } });

test("a server that cannot be reached is left out, and is not asked again", async () => {
  let asked = 0;
  const dead: typeof here = {
    ...here,
    dial: async () => {
      asked++;
      throw new DialFailed("zk-old1", "unanswered", "no answer from 10.0.0.1:2181", "Check that host.");
    },
  };
  const all = endpointOn({ name: "zk", hosts: [dead, here, here], port: old.port });
  for (let session = 1; session <= 3; session++) await all.open().then((client) => client.close());
  expect(asked).toBe(1);
  const none = endpointOn({ name: "zk", hosts: [dead, { ...dead }], port: old.port });
  for (let time = 1; time <= 2; time++) await expect(none.open()).rejects.toThrow("no answer from 10.0.0.1");
});

async function rejection(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error("it did not reject")),
    (error: Error) => error,
  );
}

/** 3 levels, 1 + 8 + 8 × 100 znodes, with data of several kinds. */
async function seed(client: ZooKeeperClient, root: string): Promise<void> {
  const operations: Operation[] = [{ kind: "create", path: root, data: Buffer.from("root") }];
  for (let group = 0; group < 8; group++) {
    operations.push({ kind: "create", path: `${root}/g${group}`, data: group % 2 ? null : Buffer.alloc(0) });
    for (let leaf = 0; leaf < 100; leaf++)
      operations.push({
        kind: "create",
        path: `${root}/g${group}/ü${leaf}`,
        data: Buffer.from(`${group}.${leaf}`),
      });
  }
  await client.multi(operations);
}

test("a tree arrives whole, is found equal, and a second run writes nothing", async () => {
  await seed(source, "/whole");
  await source.create("/whole/g0/ephemeral", null, { mode: "ephemeral" });
  const told: number[] = [];
  const result = await copy(["/whole"], { progress: ({ fraction }) => told.push(fraction) });
  expect(result).toMatchObject({ znodes: 809, created: 809, ephemerals: 1, extras: 0, ahead: [] });
  expect(told.at(-1)).toBe(1);
  const compared = await compare(["/whole"]);
  expect(compared).toMatchObject({ znodes: 809, equal: true, differences: [] });
  expect((await target.getData("/whole/g1")).data).toBeNull();
  expect((await target.getData("/whole/g2")).data).toEqual(Buffer.alloc(0));
  const before = await target.exists("/whole/g0");
  const again = await copy(["/whole"]);
  expect(again).toMatchObject({ znodes: 809, created: 0, changed: 0, aclsChanged: 0, sequencePairs: 0 });
  expect(await target.exists("/whole/g0")).toEqual(before);
  await source.delete("/whole/g0/ephemeral");
});

test("a second run brings over just what differs, and removes extras only when asked", async () => {
  await seed(source, "/differs");
  await copy(["/differs"]);
  await target.multi([
    { kind: "delete", path: "/differs/g1/ü5" },
    { kind: "setData", path: "/differs/g2/ü6", data: Buffer.from("9.9") },
    { kind: "create", path: "/differs/g3/ü7/more", data: null },
    { kind: "create", path: "/differs/g3/ü7/more/still", data: null },
  ]);
  await target.setACL("/differs/g4", [{ perms: 1, scheme: "ip", id: "127.0.0.1" }, ...OPEN_ACL]);
  const { differences } = await compare(["/differs"]);
  expect(differences.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
    "acl /differs/g4",
    "data /differs/g2/ü6",
    "extra /differs/g3/ü7/more",
    "missing /differs/g1/ü5",
  ]);
  const kept = await copy(["/differs"]);
  expect(kept).toMatchObject({ created: 1, changed: 1, aclsChanged: 1, extras: 1, removed: 0 });
  expect(kept.ahead.slice().sort()).toEqual(["/differs/g1", "/differs/g3/ü7"]);
  expect(await target.exists("/differs/g3/ü7/more/still")).toBeDefined();
  const removed = await copy(["/differs"], { removeExtras: true });
  expect(removed).toMatchObject({ created: 0, changed: 0, extras: 0, removed: 2 });
  // Put back by a create, the parent has had one child more than the source's: no number is given twice.
  expect(await compare(["/differs"])).toMatchObject({ equal: true });
});

describe("sequence counters", () => {
  beforeAll(async () => {
    await source.create("/queue", null);
    await source.create("/queue/done", null);
    for (let count = 0; count < 5; count++)
      await source.create("/queue/n-", null, { mode: "persistentSequential" });
    await source.delete("/queue/n-0000000002");
    for (let count = 0; count < 1200; count++) {
      const made = source.create("/queue/done/n-", null, { mode: "persistentSequential" });
      if (count % 100 === 0) await made;
    }
    const { children } = await source.getChildren("/queue/done");
    await Promise.all(children.map((name) => source.delete(`/queue/done/${name}`)));
  });

  test("turned off, the copy is refused and nothing is written", async () => {
    const refused = await rejection(copy(["/queue"], { sequences: "refuse" }));
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused.message).toMatch(
      /^3\.4\.14: \/queue.*found sequential children.*expected none.*Turn it on/s,
    );
    expect(await target.exists("/queue")).toBeUndefined();
  });

  test("children that were never deleted are refused too, by their names", async () => {
    await source.create("/names", null);
    await source.create("/names/n-", null, { mode: "persistentSequential" });
    expect(await rejection(copy(["/names"], { sequences: "refuse" }))).toBeInstanceOf(Refusal);
  });

  test("carried, the next child gets the number that the source gives", async () => {
    const result = await copy(["/queue"]);
    expect(result.sequencePairs).toBe(1201);
    expect(await compare(["/queue"])).toMatchObject({ equal: true });
    for (const parent of ["/queue", "/queue/done"]) {
      const made = await target.create(`${parent}/n-`, null, { mode: "persistentSequential" });
      expect(made).toBe(await source.create(`${parent}/n-`, null, { mode: "persistentSequential" }));
    }
  });

  test("carried also for a parent that was there, by what is missing", async () => {
    await source.create("/queue/n-", null, { mode: "ephemeralSequential" });
    const { differences } = await compare(["/queue"]);
    expect(differences).toEqual([
      { kind: "sequence", path: "/queue", expected: "next number 8 or above", found: "next number 7" },
    ]);
    expect(await copy(["/queue"])).toMatchObject({ created: 0, ephemerals: 1, sequencePairs: 1 });
    expect(await compare(["/queue"])).toMatchObject({ equal: true });
  });

  test("the survey counts them", async () => {
    const { sequences, ephemerals } = await surveyTree(endpoint(old), ["/queue"]);
    expect(sequences.parents).toBe(2);
    expect(sequences.examples.slice().sort()).toEqual(["/queue", "/queue/done"]);
    expect(sequences.pairs).toBe(1201);
    expect(ephemerals).toBe(1);
  });
});

describe("ACLs", () => {
  const READ_ONLY = [{ perms: 1, scheme: "world", id: "anyone" }];

  beforeAll(async () => {
    const owner = await connectZooKeeper(here, old.port);
    await owner.addAuth("digest", Buffer.from(OWNER));
    await owner.create("/closed", null, { acl: OWNER_ACL });
    await owner.create("/closed/child", Buffer.from("x"), { acl: OWNER_ACL });
    await owner.create("/open", null);
    await owner.create("/open/child", null);
    await owner.create("/open/child/leaf", null);
    await owner.delete("/open/child/leaf");
    await owner.setACL("/open/child", READ_ONLY);
    await owner.setACL("/open", READ_ONLY);
    await owner.close();
  });

  test("are kept, parents included, with the owner's digest", async () => {
    const sides = [endpoint(old, { digest: OWNER }), endpoint(next, { digest: OWNER })] as const;
    const request = { source: sides[0], target: sides[1], roots: ["/closed/child"] };
    expect(await copyTree(request)).toMatchObject({ created: 1 });
    expect(await compareTrees(request)).toMatchObject({ equal: true });
    const owner = await connectZooKeeper(here, next.port);
    await owner.addAuth("digest", Buffer.from(OWNER));
    for (const path of ["/closed", "/closed/child"])
      expect((await owner.getACL(path)).acl).toEqual(OWNER_ACL);
    await owner.close();
  });

  test("that would have kept us out are set at the end", async () => {
    expect(await copy(["/open"])).toMatchObject({ created: 2, sequencePairs: 1 });
    expect(await compare(["/open"])).toMatchObject({ equal: true });
    expect((await target.getACL("/open")).acl).toEqual(READ_ONLY);
  });

  test("without rights it stops, says where, and names no secret", async () => {
    const error = await rejection(copy(["/closed"]));
    expect(error.message).toMatch(/3\.4\.14.*\/closed: found NoAuth.*Give the digest/);
    expect(error.message).not.toContain("secret");
  });

  test("a digest that the server hides is never written", async () => {
    const readable = [
      { ...OWNER_ACL[0], perms: 31 },
      { perms: 1, scheme: "world", id: "anyone" },
    ] as typeof OWNER_ACL;
    await source.create("/hidden", null, { acl: readable });
    const masked = (await source.getACL("/hidden")).acl;
    expect(masked).toContainEqual({ perms: 31, scheme: "digest", id: "owner:x" });
    const error = await rejection(copy(["/hidden"]));
    expect(error.message).toMatch(/\/hidden: found an ACL with a digest that the server hides/);
    expect(await target.exists("/hidden")).toBeUndefined();
    expect((await surveyTree(endpoint(old), ["/hidden"])).masked).toEqual(["/hidden"]);
  });
});

test("chroots on both sides, whose paths are created", async () => {
  await seed(source, "/chroot");
  const request = {
    source: endpoint(old, { chroot: "/chroot" }),
    target: endpoint(next, { chroot: "/some/where" }),
    roots: ["/"],
  };
  expect(await copyTree(request)).toMatchObject({ created: 809 });
  expect(await compareTrees(request)).toMatchObject({ equal: true, znodes: 809 });
  expect((await target.getData("/some/where/g7/ü99")).data?.toString()).toBe("7.99");
});

test("what is excluded stays where it is, on both sides", async () => {
  await source.multi([
    { kind: "create", path: "/locked", data: null },
    { kind: "create", path: "/locked/lock", data: null },
    { kind: "create", path: "/locked/lock/zookeeper", data: null },
  ]);
  const excluded = (path: string) => path.startsWith("/locked/lock/");
  expect(await copy(["/locked"], { excluded })).toMatchObject({ created: 2 });
  await target.create("/locked/lock/mine", null);
  expect(await copy(["/locked"], { excluded, removeExtras: true })).toMatchObject({ removed: 0 });
  expect(await target.exists("/locked/lock/mine")).toBeDefined();
  const compared = await compare(["/locked"], { excluded, sequences: false });
  expect(compared).toMatchObject({ equal: true, znodes: 2 });
});

test("znodes near the limit of a request go alone, many of them too", async () => {
  await source.create("/large", null);
  for (let count = 0; count < 6; count++)
    await source.create(`/large/${count}`, Buffer.alloc(900_000, count));
  expect(await copy(["/large"])).toMatchObject({ created: 7, bytes: 5_400_000 });
  expect(await compare(["/large"])).toMatchObject({ equal: true, bytes: 5_400_000 });
});

test("a root that is not there is refused, as is one within another", async () => {
  const missing = await rejection(copy(["/nowhere", "/whole"]));
  expect(missing).toBeInstanceOf(Refusal);
  expect(missing.message).toMatch(/3\.4\.14: \/nowhere: found no such znode/);
  expect((await rejection(copy(["/a", "/a/b"]))).message).toMatch(/root \/a\/b: found it within \/a/);
  expect((await rejection(copy(["/a/"]))).message).toMatch(/found no path/);
});

test("a tree is removed, but not under a client that lives in it", async () => {
  await seed(target, "/gone");
  const client = await connectZooKeeper(here, next.port);
  await client.create("/gone/g1/ü1/alive", null, { mode: "ephemeral" });
  expect((await rejection(removeTree(endpoint(next), ["/gone"]))).message).toMatch(/1 ephemeral znode/);
  await client.close();
  expect(await removeTree(endpoint(next), ["/gone", "/not-there"])).toBe(809);
  expect(await target.exists("/gone")).toBeUndefined();
});
