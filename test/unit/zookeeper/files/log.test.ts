import fc from "fast-check";
import { continueLog, judgeLog } from "../../../../core/zookeeper/files/log";
import { txnName, UNKNOWN_TO_34 } from "../../../../core/zookeeper/files/txn-types";
import { inChunks, logOf, recorded } from "./recorded";

const judge = (bytes: Buffer, size?: number) => judgeLog("host:log.1", inChunks(bytes, size));

describe("a log of each version", () => {
  it.each([
    ["3.4.14", "log.1", 0x1n, 0x35n, 53, []],
    ["3.4.14", "log.4c", 0x4cn, 0x4dn, 2, []],
    ["3.7.1", "log.1", 0x1n, 0x39n, 57, ["create2", "createContainer", "createTTL"]],
    ["3.7.1", "log.3a", 0x3an, 0x51n, 24, []],
  ] as const)("%s %s ends clean", async (version, name, firstZxid, lastZxid, records, unreadable) => {
    for (const size of [1 << 16, 333]) {
      const verdict = await judge(recorded(version, name), size);
      expect(verdict).toMatchObject({ firstZxid, lastZxid, records, end: { kind: "clean" }, steps: [] });
      expect(verdict.types.filter((type) => UNKNOWN_TO_34.has(type)).map(txnName)).toEqual(unreadable);
    }
  });

  it("goes on from an earlier verdict with the tail alone", async () => {
    const bytes = recorded("3.7.1", "log.3a");
    const whole = await judge(bytes);
    for (const cut of [0, 10, 16, 500, 1234, 2452, 9000]) {
      const earlier = await judge(bytes.subarray(0, cut));
      expect(await continueLog(earlier, inChunks(bytes.subarray(earlier.usedBytes), 700))).toEqual(whole);
    }
  });
});

describe("damage", () => {
  const full = recorded("3.4.14", "log.41");
  const used = 1058;
  const bytes = full.subarray(0, used);

  it("is a torn or clean end wherever the file is cut, with nothing good lost", async () => {
    for (let length = 0; length <= used; length++) {
      const verdict = await judge(bytes.subarray(0, length));
      const { kind } = verdict.end;
      if (length < 16) expect(kind).toBe("no-header");
      // The first bytes of a checksum are zeros, as padding is.
      else
        expect(kind).toBe(
          bytes.subarray(verdict.usedBytes, length).every((byte) => byte === 0) ? "clean" : "torn",
        );
      if (verdict.end.kind === "torn") expect(verdict.end).toMatchObject({ offset: verdict.usedBytes });
      if (verdict.records > 0) expect(verdict.lastZxid).toBe(0x40n + BigInt(verdict.records));
    }
  });

  it("is torn as well where zeros follow the cut", async () => {
    const cut = Buffer.concat([bytes.subarray(0, used - 20), Buffer.alloc(9000)]);
    const verdict = await judge(cut, 300);
    expect(verdict).toMatchObject({ records: 10, lastZxid: 0x4an, end: { kind: "torn" } });
  });

  it("in any byte before the last record is corruption, not an end", async () => {
    const lastStart = (await judge(bytes.subarray(0, used - 1))).usedBytes;
    for (let at = 16; at < lastStart; at++) {
      const flipped = Buffer.from(full);
      flipped[at] = flipped[at]! ^ 0x10;
      expect({ at, end: (await judge(flipped)).end.kind }).toEqual({ at, end: "corrupt" });
    }
  });

  it("in any byte of the last record is never passed as clean", async () => {
    const lastStart = (await judge(bytes.subarray(0, used - 1))).usedBytes;
    for (let at = lastStart; at < used; at++) {
      const flipped = Buffer.from(full);
      flipped[at] = flipped[at]! ^ 0x10;
      const verdict = await judge(flipped);
      expect({ at, records: verdict.records, clean: verdict.end.kind === "clean" }).toEqual({
        at,
        records: 10,
        clean: false,
      });
    }
  });

  it("behind the padding is corruption", async () => {
    const late = Buffer.concat([full, Buffer.from("x")]);
    expect(await judge(late, 1000)).toMatchObject({ records: 11, end: { kind: "corrupt" } });
  });

  it("of any kind gives a verdict", async () => {
    const damage = fc.array(fc.tuple(fc.nat(used - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(used), async (bytesToSet, length) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of bytesToSet) damaged[at] = value;
        const verdict = await judge(damaged.subarray(0, length), 100);
        expect(verdict.usedBytes).toBeLessThanOrEqual(length);
      }),
      { numRuns: 300 },
    );
  });

  it("says so of a file that is no log", async () => {
    const verdict = await judge(recorded("3.7.1", "snapshot.0"));
    expect(verdict.end).toMatchObject({ kind: "corrupt", broken: { kind: "bad-magic" } });
  });
});

it("tells gaps, repeats and new epochs", async () => {
  const verdict = await judge(logOf(1n, 2n, 5n, 5n, 0x1_0000_0001n, 0x3_0000_0001n, 0x4_0000_0002n));
  expect(verdict.steps.map(({ kind, found }) => [kind, found])).toEqual([
    ["gap", 5n],
    ["backwards", 5n],
    ["new-epoch", 0x1_0000_0001n],
    ["new-epoch", 0x3_0000_0001n],
    ["gap", 0x4_0000_0002n],
  ]);
});
