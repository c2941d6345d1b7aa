import { BrokenFile } from "../../../../core/zookeeper/files/broken-file";
import type { LogFacts } from "../../../../core/zookeeper/files/chain-logs";
import { describeSnapshot } from "../../../../core/zookeeper/files/refit-snapshot";
import { chooseSet, type FileSet, type SnapshotFacts } from "../../../../core/zookeeper/files/choose-set";
import { parseFileName } from "../../../../core/zookeeper/files/file-name";
import { judgeLog } from "../../../../core/zookeeper/files/log";
import { inChunks, logOf, recorded, type Version } from "./recorded";

const whole = (zxid: bigint, maxZxid = zxid): SnapshotFacts => ({
  name: `snapshot.${zxid.toString(16)}`,
  bytes: 100,
  whole: true,
  maxZxid,
});
const broken = (name: string): SnapshotFacts => ({
  name,
  bytes: 9,
  whole: false,
  broken: new BrokenFile(name, "truncated", 9, "the end of the file", "more"),
});

async function log(bytes: Buffer, name?: string): Promise<LogFacts> {
  const verdict = await judgeLog("log", inChunks(bytes));
  return { name: name ?? `log.${verdict.firstZxid!.toString(16)}`, verdict };
}

const range = (from: bigint, to: bigint): Buffer =>
  logOf(...Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i)));

function choose(snapshots: SnapshotFacts[], logs: LogFacts[], atLeast?: bigint): FileSet | string {
  const chosen = chooseSet({ where: "zk1", snapshots, logs }, atLeast);
  if (chosen.ok) return chosen.set;
  return chosen.complaints.map((complaint) => `${complaint.where}: ${complaint.found}`).join("\n");
}
const names = (set: FileSet | string) => (typeof set === "string" ? set : set.logs.map(({ name }) => name));

it.each([
  [
    "3.4.14",
    ["snapshot.3f", "snapshot.4a"],
    ["log.1", "log.36", "log.41", "log.4c"],
    ["log.41", "log.4c"],
    0x4dn,
  ],
  ["3.7.1", ["snapshot.0", "snapshot.39", "snapshot.51"], ["log.1", "log.3a"], ["log.3a"], 0x51n],
] as const)(
  "takes what belongs together from a real %s folder",
  async (version: Version, snaps, logNames, expected, last) => {
    const snapshots: SnapshotFacts[] = [];
    for (const name of snaps) {
      const bytes = recorded(version, name);
      const { summary } = await describeSnapshot(name, inChunks(bytes));
      snapshots.push({ name, bytes: bytes.length, whole: true, maxZxid: summary.maxZxid });
    }
    const logs = await Promise.all(logNames.map((name) => log(recorded(version, name), name)));
    const set = choose(snapshots, logs, last);
    expect(names(set)).toEqual(expected);
    expect(set).toMatchObject({
      lastZxid: last,
      trustEmpty: false,
      snapshot: { name: snaps[snaps.length - 1] },
    });
    // The first snapshots of both, broken ones above them, need every log.
    const older = [whole(0n), ...snaps.slice(1).map(broken)];
    const all = choose(older, logs, last);
    expect(version === "3.7.1" ? names(all) : "same rule").toEqual(
      version === "3.7.1" ? ["log.1", "log.3a"] : "same rule",
    );
  },
);

describe("with a chain of three logs", () => {
  const first = range(1n, 10n);
  const second = range(11n, 20n);
  const third = range(21n, 30n);

  it("starts at the largest log named at or below the snapshot's zxid + 1", async () => {
    const logs = [await log(third), await log(first), await log(second)];
    expect(names(choose([whole(9n)], logs))).toEqual(["log.1", "log.b", "log.15"]);
    expect(names(choose([whole(10n)], logs))).toEqual(["log.b", "log.15"]);
    expect(names(choose([whole(12n)], logs))).toEqual(["log.b", "log.15"]);
  });

  it("refuses a middle log that is missing, cut short, empty or corrupt", async () => {
    const corrupt = Buffer.from(second);
    corrupt[100] = corrupt[100]! ^ 1;
    const [a, c] = [await log(first), await log(third)];
    expect(choose([whole(5n)], [a, c])).toContain("0x15 as the next transaction after 0xa");
    expect(choose([whole(5n)], [a, await log(second.subarray(0, 200)), c])).toContain("torn or empty");
    expect(choose([whole(5n)], [a, await log(Buffer.alloc(0), "log.b"), c])).toContain("torn or empty");
    expect(choose([whole(5n)], [a, await log(corrupt, "log.b"), c])).toContain("bad-checksum");
  });

  it("does not care about breaks below the snapshot", async () => {
    const gap = await log(logOf(1n, 2n, 8n, 9n, 10n));
    expect(names(choose([whole(8n)], [gap, await log(second)]))).toEqual(["log.1", "log.b"]);
    expect(choose([whole(6n)], [gap, await log(second)])).toContain("0x8 behind 0x2");
  });

  it("allows a torn end in the newest log only, and says what was dropped", async () => {
    const torn = await log(third.subarray(0, third.length - 5));
    const set = choose([whole(10n)], [await log(second), torn]);
    expect(set).toMatchObject({
      lastZxid: 29n,
      torn: { name: "log.15", lastGoodZxid: 29n, droppedBytes: 44 },
    });
    const empty = await log(Buffer.alloc(0), "log.1e");
    expect(choose([whole(10n)], [await log(second), torn, empty])).toMatchObject({
      torn: { name: "log.15" },
      logs: [{ name: "log.b" }, { name: "log.15" }],
    });
    expect(choose([whole(10n)], [await log(second), torn], 30n)).toContain("transactions up to 0x1d");
  });

  it("lets a torn middle pass where the next log goes on with the very next zxid", async () => {
    const torn = await log(range(11n, 21n).subarray(0, -5));
    expect(names(choose([whole(10n)], [torn, await log(third)]))).toEqual(["log.b", "log.15"]);
    const epoch = await log(logOf(0x2_0000_0001n));
    expect(choose([whole(10n)], [torn, epoch])).toContain("torn or empty");
  });

  it("refuses logs that end before what a fuzzy snapshot has seen", async () => {
    expect(choose([whole(15n, 21n)], [await log(second)])).toContain("a tree with changes up to 0x15");
    expect(names(choose([whole(15n, 21n)], [await log(second), await log(third)]))).toHaveLength(2);
  });

  it("falls back on an older snapshot, and says so", async () => {
    const logs = [await log(first), await log(second), await log(third)];
    const set = choose([whole(5n), broken("snapshot.19")], logs);
    expect(names(set)).toHaveLength(3);
    expect(set).toMatchObject({
      snapshot: { zxid: 5n },
      notes: [expect.stringContaining("passed over snapshot.19")],
    });
    expect(choose([whole(5n), broken("snapshot.19")], logs.slice(1))).toContain("0xb as the next");
  });
});

describe("epochs", () => {
  it("may change between logs, which is told", async () => {
    const set = choose(
      [whole(5n)],
      [await log(range(1n, 10n)), await log(range(0x2_0000_0001n, 0x2_0000_0003n))],
    );
    expect(set).toMatchObject({
      lastZxid: 0x2_0000_0003n,
      notes: [expect.stringContaining("begins a new epoch")],
    });
    expect(choose([whole(5n)], [await log(range(1n, 10n)), await log(logOf(0x2_0000_0002n))])).toContain(
      "0x200000002",
    );
  });

  it("may begin right after a snapshot that was handed over without logs", async () => {
    const set = choose([whole(0x1_0000_0050n)], [await log(range(0x2_0000_0001n, 0x2_0000_0003n))]);
    expect(names(set)).toEqual(["log.200000001"]);
    expect(choose([whole(0x1_0000_0050n)], [])).toMatchObject({ lastZxid: 0x1_0000_0050n, logs: [] });
  });

  it("do not excuse a log that ends before the snapshot", async () => {
    expect(choose([whole(0x1_0000_0050n)], [await log(range(0x1_0000_0001n, 0x1_0000_0010n))])).toContain(
      "before the",
    );
    expect(choose([whole(0x2_0000_0000n)], [await log(range(0x1_0000_0001n, 0x1_0000_0010n))])).toMatchObject(
      {
        lastZxid: 0x2_0000_0000n,
      },
    );
  });
});

it("goes without a snapshot only from the first transaction there ever was", async () => {
  const young = choose([], [await log(range(0x1_0000_0001n, 0x1_0000_0005n))]);
  expect(young).toMatchObject({ trustEmpty: true, snapshot: undefined, lastZxid: 0x1_0000_0005n });
  expect(choose([], [await log(range(1n, 3n))])).toMatchObject({ trustEmpty: true });
  expect(choose([], [await log(range(2n, 5n))])).toContain("no whole snapshot");
  expect(choose([], [])).toContain("neither snapshot nor log");
});

it("takes a name for what it is, strictly", () => {
  expect(parseFileName("snapshot.1a.gz")).toMatchObject({ kind: "snapshot", zxid: 0x1an, compression: "gz" });
  expect(parseFileName("log.100000001")).toMatchObject({ kind: "log", zxid: 0x1_0000_0001n });
  for (const name of [
    "snapshot.1.bak",
    "snapshot.",
    ".snapshot.1",
    "log.1.gz",
    "Log.1",
    "snapshot.1A",
    "log.1\n",
  ]) {
    expect(parseFileName(name)).toBeUndefined();
  }
  expect(choose([whole(1n), whole(1n)], [])).toContain("two files by that name");
});
