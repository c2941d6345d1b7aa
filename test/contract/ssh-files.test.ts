/** Files of any size, there and back, byte for byte: against a real sshd. */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { CommandFailed, Refusal } from "../../core/engine/errors";
import { digest } from "./digest";
import { rejection } from "./rejection";
import { sshScene } from "./ssh-scene";

const scene = sshScene();
const { open, path } = scene;

describe("files", () => {
  test("what was written is what is read, with mode and owner", async () => {
    const content = randomBytes(100_000);
    const written = await scene.zk1.writeFile(path("a file"), content, {
      mode: "0640",
      owner: "nobody:nogroup",
    });
    expect(written).toEqual({ bytes: 100_000, sha256: createHash("sha256").update(content).digest("hex") });
    expect(await scene.zk1.readFile(path("a file"))).toEqual(content);
    const stat = statSync(path("a file"));
    expect(stat.mode & 0o7777).toBe(0o640);
    expect(stat.uid).toBe(65534);
  });

  test("works the same with sudo, for an empty file too", async () => {
    const access = await open({}, {}, true);
    await access.writeFile(path("empty"), "");
    expect(await access.readFile(path("empty"))).toEqual(Buffer.alloc(0));
    await access.writeFile(path("via sudo"), "ü\n");
    expect((await access.readFile(path("via sudo")))?.toString()).toBe("ü\n");
  });

  test("no file is undefined; a directory is an error", async () => {
    await expect(scene.zk1.readFile(path("missing"))).resolves.toBeUndefined();
    await expect(scene.zk1.readFile("/missing/dir/file")).resolves.toBeUndefined();
    await expect(rejection(scene.zk1.readFile("/etc"))).resolves.toBeInstanceOf(CommandFailed);
    await expect(rejection(scene.zk1.readStream(path("missing")))).resolves.toBeInstanceOf(CommandFailed);
  });

  test("refuses to read a file above 64 MiB whole", async () => {
    await scene.zk1.run(["truncate", "-s", "65M", path("large")]);
    await expect(rejection(scene.zk1.readFile(path("large")))).resolves.toBeInstanceOf(Refusal);
  });

  test("a link is followed, not replaced; a directory is left alone", async () => {
    writeFileSync(path("real"), "old");
    symlinkSync(path("real"), path("link"));
    await scene.zk1.writeFile(path("link"), "new");
    expect(readFileSync(path("real"), "utf8")).toBe("new");
    await expect(rejection(scene.zk1.writeFile("/etc", "x"))).resolves.toMatchObject({ code: 21 });
    await expect(rejection(scene.zk1.writeFile("relative", "x"))).resolves.toBeInstanceOf(Refusal);
  });

  test.each([
    ["a little data, from its start", 0, 100],
    ["a little data, from its end", 100, 100],
    ["data into the fifth MiB", 0, 4_500_000],
    ["data up to the last byte", 0, 16 << 20],
    ["less than is looked at", (16 << 20) - 5, 100],
  ])("padding is left out, and nothing else: %s", async (_, start, used) => {
    const content = Buffer.concat([randomBytes(used - 1), Buffer.from([1]), Buffer.alloc((16 << 20) - used)]);
    writeFileSync(path("padded"), content);
    const chunks: Buffer[] = [];
    for await (const chunk of await scene.zk1.readStream(path("padded"), { start, withoutPadding: true })) {
      chunks.push(chunk as Buffer);
    }
    const received = Buffer.concat(chunks);
    expect(received.equals(content.subarray(start, start + received.length))).toBe(true);
    const data = Math.max(0, used - start);
    expect(received.length).toBeGreaterThanOrEqual(data);
    expect(received.length - data).toBeLessThanOrEqual(64);
  });

  test("a preallocated log that grows while it is read comes as it was", async () => {
    const before = Buffer.concat([randomBytes(8_650_000), Buffer.from([1])]);
    const log = openSync(path("growing"), "w");
    writeSync(log, before);
    ftruncateSync(log, 64 << 20);
    const chunks: Buffer[] = [];
    for await (const chunk of await scene.zk1.readStream(path("growing"), { withoutPadding: true })) {
      // The pipe is full, most of the file not read yet.
      if (chunks.length === 0) writeSync(log, randomBytes(900_000), 0, 900_000, before.length + 1);
      chunks.push(chunk as Buffer);
    }
    closeSync(log);
    const received = Buffer.concat(chunks);
    expect(received.subarray(0, before.length).equals(before)).toBe(true);
    expect(received.length - before.length).toBeLessThanOrEqual(64);
  });

  test("streams of any size arrive whole, in both directions, from any offset", async () => {
    const block = randomBytes(1024 * 1024);
    const hash = createHash("sha256");
    async function* blocks() {
      for (let i = 0; i < 32; i++) {
        const chunk = block.subarray(0, block.length - i);
        hash.update(chunk);
        yield chunk;
      }
    }
    const written = await scene.zk1.writeStream(path("big"), blocks());
    expect(written.sha256).toBe(hash.digest("hex"));
    expect(written.bytes).toBe(statSync(path("big")).size);
    for (const start of [0, 1, 5_000_000, written.bytes, written.bytes + 1]) {
      const there = await digest(createReadStream(path("big"), { start }));
      expect(await digest(await scene.zk1.readStream(path("big"), { start }))).toBe(there);
    }
  });

  test("a reader that stops early leaves the connection usable", async () => {
    for await (const chunk of await scene.zk1.readStream(path("big"))) {
      expect((chunk as Buffer).length).toBeGreaterThan(0);
      break;
    }
    await expect(scene.zk1.run(["true"])).resolves.toMatchObject({ code: 0 });
  });

  test("content that fails on the way leaves nothing behind", async () => {
    async function* broken() {
      yield Buffer.alloc(3_000_000);
      throw new Error("the source broke");
    }
    await expect(rejection(scene.zk1.writeStream(path("never"), broken()))).resolves.toMatchObject({
      message: "the source broke",
    });
    await scene.zk1.script("while ls -A $1 | grep -q pulumi; do sleep 0.01; done", [scene.sshd.directory]);
    expect(existsSync(path("never"))).toBe(false);
  });

  test("a full disk is an error of the host's, and the old file stays", async () => {
    const error = await rejection(scene.zk1.writeFile("/proc/nothing/here", "x"));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error.message).toContain("zk1: ");
  });
});
