/** ZooKeeper's files, damaged: a verdict that says what is broken, or BrokenFile, and never more memory than a chunk. */
import { judgeLog } from "../../../core/zookeeper/files/log";
import { describeSnapshot, refitSnapshot } from "../../../core/zookeeper/files/refit-snapshot";
import { judgeSnapshot } from "../../../core/zookeeper/files/snapshot";
import { inChunks, recorded } from "../zookeeper/files/recorded";
import { mangledBytes, survives } from "./fuzz";

const SNAPSHOTS = [
  recorded("3.4.14", "snapshot.3f"),
  recorded("3.7.1", "snapshot.39"),
  recorded("3.7.1", "snapshot.0"),
];
const LOGS = [recorded("3.4.14", "log.1"), recorded("3.4.14", "log.41"), recorded("3.7.1", "log.1")].map(
  withoutPadding,
);

test("snapshots are judged", () =>
  survives(mangledBytes(SNAPSHOTS), (bytes) => judgeSnapshot("snapshot.39", inChunks(bytes, 1000))));

test("snapshots are described", () =>
  survives(mangledBytes(SNAPSHOTS), (bytes) => describeSnapshot("snapshot.39", inChunks(bytes, 1000))));

test("snapshots are rewritten", () =>
  survives(mangledBytes(SNAPSHOTS), async (bytes) => {
    const fit = refitSnapshot("snapshot.39", inChunks(bytes, 1000), { zxid: 0x39n, format: "3.6+" });
    for await (const _ of fit.bytes);
  }));

test("logs are judged", () =>
  survives(mangledBytes(LOGS), (bytes) => judgeLog("log.1", inChunks(bytes, 1000))));

/** A server fills its log with zeros ahead of what it writes; a case need not read all of them. */
function withoutPadding(log: Buffer): Buffer {
  const end = log.findLastIndex((byte) => byte !== 0);
  return log.subarray(0, end + 200);
}
