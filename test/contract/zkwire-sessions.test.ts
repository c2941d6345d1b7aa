/** How the ZooKeeper wire client lives and ends with its session, against real 3.4.14 and 3.7.1 servers. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { openHost } from "../../core/transports/ssh";
import {
  Code,
  ConnectionLost,
  RequestTimedOut,
  RequestTooLarge,
  SessionExpired,
  connectZooKeeper,
  type ZooKeeperClient,
} from "../../core/transports/zkwire";
import { rejection } from "./rejection";
import { startSshd } from "./sshd";
import { zkwireScene } from "./zkwire-scene";
import { loopback, startZooKeeper } from "./zookeeper";

const here = loopback();

describe.each(["3.4.14", "3.7.1"] as const)("%s", (version) => {
  const scene = zkwireScene(version);

  test("ephemerals go with their session, at once", async () => {
    const other = await scene.open();
    await other.create("/ephemeral", null, { mode: "ephemeral" });
    await expect(rejection(other.create("/ephemeral/x", null))).resolves.toMatchObject({
      code: Code.noChildrenForEphemerals,
    });
    await other.close();
    await expect(scene.client.exists("/ephemeral")).resolves.toBeUndefined();
    await expect(rejection(other.exists("/"))).resolves.toBeInstanceOf(ConnectionLost);
  });

  test("a session goes on elsewhere with its id and password, and is expired once ended", async () => {
    const first = await scene.open();
    const { sessionId, password } = first.session;
    await first.create("/mine", null, { mode: "ephemeral" });
    first.session.abandon();
    const second = await scene.open({ resume: { sessionId, password } });
    expect(second.session.sessionId).toBe(sessionId);
    await expect(scene.client.exists("/mine")).resolves.toMatchObject({ ephemeralOwner: sessionId });
    await second.close();
    await expect(rejection(scene.open({ resume: { sessionId, password } }))).resolves.toBeInstanceOf(
      SessionExpired,
    );
  });

  test("many at once are answered in order, more than may be in flight too", async () => {
    const small = await scene.open({ maxInFlight: 50 });
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
    await scene.client.create("/large", large);
    const copies = await Promise.all([1, 2, 3, 4].map(() => scene.client.getData("/large")));
    for (const { data } of copies) expect(data?.equals(large)).toBe(true);
    const error = await rejection(scene.client.setData("/large", Buffer.alloc(1_048_576)));
    expect(error).toBeInstanceOf(RequestTooLarge);
    await expect(scene.client.exists("/large")).resolves.toMatchObject({ dataLength: 1_000_000 });
  });

  test("beyond the server's limit the connection is lost, and the rest says so", async () => {
    const careless = await scene.open({ maxRequestBytes: 10_000_000 });
    const [write, read] = await Promise.all([
      rejection(careless.create("/huge", Buffer.alloc(2_000_000))),
      rejection(careless.exists("/")),
    ]);
    expect(write).toBeInstanceOf(ConnectionLost);
    expect(read).toBeInstanceOf(ConnectionLost);
  });

  test("an idle session lives on by its pings", async () => {
    // tickTime 500: the shortest session is two ticks.
    const idle = await scene.open({ sessionTimeoutMs: 1000 });
    expect(idle.session.sessionTimeoutMs).toBe(1000);
    await idle.create("/idle", null, { mode: "ephemeral" });
    await delay(1800); // without a ping the server would have ended it by now
    await expect(idle.exists("/idle")).resolves.toBeDefined();
  });

  test("a server that hangs: requests fail in time, then the connection", async () => {
    const slow = await scene.open({ requestTimeoutMs: 200, sessionTimeoutMs: 1500 });
    const began = performance.now();
    const [late, lost] = await scene.server.whileItHangs(async () => [
      await rejection(slow.exists("/")),
      await rejection(untilLost(slow)),
    ]);
    expect(late).toBeInstanceOf(RequestTimedOut);
    expect(late?.message).toMatch(/^here: no answer to exists \/ within 200 ms/);
    expect(lost).toBeInstanceOf(ConnectionLost);
    expect(performance.now() - began).toBeLessThan(2500);
  });

  test("through a real SSH connection, which dies", async () => {
    const sshd = await startSshd();
    const zk1 = await openHost("zk1", { connection: sshd.connection });
    const remote = await connectZooKeeper(zk1, scene.server.port);
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
