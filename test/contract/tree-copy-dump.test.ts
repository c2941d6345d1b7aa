/** Trees set aside as a dump and loaded again, on a real 3.7.1 server. */
import { gunzipSync, gzipSync } from "node:zlib";
import { Refusal } from "../../core/engine/errors";
import {
  checkDump,
  compareTrees,
  dumpTree,
  endpointOn,
  loadTree,
  removeTree,
} from "../../core/zookeeper/tree";
import { connectZooKeeper, type Operation, type ZooKeeperClient } from "../../core/transports/zkwire";
import { loopback, startZooKeeper, type ZooKeeper } from "./zookeeper";

jest.setTimeout(60_000);
const here = loopback();
const ROOTS = ["/kept", "/other"];
let server: ZooKeeper;
let client: ZooKeeperClient;
let dump: Buffer;

const endpoint = (chroot?: string) => endpointOn({ name: "zk", hosts: [here], port: server.port, chroot });
const again = (bytes: Buffer) =>
  async function* () {
    yield bytes;
  };

beforeAll(async () => {
  server = await startZooKeeper("3.7.1");
  client = await connectZooKeeper(here, server.port);
  const operations: Operation[] = [{ kind: "create", path: "/kept", data: Buffer.from("ü\n{}") }];
  for (let group = 0; group < 5; group++) {
    operations.push({ kind: "create", path: `/kept/g${group}`, data: group === 0 ? Buffer.alloc(0) : null });
    for (let leaf = 0; leaf < 300; leaf++)
      operations.push({
        kind: "create",
        path: `/kept/g${group}/${leaf}`,
        data: Buffer.from([leaf & 255, 10, 0]),
      });
  }
  operations.push({ kind: "create", path: "/other", data: null });
  await client.multi(operations);
  for (let count = 0; count < 3; count++) {
    const made = await client.create("/other/n-", null, { mode: "persistentSequential" });
    if (count < 2) await client.delete(made);
  }
  await client.create("/other/alive", null, { mode: "ephemeral" });
  await client.setACL("/other", [
    { perms: 1, scheme: "world", id: "anyone" },
    { perms: 31, scheme: "ip", id: "127.0.0.1" },
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of dumpTree(endpoint(), ROOTS)) chunks.push(chunk);
  dump = Buffer.concat(chunks);
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

test("a dump loads elsewhere as the tree that it was, counters and ACLs included", async () => {
  const contents = await loadTree("the dump", again(dump), endpoint("/restored"));
  expect(contents).toMatchObject({ from: "zk", roots: ROOTS, znodes: 1508 });
  const compared = await compareTrees({ source: endpoint(), target: endpoint("/restored"), roots: ROOTS });
  expect(compared).toMatchObject({ equal: true, znodes: 1508 });
  const mode = { mode: "persistentSequential" } as const;
  const [made, expected] = [
    await client.create("/restored/other/n-", null, mode),
    await client.create("/other/n-", null, mode),
  ];
  expect(made).toBe(`/restored${expected}`);
});

test("where something is there already, nothing is loaded", async () => {
  const error = await loadTree("the dump", again(dump), endpoint()).catch((refused: Error) => refused);
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Error).message).toMatch(
    /zk: \/kept: found a znode with 5 children; expected nothing there/,
  );
});

test("a dump that was cut off or changed is refused, and nothing of it is written", async () => {
  const text = gunzipSync(dump).toString();
  const changed = gzipSync(text.replace('"data":"', '"data":"AAAA'));
  const shorter = gzipSync(text.split("\n").slice(0, -2).join("\n"));
  for (const damaged of [dump.subarray(0, dump.length - 20), changed, shorter, Buffer.from("no dump")]) {
    const error = await loadTree("the dump", again(damaged), endpoint("/damaged")).catch(
      (refused: Error) => refused,
    );
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Error).message).toMatch(/^the dump: found .*; expected a whole tree dump/);
  }
  expect(await client.exists("/damaged")).toBeUndefined();
  expect(await checkDump("the dump", again(dump))).toMatchObject({ znodes: 1508 });
});

test("whoever stops taking the bytes ends the dump", async () => {
  for await (const chunk of dumpTree(endpoint(), ROOTS)) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(await removeTree(endpoint(), ["/restored"])).toBeGreaterThan(1508);
});
