/**
 * The script for servers without a metrics port, run by a real bash against a stand-in for the server: a socket that
 * answers what a real 3.4.14 with eight clients answered to `srvr`.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { TEXTFILE, textfileScript } from "../../core/monitoring/textfile";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "textfile-"));
const script = join(folder, "zookeeper-srvr.sh");
const recorded = readFileSync(join(__dirname, "../unit/monitoring/recorded/srvr-3.4.14.txt"), "utf8");

beforeAll(() => writeFileSync(script, textfileScript()));
afterAll(() => rmSync(folder, { recursive: true }));

test("a server that serves: its clients without the one that asks, and both halves of the zxid", async () => {
  expect(await numbersFor(recorded)).toEqual({
    zookeeper_srvr_up: 1,
    zookeeper_srvr_clients: 8,
    zookeeper_srvr_znodes: 935,
    zookeeper_srvr_zxid_epoch: 0,
    zookeeper_srvr_zxid_counter: 0x731,
  });
});

test("a zxid of a later epoch keeps every bit", async () => {
  expect(await numbersFor(recorded.replace("0x731", "0x3b03f14fffffff0"))).toMatchObject({
    zookeeper_srvr_zxid_epoch: 0x3b03f14,
    zookeeper_srvr_zxid_counter: 0xfffffff0,
  });
});

test("a server without quorum leaves no numbers from before", async () => {
  expect(await numbersFor(recorded)).toHaveProperty("zookeeper_srvr_clients");
  expect(await numbersFor("This ZooKeeper instance is not currently serving requests\n")).toEqual({
    zookeeper_srvr_up: 0,
  });
});

test("nobody listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  expect(await numbersAt(port)).toEqual({ zookeeper_srvr_up: 0 });
});

test("nothing half-written stays in the folder", () => {
  expect(readdirSync(folder).sort()).toEqual([TEXTFILE, "zookeeper-srvr.sh"]);
});

async function numbersFor(answer: string): Promise<Record<string, number>> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.once("data", (word) => {
      asked.push(word.toString());
      socket.end(answer);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const numbers = await numbersAt((server.address() as AddressInfo).port);
  server.close();
  expect(asked).toEqual(["srvr"]);
  return numbers;
}

async function numbersAt(port: number): Promise<Record<string, number>> {
  await run("bash", [script, "127.0.0.1", String(port), folder]);
  const lines = readFileSync(join(folder, TEXTFILE), "utf8").trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => line.split(" ")).map(([name = "", value]) => [name, Number(value)]),
  );
}
