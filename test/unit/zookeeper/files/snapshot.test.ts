import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Refusal } from "../../../../core/engine/errors";
import { adler32 } from "../../../../core/zookeeper/files/adler32";
import { describeSnapshot } from "../../../../core/zookeeper/files/refit-snapshot";
import { dumpSnapshot, type DumpedZnode } from "../../../../core/zookeeper/files/dump";
import { judgeSnapshot } from "../../../../core/zookeeper/files/snapshot";
import { kindOf } from "../../../../core/zookeeper/files/znode";
import { inChunks, recorded, slowAdler32 } from "./recorded";

const judge = (bytes: Buffer, size?: number) => judgeSnapshot("host:snapshot.1", inChunks(bytes, size));

describe("digest", () => {
  it.each([
    ["snapshot.0", "1371985504"],
    ["snapshot.39", "108676597292"],
    ["snapshot.51", "144500511864"],
  ])("of %s is what 3.7.1 logged when it loaded that tree", async (name, digest) => {
    const { summary, seal } = await describeSnapshot(name, inChunks(recorded("3.7.1", name)));
    expect(summary.digest).toBe(digest);
    if (seal.treeDigest?.zxid) expect(seal.treeDigest.digest.toString()).toBe(digest);
  });
});

describe("a snapshot of each version", () => {
  it("is summed up: 3.7.1", async () => {
    const { summary, seal } = await describeSnapshot("s", inChunks(recorded("3.7.1", "snapshot.51"), 1000));
    expect(seal).toMatchObject({ format: "3.6+", bytes: 207017 });
    expect(summary).toMatchObject({
      znodes: 70,
      sessions: 1,
      maxZxid: 0x50n,
      largest: { path: "/app/big", bytes: 200000 },
      containers: { count: 1, paths: ["/app/container"] },
      ttls: { count: 1, paths: ["/app/ttl"] },
      missingAcls: { count: 0 },
    });
    expect(summary.ephemerals.count).toBe(5);
  });

  it("is summed up: 3.4.14, fuzzy", async () => {
    const { summary, seal } = await describeSnapshot("s", inChunks(recorded("3.4.14", "snapshot.4a")));
    expect(seal.format).toBe("3.4");
    expect(summary).toMatchObject({ znodes: 66, sessions: 2, maxZxid: 0x4bn });
  });

  it("is dumped with data, ACL and stat", async () => {
    const nodes = new Map<string, DumpedZnode>();
    const dump = dumpSnapshot("s", inChunks(recorded("3.7.1", "snapshot.51"), 777));
    for await (const node of dump) nodes.set(node.path, node);
    expect(nodes.size).toBe(70);
    expect(nodes.get("/app/null")).toMatchObject({
      dataSha256: null,
      acl: [{ perms: 1, scheme: "world", id: "anyone" }],
    });
    expect(nodes.get("/app/überräschung-数据")).toMatchObject({ dataBytes: 6, kind: "persistent" });
    expect(nodes.get("/app/acl")?.acl?.map((acl) => acl.scheme)).toEqual(["world", "digest", "ip"]);
    expect(nodes.get("/app/live/e0")?.kind).toBe("ephemeral");
    expect(nodes.get("/app")?.stat).toMatchObject({ version: 5 });
  });

  it("reads the same in chunks of any size", async () => {
    const bytes = recorded("3.7.1", "snapshot.39");
    const whole = await describeSnapshot("s", inChunks(bytes));
    for (const size of [97, 4096, bytes.length]) {
      expect(await describeSnapshot("s", inChunks(bytes, size))).toEqual(whole);
    }
    const small = recorded("3.7.1", "snapshot.0");
    expect(await describeSnapshot("s", inChunks(small, 1))).toEqual(
      await describeSnapshot("s", inChunks(small)),
    );
  });

  it("reads the same packed with gzip, and says when that is cut short or damaged", async () => {
    const bytes = recorded("3.7.1", "snapshot.0");
    const packed = gzipSync(bytes);
    expect(await judgeSnapshot("s.gz", inChunks(packed))).toEqual(await judge(bytes));
    const cut = await judgeSnapshot("s.gz", inChunks(packed.subarray(0, packed.length - 12)));
    expect(cut).toMatchObject({ complete: false, broken: { kind: "truncated" } });
    const wrong = await judgeSnapshot("s.gz", inChunks(Buffer.from("not gzip at all")));
    expect(wrong).toMatchObject({ complete: false, broken: { kind: "bad-compression" } });
  });

  it("is refused when packed with snappy", async () => {
    await expect(judgeSnapshot("s.snappy", inChunks(Buffer.alloc(3)))).rejects.toThrow(Refusal);
  });
});

describe("damage", () => {
  it("is found at every length but the whole and the one that 3.4 would have written", async () => {
    const bytes = recorded("3.7.1", "snapshot.0");
    for (let length = 0; length < bytes.length; length++) {
      const verdict = await judge(bytes.subarray(0, length));
      if (length === bytes.length - 33) expect(verdict).toMatchObject({ seal: { format: "3.4" } });
      else expect(verdict).toMatchObject({ complete: false, broken: { kind: "truncated", offset: length } });
    }
  });

  it("is found at every flipped byte", async () => {
    const bytes = recorded("3.7.1", "snapshot.0");
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = flipped[at]! ^ 0x41;
      expect({ at, complete: (await judge(flipped)).complete }).toEqual({ at, complete: false });
    }
  });

  it("never makes the reader throw anything else, or allocate what it was told to", async () => {
    const bytes = recorded("3.4.14", "snapshot.3f").subarray(0, 4000);
    const damage = fc.array(fc.tuple(fc.nat(3999), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(damage, async (bytesToSet) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of bytesToSet) damaged[at] = value;
        expect((await judge(damaged, 512)).complete).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("names a foreign file and a length beyond reason", async () => {
    expect(await judge(recorded("3.7.1", "log.3a"))).toMatchObject({
      broken: { kind: "bad-magic", offset: 0 },
    });
    const bytes = Buffer.from(recorded("3.7.1", "snapshot.0"));
    bytes.writeInt32BE(0x7fff_ffff, 40);
    expect(await judge(bytes)).toMatchObject({ broken: { kind: "bad-structure", offset: 40 } });
  });
});

it("sums Adler-32 as defined, in pieces too", () => {
  const bytes = fc.uint8Array({ maxLength: 9000 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(bytes, fc.nat(), (buffer, cut) => {
      const middle = buffer.length === 0 ? 0 : cut % buffer.length;
      const first = adler32(1, buffer, 0, middle);
      expect(adler32(first, buffer, middle, buffer.length)).toBe(slowAdler32(buffer));
    }),
    { numRuns: 50 },
  );
  const worst = Buffer.alloc(100_000, 0xff);
  expect(adler32(1, worst, 0, worst.length)).toBe(slowAdler32(worst));
});

it.each([
  ["persistent", 0n],
  ["ephemeral", 0x100002a2ef30000n],
  ["ephemeral", 0x800002a2ef30000n << 4n],
  ["ephemeral", 0xff0102a2ef300000n],
  ["container", 0x8000000000000000n],
  ["ttl", 0xff00000000000001n],
  ["ttl353", 0x80000000000003e8n],
] as const)("takes for %s what owner %s says", (kind, owner) => {
  const signed = BigInt.asIntN(64, owner);
  expect(kindOf(Number(signed >> 32n), Number(BigInt.asIntN(32, signed)))).toBe(kind);
});
