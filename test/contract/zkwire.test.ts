/** The ZooKeeper wire client against real 3.4.14 and 3.7.1 servers. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createServer, type AddressInfo } from "node:net";
import { openHost } from "../../core/transports/ssh";
import {
  Code,
  ConnectionLost,
  KeeperError,
  MultiFailed,
  OPEN_ACL,
  RequestTimedOut,
  RequestTooLarge,
  SessionExpired,
  connectZooKeeper,
  type ConnectOptions,
  type Operation,
  type ZooKeeperClient,
} from "../../core/transports/zkwire";
import { startSshd } from "./sshd";
import { loopback, startZooKeeper, type ZooKeeper } from "./zookeeper";

const here = loopback();

async function rejection(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error("it did not reject")),
    (error: Error) => error,
  );
}

describe.each(["3.4.14", "3.7.1"] as const)("%s", (version) => {
  let server: ZooKeeper;
  let client: ZooKeeperClient;
  const opened: ZooKeeperClient[] = [];

  async function open(options: ConnectOptions = {}): Promise<ZooKeeperClient> {
    const session = await connectZooKeeper(here, server.port, options);
    opened.push(session);
    return session;
  }

  beforeAll(async () => {
    server = await startZooKeeper(version);
    client = await open();
  });

  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    await server.stop();
  });

  test("creates, reads, changes, deletes", async () => {
    await expect(client.create("/node", Buffer.from("ü\0"))).resolves.toBe("/node");
    const { data, stat } = await client.getData("/node");
    expect(data?.toString()).toBe("ü\0");
    expect(stat).toMatchObject({
      version: 0,
      dataLength: 3,
      numChildren: 0,
      ephemeralOwner: 0n,
      czxid: stat.mzxid,
    });
    expect(Math.abs(stat.ctime - Date.now())).toBeLessThan(60_000);
    await expect(client.setData("/node", Buffer.from("2"), 0)).resolves.toMatchObject({ version: 1 });
    await expect(client.exists("/node")).resolves.toMatchObject({ version: 1, dataLength: 1 });
    await client.delete("/node", 1);
    await expect(client.exists("/node")).resolves.toBeUndefined();
    expect(client.session.lastZxid).toBeGreaterThan(stat.czxid);
  });

  test("no data and empty data are two things", async () => {
    await client.create("/null", null);
    await client.create("/empty", Buffer.alloc(0));
    expect((await client.getData("/null")).data).toBeNull();
    expect((await client.getData("/empty")).data).toEqual(Buffer.alloc(0));
  });

  test("errors name host, operation, path, and the server's word", async () => {
    const error = await rejection(client.getData("/missing"));
    expect(error).toBeInstanceOf(KeeperError);
    expect(error).toMatchObject({ code: Code.noNode, codeName: "NoNode", path: "/missing", host: "here" });
    expect(error.message).toBe("here: getData /missing: NoNode (-101)");
    await client.create("/full", null);
    await client.create("/full/child", null);
    await expect(rejection(client.create("/full", null))).resolves.toMatchObject({ code: Code.nodeExists });
    await expect(rejection(client.delete("/full"))).resolves.toMatchObject({ code: Code.notEmpty });
    await expect(rejection(client.setData("/full", null, 7))).resolves.toMatchObject({
      code: Code.badVersion,
    });
    expect((await client.getChildren("/full")).children).toEqual(["child"]);
    await expect(rejection(client.create("relative", null))).resolves.toBeInstanceOf(TypeError);
  });

  test("sequence numbers and ephemerals", async () => {
    await client.create("/seq", null);
    const first = await client.create("/seq/n-", null, { mode: "persistentSequential" });
    const second = await client.create("/seq/n-", null, { mode: "ephemeralSequential" });
    expect([first, second]).toEqual(["/seq/n-0000000000", "/seq/n-0000000001"]);
    expect((await client.exists(second))?.ephemeralOwner).toBe(client.session.sessionId);
  });

  test("ephemerals go with their session, at once", async () => {
    const other = await open();
    await other.create("/ephemeral", null, { mode: "ephemeral" });
    await expect(rejection(other.create("/ephemeral/x", null))).resolves.toMatchObject({
      code: Code.noChildrenForEphemerals,
    });
    await other.close();
    await expect(client.exists("/ephemeral")).resolves.toBeUndefined();
    await expect(rejection(other.exists("/"))).resolves.toBeInstanceOf(ConnectionLost);
  });

  test("a session goes on elsewhere with its id and password, and is expired once ended", async () => {
    const first = await open();
    const { sessionId, password } = first.session;
    await first.create("/mine", null, { mode: "ephemeral" });
    first.session.abandon();
    const second = await open({ resume: { sessionId, password } });
    expect(second.session.sessionId).toBe(sessionId);
    await expect(client.exists("/mine")).resolves.toMatchObject({ ephemeralOwner: sessionId });
    await second.close();
    await expect(rejection(open({ resume: { sessionId, password } }))).resolves.toBeInstanceOf(
      SessionExpired,
    );
  });

  test("ACLs and digest identities", async () => {
    // user:password, as DigestAuthenticationProvider.generateDigest prints it
    const acl = [{ perms: 31, scheme: "digest", id: "user:tpUq/4Pn5A64fVZyQ0gOJ8ZWqkY=" }];
    await client.create("/closed", Buffer.from("x"), { acl });
    await expect(rejection(client.getData("/closed"))).resolves.toMatchObject({ code: Code.noAuth });
    const owner = await open();
    await owner.addAuth("digest", Buffer.from("user:password"));
    await expect(owner.getACL("/closed")).resolves.toMatchObject({ acl, stat: { aversion: 0 } });
    await expect(owner.setACL("/closed", OPEN_ACL, 0)).resolves.toMatchObject({ aversion: 1 });
    expect((await client.getData("/closed")).data?.toString()).toBe("x");
    const invalid = [{ perms: 31, scheme: "nonsense", id: "x" }];
    await expect(rejection(client.create("/x", null, { acl: invalid }))).resolves.toMatchObject({
      code: Code.invalidAcl,
    });
  });

  test("a wrong identity scheme is an error, not a hang", async () => {
    const other = await open();
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
    const results = await client.multi(operations);
    expect(results).toMatchObject([
      { kind: "create", path: "/multi" },
      { kind: "create", path: "/multi/s-0000000000" },
      { kind: "setData", stat: { version: 1, dataLength: 2 } },
      { kind: "check" },
      { kind: "delete" },
    ]);
    const error = await rejection(
      client.multi([
        { kind: "create", path: "/multi/never", data: null },
        { kind: "check", path: "/multi", version: 9 },
        { kind: "delete", path: "/multi" },
      ]),
    );
    expect(error).toBeInstanceOf(MultiFailed);
    expect(error).toMatchObject({ index: 1, code: Code.badVersion, path: "/multi" });
    await expect(client.exists("/multi/never")).resolves.toBeUndefined();
    await expect(client.multi([])).resolves.toEqual([]);
  });

  test("a chroot is put in front and taken off again", async () => {
    await client.create("/below", null);
    const inner = await open({ chroot: "/below/" });
    await expect(inner.create("/a", null)).resolves.toBe("/a");
    await expect(inner.multi([{ kind: "create", path: "/b", data: null }])).resolves.toEqual([
      { kind: "create", path: "/b" },
    ]);
    expect((await inner.getChildren("/")).children.sort()).toEqual(["a", "b"]);
    await expect(client.exists("/below/b")).resolves.toBeDefined();
  });

  test("many at once are answered in order, more than may be in flight too", async () => {
    const small = await open({ maxInFlight: 50 });
    await small.create("/many", null);
    const paths = Array.from({ length: 2000 }, (_, i) => `/many/${i}`);
    const made = await Promise.all(paths.map((path, i) => small.create(path, Buffer.from(String(i)))));
    expect(made).toEqual(paths);
    await small.sync("/many");
    const read = await Promise.all(paths.map((path) => small.getData(path)));
    expect(read.map(({ data }) => data?.toString())).toEqual(paths.map((_, i) => String(i)));
    expect((await small.getChildren("/many")).children).toHaveLength(2000);
  });

  test("large nodes, and a request above jute.maxbuffer that never leaves", async () => {
    const large = randomBytes(1_000_000);
    await client.create("/large", large);
    const copies = await Promise.all([1, 2, 3, 4].map(() => client.getData("/large")));
    for (const { data } of copies) expect(data?.equals(large)).toBe(true);
    const error = await rejection(client.setData("/large", Buffer.alloc(1_048_576)));
    expect(error).toBeInstanceOf(RequestTooLarge);
    await expect(client.exists("/large")).resolves.toMatchObject({ dataLength: 1_000_000 });
  });

  test("beyond the server's limit the connection is lost, and the rest says so", async () => {
    const careless = await open({ maxRequestBytes: 10_000_000 });
    const [write, read] = await Promise.all([
      rejection(careless.create("/huge", Buffer.alloc(2_000_000))),
      rejection(careless.exists("/")),
    ]);
    expect(write).toBeInstanceOf(ConnectionLost);
    expect(read).toBeInstanceOf(ConnectionLost);
  });

  test("an idle session lives on by its pings", async () => {
    // tickTime 500: the shortest session is two ticks.
    const idle = await open({ sessionTimeoutMs: 1000 });
    expect(idle.session.sessionTimeoutMs).toBe(1000);
    await idle.create("/idle", null, { mode: "ephemeral" });
    await delay(1800); // without a ping the server would have ended it by now
    await expect(idle.exists("/idle")).resolves.toBeDefined();
  });

  test("a server that hangs: requests fail in time, then the connection", async () => {
    const slow = await open({ requestTimeoutMs: 200, sessionTimeoutMs: 1500 });
    server.signal("SIGSTOP");
    const began = performance.now();
    const [late, lost] = [await rejection(slow.exists("/")), await rejection(untilLost(slow))];
    server.signal("SIGCONT");
    expect(late).toBeInstanceOf(RequestTimedOut);
    expect(late.message).toMatch(/^here: no answer to exists \/ within 200 ms/);
    expect(lost).toBeInstanceOf(ConnectionLost);
    expect(performance.now() - began).toBeLessThan(2500);
  });

  test("through a real SSH connection, which dies", async () => {
    const sshd = await startSshd();
    const zk1 = await openHost("zk1", { connection: sshd.connection });
    const remote = await connectZooKeeper(zk1, server.port);
    const large = randomBytes(500_000);
    await remote.create("/via-ssh", large);
    expect((await remote.getData("/via-ssh")).data?.equals(large)).toBe(true);
    const pending = rejection(untilLost(remote));
    await sshd.kill();
    expect(await pending).toBeInstanceOf(ConnectionLost);
    expect((await pending).message).toMatch(/^zk1: .*the SSH connection was/);
    await zk1.close();
    await sshd.stop();
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

test("what does not serve hangs up, and the error says where to look", async () => {
  const alone = await startZooKeeper("3.7.1", { alone: true });
  const error = await rejection(connectZooKeeper(here, alone.port));
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toContain("quorum");
  await alone.stop();
});

test("what is no ZooKeeper is found out at its first bytes", async () => {
  const web = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
  await once(web, "listening");
  const error = await rejection(connectZooKeeper(here, (web.address() as AddressInfo).port));
  expect(error.message).toMatch(/^here: no session: no ZooKeeper answers there/);
  web.close();
});

/** Asks until the connection is lost, and rejects with that. */
async function untilLost(client: ZooKeeperClient): Promise<never> {
  for (;;) {
    await client.exists("/").catch((error: Error) => {
      if (!(error instanceof RequestTimedOut)) throw error;
    });
  }
}
