/** What is brought once the origin is fenced, and what speaks against bringing it. */
import { judgeLog } from "../../../../core/zookeeper/files/log";
import { bringTail, type TailSource } from "../../../../core/zookeeper/snapshot/tail";
import { inChunks, logOf, recorded } from "../files/recorded";
import { Disk, LOGS } from "./disk";

const AFTER = 0x39n;
const limits = {
  juteMaxBuffer: 1 << 20,
  extendedTypes: false,
  format: "3.6+",
  acceptDataLoss: false,
} as const;

const older = recorded("3.7.1", "log.1");
const newer = recorded("3.7.1", "log.3a");

/** As it was staged: up to the last transaction of the older log. */
async function staged(): Promise<NonNullable<TailSource["last"]>> {
  return { log: "log.1", offset: (await judgeLog("log.1", inChunks(older))).lastOffset ?? 0 };
}

async function bring(
  files: Readonly<Record<string, Buffer>>,
  change: Partial<TailSource> & { readonly sessions?: readonly bigint[] } = {},
) {
  const { sessions = [], ...source } = change;
  const targets = [new Disk("zk-new1"), new Disk("zk-new2")];
  const folders = { dataDir: "/data", dataLogDir: "/logs" };
  const tail = await bringTail(
    { from: new Disk("zk-old2", files), folders, last: await staged(), atLeast: undefined, ...source },
    { hosts: targets, dataLogDir: "/logs", limits },
    { after: AFTER, sessions, unknown: new Set(), now: 0 },
  );
  return {
    tail,
    written: targets.map((target) => [...target.files.keys()].map((path) => path.slice(LOGS.length + 1))),
    targets,
  };
}

test("everything behind the last staged transaction goes to every server, as one log that counts on", async () => {
  const { tail, written, targets } = await bring({ "log.1": older, "log.3a": newer }, { atLeast: 0x51n });
  expect(written).toEqual([["log.3a"], ["log.3a"]]);
  expect(tail).toMatchObject({ log: "log.3a", records: 24, originZxid: 0x51n });
  const verdicts = await Promise.all(
    targets.map(({ files }) => judgeLog("t", inChunks(files.get(`${LOGS}/log.3a`)!))),
  );
  for (const verdict of verdicts) {
    expect(verdict).toMatchObject({
      firstZxid: 0x3an,
      lastZxid: tail.lastZxid,
      end: { kind: "clean" },
      steps: [],
    });
  }
});

test("nothing was written since, and nobody was connected: no log at all", async () => {
  const { tail, written } = await bring({ "log.1": older });
  expect(written).toEqual([[], []]);
  expect(tail).toMatchObject({ log: undefined, records: 0, lastZxid: AFTER });
});

test("nothing was written since, but sessions are open: a log that ends them", async () => {
  const { tail, written } = await bring({ "log.1": older }, { sessions: [7n, 9n] });
  expect(written).toEqual([["log.3a"], ["log.3a"]]);
  expect(tail).toMatchObject({ originZxid: AFTER, lastZxid: AFTER + 2n, closedSessions: 2 });
});

test("no log belongs to what was staged: the logs are read from their start, and what is known is passed over", async () => {
  const { tail } = await bring({ "log.1": older, "log.3a": newer }, { last: undefined });
  expect(tail).toMatchObject({ log: "log.3a", records: 24 });
});

const refuses = async (bringing: Promise<unknown>, message: RegExp) => {
  await expect(bringing).rejects.toThrow(message);
};

test("a log that was cut back since, or is gone, is refused: what was staged may hold what nobody acknowledged", async () => {
  const { offset } = await staged();
  const cut = older.subarray(0, offset);
  await refuses(bring({ "log.1": cut, "log.3a": newer }), /log\.1: found no transaction where staging ended/);
  await refuses(
    bring({ "log.3a": newer }),
    /log\.1: found no transaction where staging ended; expected 0x39/,
  );
  const other = Buffer.concat([cut, logOf(0x1_0000_0001n).subarray(16)]);
  await refuses(bring({ "log.1": other }), /log\.1: found 0x100000001 where staging ended; expected 0x39/);
});

test("a log that is missing in between is refused, and so is one that does not reach what the server had", async () => {
  await refuses(bring({ "log.1": older, "log.3b": logOf(0x3bn) }), /0x3b as the next transaction after 0x39/);
  await refuses(bring({ "log.1": older }, { atLeast: 0x40n }), /transactions up to 0x39; expected 0x40/);
});

test("what the destination would delete as it starts is refused, and nothing of it stays there", async () => {
  const target = new Disk("zk-old1");
  const from = new Disk("zk-new2", { "log.1": older });
  const bringing = bringTail(
    { from, folders: { dataDir: "/data", dataLogDir: "/logs" }, last: undefined, atLeast: undefined },
    { hosts: [target], dataLogDir: "/logs", limits: { ...limits, format: "3.4" } },
    { after: 0n, sessions: [], unknown: new Set(), now: 0 },
  );
  await refuses(bringing, /zk-old1: found 1 container znode to load/);
  expect([...target.files.keys()]).toEqual([]);
});
