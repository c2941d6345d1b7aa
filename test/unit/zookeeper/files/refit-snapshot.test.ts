import { refitSnapshot, describeSnapshot } from "../../../../core/zookeeper/files/refit-snapshot";
import { compareSummaries } from "../../../../core/zookeeper/files/compare-summaries";
import { dumpSnapshot, type DumpedZnode } from "../../../../core/zookeeper/files/dump";
import { BrokenFile } from "../../../../core/zookeeper/files/broken-file";
import { sessionsIn } from "../../../../core/zookeeper/files/snapshot";
import { collect, inChunks, recorded } from "./recorded";

async function dump(bytes: Buffer): Promise<DumpedZnode[]> {
  const nodes: DumpedZnode[] = [];
  for await (const node of dumpSnapshot("s", inChunks(bytes))) nodes.push(node);
  return nodes;
}

describe.each(["3.4", "3.6+"] as const)("a snapshot refitted for %s", (format) => {
  it.each([500, 65536])("holds every znode and session, unchanged (chunks of %d)", async (size) => {
    const bytes = recorded("3.7.1", "snapshot.51");
    const refit = refitSnapshot("s", inChunks(bytes, size), { zxid: 0x51n, format });
    const written = await collect(refit.bytes);
    const result = refit.result();

    expect(await dump(written)).toEqual(await dump(bytes));
    const { summary, seal } = await describeSnapshot("refit", inChunks(written));
    expect(summary).toEqual(result.written);
    expect(seal.format).toBe(format);
    expect(seal.treeDigest?.digest.toString()).toBe(format === "3.4" ? undefined : summary.digest);
    expect(seal.treeDigest?.zxid).toBe(format === "3.4" ? undefined : 0x51n);
    expect(result).toMatchObject({
      bytes: written.length,
      written: { sessions: 1, ephemerals: { count: 5 } },
    });
    expect(await sessionsIn("refit", inChunks(written, size))).toEqual(
      await sessionsIn("s", inChunks(bytes)),
    );
    // Logged by a 3.7.1 that loaded this very snapshot.
    expect(summary.digest).toBe("144500511864");
  });
});

it("of a 3.4.14 snapshot, refitted twice, is the same", async () => {
  const once = refitSnapshot("s", inChunks(recorded("3.4.14", "snapshot.4a")), { zxid: 1n, format: "3.4" });
  const first = await collect(once.bytes);
  const twice = refitSnapshot("s", inChunks(first), { zxid: 1n, format: "3.4" });
  expect((await collect(twice.bytes)).equals(first)).toBe(true);
});

it("is never sealed when the input was cut short", async () => {
  const bytes = recorded("3.7.1", "snapshot.51");
  const refit = refitSnapshot("s", inChunks(bytes.subarray(0, bytes.length - 1)), {
    zxid: 1n,
    format: "3.6+",
  });
  await expect(collect(refit.bytes)).rejects.toThrow(BrokenFile);
  expect(() => refit.result()).toThrow("not read to its end");
});

it("compares trees field by field", async () => {
  const one = (await describeSnapshot("a", inChunks(recorded("3.7.1", "snapshot.39")))).summary;
  const two = (await describeSnapshot("b", inChunks(recorded("3.7.1", "snapshot.51")))).summary;
  expect(compareSummaries(one, one)).toEqual([]);
  expect(compareSummaries(one, two)).toContainEqual({ what: "znodes", left: "51", right: "70" });
  expect(compareSummaries(one, { ...one, aclDigest: "1" }).map(({ what }) => what)).toEqual(["aclDigest"]);
  expect(compareSummaries(one, { ...one, znodes: 1 }, { likeServers: true })).toEqual([]);
});
