/** Four-letter words against real servers of both versions, and what is told apart when there is no answer. */
import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { HostUnreachable } from "../../core/engine/errors";
import { openHost } from "../../core/transports/ssh";
import { ask, parseConf, parseCons, parseMntr, parseSrvr, type Word } from "../../core/transports/fourlw";
import { rejection } from "./rejection";
import { freePort, startSshd } from "./sshd";
import { loopback, startZooKeeper, type ZooKeeper } from "./zookeeper";

const here = loopback();
const servers: ZooKeeper[] = [];

afterAll(() => Promise.all(servers.map((each) => each.stop())));

async function start(...args: Parameters<typeof startZooKeeper>): Promise<ZooKeeper> {
  const server = await startZooKeeper(...args);
  servers.push(server);
  return server;
}

async function answer(server: ZooKeeper, word: Word): Promise<string> {
  const given = await ask(here, server.port, word);
  if (given.kind !== "answered") throw new Error(`${word}: ${given.kind}`);
  return given.text;
}

describe.each(["3.4.14", "3.7.1"] as const)("%s", (version) => {
  let server: ZooKeeper;
  beforeAll(async () => {
    server = await start(version, {
      settings: ["4lw.commands.whitelist=*"],
      prometheus: version === "3.7.1",
    });
  });

  test("says what it is", async () => {
    const srvr = parseSrvr(await answer(server, "srvr"));
    expect(srvr).toMatchObject({ version, mode: "standalone", zxid: 0n, outstanding: 0 });
    const mntr = parseMntr(await answer(server, "mntr"));
    expect(mntr).toMatchObject({ version, state: "standalone", znodeCount: srvr.nodeCount });
    expect(parseConf(await answer(server, "conf")).get("clientPort")).toBe(String(server.port));
    expect(parseCons(await answer(server, "cons"))).toMatchObject([{ address: "127.0.0.1" }]);
  });

  test("the same through a real SSH connection", async () => {
    const sshd = await startSshd();
    const zk1 = await openHost("zk1", { connection: sshd.connection });
    const given = await ask(zk1, server.port, "srvr");
    expect(given).toMatchObject({ kind: "answered", text: expect.stringContaining("Mode: standalone") });
    await expect(ask(zk1, await freePort(), "srvr")).resolves.toEqual({ kind: "refused" });
    await zk1.close();
    await sshd.stop();
  });

  test("hangs: found within the time, with host and word", async () => {
    const began = performance.now();
    const error = await server.whileItHangs(() =>
      rejection(ask(here, server.port, "srvr", { timeoutMs: 200 })),
    );
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^here: no answer to `srvr` from .* within 200 ms/);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

test("3.7.1 by default answers srvr only", async () => {
  const server = await start("3.7.1");
  expect(parseSrvr(await answer(server, "srvr")).version).toBe("3.7.1");
  await expect(ask(here, server.port, "mntr")).resolves.toEqual({ kind: "notWhitelisted" });
});

test.each(["3.4.14", "3.7.1"] as const)("%s without a quorum runs but does not serve", async (version) => {
  const server = await start(version, { alone: true });
  await expect(ask(here, server.port, "srvr")).resolves.toEqual({ kind: "notServing" });
});

test("nobody listens", async () => {
  await expect(ask(here, await freePort(), "srvr")).resolves.toEqual({ kind: "refused" });
});

test.each<[string, (socket: Socket) => void]>([
  ["hangs up without a word", (socket) => socket.end()],
  ["ends when it hears the word", (socket) => socket.once("data", () => socket.resetAndDestroy())],
])("something that %s", async (_, hangUp) => {
  const mute = createServer(hangUp).listen(0, "127.0.0.1");
  await once(mute, "listening");
  try {
    const { port } = mute.address() as AddressInfo;
    await expect(ask(here, port, "srvr")).resolves.toEqual({ kind: "silent" });
  } finally {
    mute.close();
  }
});
