/** What the ZooKeeper wire client can ask: every request, against real 3.4.14 and 3.7.1 servers. */
import {
  Code,
  KeeperError,
  MultiFailed,
  OPEN_ACL,
  connectZooKeeper,
  type Operation,
} from "../../core/transports/zkwire";
import { rejection } from "./rejection";
import { zkwireScene } from "./zkwire-scene";
import { loopback, startZooKeeper } from "./zookeeper";

const here = loopback();

describe.each(["3.4.14", "3.7.1"] as const)("%s", (version) => {
  const scene = zkwireScene(version);

  test("creates, reads, changes, deletes", async () => {
    await expect(scene.client.create("/node", Buffer.from("ü\0"))).resolves.toBe("/node");
    const { data, stat } = await scene.client.getData("/node");
    expect(data?.toString()).toBe("ü\0");
    expect(stat).toMatchObject({
      version: 0,
      dataLength: 3,
      numChildren: 0,
      ephemeralOwner: 0n,
      czxid: stat.mzxid,
    });
    expect(Math.abs(stat.ctime - Date.now())).toBeLessThan(60_000);
    await expect(scene.client.setData("/node", Buffer.from("2"), 0)).resolves.toMatchObject({ version: 1 });
    await expect(scene.client.exists("/node")).resolves.toMatchObject({ version: 1, dataLength: 1 });
    await scene.client.delete("/node", 1);
    await expect(scene.client.exists("/node")).resolves.toBeUndefined();
    expect(scene.client.session.lastZxid).toBeGreaterThan(stat.czxid);
  });

  test("no data and empty data are two things", async () => {
    await scene.client.create("/null", null);
    await scene.client.create("/empty", Buffer.alloc(0));
    expect((await scene.client.getData("/null")).data).toBeNull();
    expect((await scene.client.getData("/empty")).data).toEqual(Buffer.alloc(0));
  });

  test("errors name host, operation, path, and the server's word", async () => {
    const error = await rejection(scene.client.getData("/missing"));
    expect(error).toBeInstanceOf(KeeperError);
    expect(error).toMatchObject({ code: Code.noNode, codeName: "NoNode", path: "/missing", host: "here" });
    expect(error.message).toBe("here: getData /missing: NoNode (-101)");
    await scene.client.create("/full", null);
    await scene.client.create("/full/child", null);
    await expect(rejection(scene.client.create("/full", null))).resolves.toMatchObject({
      code: Code.nodeExists,
    });
    await expect(rejection(scene.client.delete("/full"))).resolves.toMatchObject({ code: Code.notEmpty });
    await expect(rejection(scene.client.setData("/full", null, 7))).resolves.toMatchObject({
      code: Code.badVersion,
    });
    expect((await scene.client.getChildren("/full")).children).toEqual(["child"]);
    await expect(rejection(scene.client.create("relative", null))).resolves.toBeInstanceOf(TypeError);
  });

  test("sequence numbers and ephemerals", async () => {
    await scene.client.create("/seq", null);
    const first = await scene.client.create("/seq/n-", null, { mode: "persistentSequential" });
    const second = await scene.client.create("/seq/n-", null, { mode: "ephemeralSequential" });
    expect([first, second]).toEqual(["/seq/n-0000000000", "/seq/n-0000000001"]);
    expect((await scene.client.exists(second))?.ephemeralOwner).toBe(scene.client.session.sessionId);
  });

  test("ACLs and digest identities", async () => {
    // user:password, as DigestAuthenticationProvider.generateDigest prints it
    const acl = [{ perms: 31, scheme: "digest", id: "user:tpUq/4Pn5A64fVZyQ0gOJ8ZWqkY=" }];
    await scene.client.create("/closed", Buffer.from("x"), { acl });
    await expect(rejection(scene.client.getData("/closed"))).resolves.toMatchObject({ code: Code.noAuth });
    const owner = await scene.open();
    await owner.addAuth("digest", Buffer.from("user:password"));
    await expect(owner.getACL("/closed")).resolves.toMatchObject({ acl, stat: { aversion: 0 } });
    await expect(owner.setACL("/closed", OPEN_ACL, 0)).resolves.toMatchObject({ aversion: 1 });
    expect((await scene.client.getData("/closed")).data?.toString()).toBe("x");
    const invalid = [{ perms: 31, scheme: "nonsense", id: "x" }];
    await expect(rejection(scene.client.create("/x", null, { acl: invalid }))).resolves.toMatchObject({
      code: Code.invalidAcl,
    });
  });

  test("a wrong identity scheme is an error, not a hang", async () => {
    const other = await scene.open();
    await expect(rejection(other.addAuth("nonsense", Buffer.from("x")))).resolves.toMatchObject({
      code: Code.authFailed,
    });
  });

  test("multi: all or none", async () => {
    const operations: Operation[] = [
      { kind: "create", path: "/multi", data: Buffer.from("1") },
      { kind: "create", path: "/multi/s-", data: null, mode: "persistentSequential" },
      { kind: "setData", path: "/multi", data: Buffer.from("22") },
      { kind: "check", path: "/multi", version: 1 },
      { kind: "delete", path: "/multi/s-0000000000" },
    ];
    const results = await scene.client.multi(operations);
    expect(results).toMatchObject([
      { kind: "create", path: "/multi" },
      { kind: "create", path: "/multi/s-0000000000" },
      { kind: "setData", stat: { version: 1, dataLength: 2 } },
      { kind: "check" },
      { kind: "delete" },
    ]);
    const error = await rejection(
      scene.client.multi([
        { kind: "create", path: "/multi/never", data: null },
        { kind: "check", path: "/multi", version: 9 },
        { kind: "delete", path: "/multi" },
      ]),
    );
    expect(error).toBeInstanceOf(MultiFailed);
    expect(error).toMatchObject({ index: 1, code: Code.badVersion, path: "/multi" });
    await expect(scene.client.exists("/multi/never")).resolves.toBeUndefined();
    await expect(scene.client.multi([])).resolves.toEqual([]);
  });

  test("a chroot is put in front and taken off again", async () => {
    await scene.client.create("/below", null);
    const inner = await scene.open({ chroot: "/below/" });
    await expect(inner.create("/a", null)).resolves.toBe("/a");
    await expect(inner.multi([{ kind: "create", path: "/b", data: null }])).resolves.toEqual([
      { kind: "create", path: "/b" },
    ]);
    expect((await inner.getChildren("/")).children.sort()).toEqual(["a", "b"]);
    await expect(scene.client.exists("/below/b")).resolves.toBeDefined();
  });
});

describe("between the versions", () => {
  test("create2 is for 3.5 and later", async () => {
    const server = await startZooKeeper("3.7.1");
    const client = await connectZooKeeper(here, server.port);
    const made = await client.create2("/two", Buffer.from("x"));
    expect(made).toMatchObject({ path: "/two", stat: { version: 0, dataLength: 1 } });
    await expect(client.create("/container", null, { mode: "container" })).resolves.toBe("/container");
    await expect(rejection(client.create("/ttl", null, { mode: { ttlMs: 1000 } }))).resolves.toMatchObject({
      code: Code.unimplemented,
    });
    await client.close();
    await server.stop();
  });

  test("TTL nodes where they are switched on", async () => {
    const server = await startZooKeeper("3.7.1", { jvm: ["-Dzookeeper.extendedTypesEnabled=true"] });
    const client = await connectZooKeeper(here, server.port);
    const mode = { ttlMs: 60_000, sequential: true };
    await expect(client.create("/ttl-", null, { mode })).resolves.toBe("/ttl-0000000000");
    await client.close();
    await server.stop();
  });
});
