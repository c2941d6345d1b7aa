/** What a snapshot and a log come to, held against what real servers wrote after they had replayed them. */
import { BrokenFile } from "../../../../core/zookeeper/files/broken-file";
import { unread, walkLog } from "../../../../core/zookeeper/files/log";
import { reckon } from "../../../../core/zookeeper/files/reckon";
import { describeSnapshot } from "../../../../core/zookeeper/files/refit-snapshot";
import { sessionsIn } from "../../../../core/zookeeper/files/snapshot";
import { TailWriter, type Tail } from "../../../../core/zookeeper/files/tail-writer";
import { txnOf } from "../../../../core/zookeeper/files/txn";
import { UNKNOWN_TO_34 } from "../../../../core/zookeeper/files/txn-types";
import { inChunks, recorded, type Version } from "./recorded";

const file = (name: string, bytes: Buffer) => ({ file: name, open: async () => inChunks(bytes, 4000) });

const summaryOf = async (version: Version, name: string) =>
  (await describeSnapshot(name, inChunks(recorded(version, name)))).summary;

/** What a recorded snapshot and a log come to. */
async function reckonFrom(version: Version, snapshot: string, log: Buffer) {
  const { znodes, digest, aclDigest } = await summaryOf(version, snapshot);
  const before = { znodes, digest, aclDigest };
  return reckon(file(snapshot, recorded(version, snapshot)), before, file("log", log));
}

/** The tail of a recorded log behind a recorded snapshot, as it is handed over. */
async function tailOf(
  version: Version,
  snapshot: string,
  log: string,
  unknown: ReadonlySet<number> = new Set(),
): Promise<{ bytes: Buffer; tail: Tail }> {
  const writer = new TailWriter(log, {
    after: BigInt(`0x${snapshot.split(".")[1]}`),
    sessions: await sessionsIn(snapshot, inChunks(recorded(version, snapshot))),
    unknown,
    now: 1_700_000_000_000,
  });
  for await (const _ of walkLog(unread(log), inChunks(recorded(version, log), 700), (payload) =>
    writer.add(payload),
  ));
  writer.finish();
  return { bytes: Buffer.concat(writer.take()), tail: writer.result() };
}

/** Exact states; the recorded 3.4.14 snapshot behind a log is fuzzy, and the journeys have that version. */
const RECORDED = [
  ["3.7.1", "snapshot.0", "log.1", "snapshot.39"],
  ["3.7.1", "snapshot.39", "log.3a", "snapshot.51"],
] as const;

test.each(RECORDED)("%s: %s and %s come to %s, digests and all", async (version, snapshot, log, next) => {
  const expected = await summaryOf(version, next);
  // Without what the snapshot holds already, as a server replays it.
  const zxid = BigInt(`0x${snapshot.split(".")[1]}`);
  const reckoned = await reckonFrom(version, snapshot, trimmed(recorded(version, log), zxid));
  expect(reckoned).toEqual({
    znodes: expected.znodes,
    digest: expected.digest,
    aclDigest: expected.aclDigest,
    lastZxid: BigInt(`0x${next.split(".")[1]}`),
  });
});

test.each(RECORDED)(
  "%s: %s and the tail of %s end every session of %s",
  async (version, snapshot, log, next) => {
    const last = await summaryOf(version, next);
    const { bytes, tail } = await tailOf(version, snapshot, log);
    expect(tail).toMatchObject({
      originZxid: BigInt(`0x${next.split(".")[1]}`),
      lastZxid: BigInt(`0x${next.split(".")[1]}`) + BigInt(tail.closedSessions),
      closedSessions: last.sessions,
    });
    const reckoned = await reckonFrom(version, snapshot, bytes);
    expect(reckoned).toMatchObject({ znodes: last.znodes - last.ephemerals.count, lastZxid: tail.lastZxid });
    expect(tail.closedSessions === 0).toBe(reckoned.digest === last.digest);
  },
);

test("in the terms of 3.4, nothing is left that it does not know, and the tree is the same but for its kinds", async () => {
  const { bytes, tail } = await tailOf("3.7.1", "snapshot.0", "log.1", UNKNOWN_TO_34);
  const types = new Set<number>();
  for await (const _ of walkLog(unread("tail"), inChunks(bytes), (payload) =>
    types.add(txnOf(payload).type),
  ));
  expect([...types].filter((type) => UNKNOWN_TO_34.has(type))).toEqual([]);
  expect(tail.created.container.count).toBeGreaterThan(0);
  expect(tail.created.ttl.count).toBeGreaterThan(0);
  const asIs = await tailOf("3.7.1", "snapshot.0", "log.1");
  const [older, newer] = await Promise.all(
    [bytes, asIs.bytes].map((log) => reckonFrom("3.7.1", "snapshot.0", log)),
  );
  expect({ ...older, digest: "" }).toEqual({ ...newer, digest: "" });
  expect(older?.digest).not.toBe(newer?.digest);
});

test("a log that does not go on from the snapshot is refused, with the path", async () => {
  const wrong = reckonFrom("3.7.1", "snapshot.51", recorded("3.7.1", "log.3a"));
  await expect(wrong).rejects.toThrow(BrokenFile);
  await expect(wrong).rejects.toThrow(/creates \/.*, which is there|a change of \/.*, which is not there/);
});

test("a log that is cut short is refused", async () => {
  const { bytes } = await tailOf("3.7.1", "snapshot.39", "log.3a");
  const cut = bytes.subarray(0, bytes.length - 3);
  await expect(reckonFrom("3.7.1", "snapshot.39", cut)).rejects.toThrow("part of a record");
});

/** The records later than `after`, behind the file's header. */
function trimmed(log: Buffer, after: bigint): Buffer {
  const parts = [log.subarray(0, 16)];
  for (let at = 16; at + 12 <= log.length;) {
    const size = 12 + log.readInt32BE(at + 8) + 1;
    if (size === 13) break;
    if (log.readBigInt64BE(at + 12 + 12) > after) parts.push(log.subarray(at, at + size));
    at += size;
  }
  return Buffer.concat(parts);
}
