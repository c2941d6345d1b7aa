/** HTTP through SSH and straight, against Node's own server. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { HostUnreachable } from "../../core/engine/errors";
import type { Dialler, HostAccess } from "../../core/transports/contract";
import { getJson, getText } from "../../core/transports/http";
import { openHost } from "../../core/transports/ssh";
import { rejection } from "./rejection";
import { freePort, startSshd, type Sshd } from "./sshd";
import { loopback } from "./zookeeper";

let sshd: Sshd;
let remote: HostAccess;
let server: Server;
let port: number;

beforeAll(async () => {
  sshd = await startSshd();
  remote = await openHost("meta1", { connection: sshd.connection });
  server = createServer((incoming, outgoing) => void answer(incoming, outgoing)).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  await remote.close();
  server.closeAllConnections();
  server.close();
  await sshd.stop();
});

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of incoming) body += String(chunk);
  if (incoming.url === "/moved") outgoing.writeHead(307, { location: "http://10.0.0.9:34601/moved" }).end();
  else if (incoming.url === "/text") outgoing.end("not json");
  else if (incoming.url === "/broken") outgoing.writeHead(500).end("oops");
  else if (incoming.url === "/never") outgoing.write("{");
  else if (incoming.url === "/cut")
    outgoing.writeHead(200, { "content-length": 10 }).write("half", () => outgoing.destroy());
  else if (incoming.url === "/large") outgoing.end(Buffer.alloc(3_000_000, "x"));
  else
    outgoing.end(
      JSON.stringify({ url: incoming.url, method: incoming.method, headers: incoming.headers, body }),
    );
}

test("the dialler's connection alone is used: the host's name means nothing on this machine", async () => {
  const elsewhere: Dialler = { name: "meta1", address: "meta1.invalid", dial: () => loopback().dial(port) };
  expect(await getText(elsewhere, port, "/text")).toMatchObject({ status: 200, body: "not json" });
});

describe.each(["tcp", "ssh"])("over %s", (way) => {
  const access = (): Dialler => (way === "ssh" ? remote : loopback());

  test("asks and parses", async () => {
    const given = await getJson(access(), port, "/meta/apps?detail", { headers: { "x-token": "t" } });
    expect(given).toMatchObject({
      status: 200,
      body: {
        url: "/meta/apps?detail",
        method: "GET",
        headers: { "x-token": "t", host: `127.0.0.1:${port}` },
      },
    });
  });

  test("sends a body", async () => {
    const given = await getJson(access(), port, "/x", { body: "üx" });
    expect(given.body).toMatchObject({ method: "POST", body: "üx" });
    await expect(getJson(access(), port, "/x", { body: "{}", method: "PUT" })).resolves.toMatchObject({
      body: { method: "PUT" },
    });
  });

  test("shows a redirect instead of following it", async () => {
    const given = await getText(access(), port, "/moved");
    expect(given).toMatchObject({
      status: 307,
      headers: { location: "http://10.0.0.9:34601/moved" },
      body: "",
    });
  });

  test("tells an error page from a broken answer", async () => {
    await expect(getJson(access(), port, "/broken")).resolves.toMatchObject({ status: 500, body: "oops" });
    const error = await rejection(getJson(access(), port, "/text"));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toContain('found "not json" where JSON was expected');
  });

  test("large answers arrive whole, up to the limit", async () => {
    expect((await getText(access(), port, "/large")).body).toHaveLength(3_000_000);
    const error = await rejection(getText(access(), port, "/large", { maxBytes: 1000 }));
    expect(error.message).toContain("more than 1000 bytes");
  });

  test("an answer that never ends or is cut names host and address, without the query", async () => {
    const late = await rejection(getText(access(), port, "/never", { timeoutMs: 100 }));
    expect(late).toBeInstanceOf(HostUnreachable);
    expect(late.message).toContain(`http://127.0.0.1:${port}/never: no whole answer within 100 ms`);
    const cut = await rejection(getText(access(), port, "/cut", { headers: { authorization: "hunter2" } }));
    expect(cut).toBeInstanceOf(HostUnreachable);
    expect(cut.message).not.toContain("hunter2");
  });

  test("nobody there, or nobody who speaks HTTP", async () => {
    await expect(rejection(getText(access(), await freePort(), "/"))).resolves.toMatchObject({
      kind: "refused",
    });
    const other = createTcpServer((socket) => socket.end("imok")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const error = await rejection(getText(access(), (other.address() as AddressInfo).port, "/"));
    expect(error).toBeInstanceOf(HostUnreachable);
    other.close();
  });
});
