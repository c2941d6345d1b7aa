/**
 * The SSH transport against a real sshd: what arrives, what is refused, and what is left when a host dies.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  createReadStream,
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { CommandFailed, HostUnreachable, Refusal } from "../../core/engine/errors";
import { DialFailed, type Connection, type HostAccess } from "../../core/transports/contract";
import { openHost, type OpenHostOptions } from "../../core/transports/ssh";
import { fingerprint, parseHostKey } from "../../core/transports/ssh/host-key";
import { freePort, makeKey, publicKey, startSshd, type Sshd } from "./sshd";

let sshd: Sshd;
let zk1: HostAccess;
const opened: HostAccess[] = [];

beforeAll(async () => {
  sshd = await startSshd();
  zk1 = await open();
});

afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()));
  await sshd.stop();
});

async function open(
  change: Partial<Connection> = {},
  options: OpenHostOptions = {},
  sudo = false,
): Promise<HostAccess> {
  const access = await openHost("zk1", { connection: { ...sshd.connection, ...change }, sudo }, options);
  opened.push(access);
  return access;
}

const path = (name: string) => join(sshd.directory, name);

async function rejection(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error("it did not reject")),
    (error: Error) => error,
  );
}

describe("run", () => {
  const marker = () => path("pwned");
  const awkward = () => [
    "",
    " ",
    "two words",
    "it's",
    '"double"',
    "a\nb\n",
    "\ttab",
    "ünïcödé 電話 🦓",
    `$(touch ${marker()})`,
    `\`touch ${marker()}\``,
    `; touch ${marker()}`,
    "$HOME",
    "*",
    "~",
    "\\",
    "\\'",
    "-n",
    "!!",
    "&|<>(){}[]#",
    "\u0001\u007f",
  ];

  test.each([false, true])("hands every argument over as it is (sudo: %s)", async (sudo) => {
    const access = await open({}, {}, sudo);
    const { stdout } = await access.run(["printf", "%s\\0", ...awkward()]);
    expect(stdout.split("\0").slice(0, -1)).toEqual(awkward());
    const script = await access.script('printf "%s\\0" "$@"', awkward());
    expect(script.stdout.split("\0").slice(0, -1)).toEqual(awkward());
    expect(existsSync(marker())).toBe(false);
  });

  test("with sudo the program runs below sudo", async () => {
    const access = await open({}, {}, true);
    expect((await access.script('printf %s "$SUDO_COMMAND"')).stdout).toContain("sh -c");
  });

  test("an exit code that was not accepted names host, command, code and what was said", async () => {
    const error = await rejection(zk1.script("echo out; echo oops >&2; exit 3"));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error).toMatchObject({ host: "zk1", code: 3 });
    expect(error.message).toMatch(/^zk1: sh -c .* ended with exit code 3: oops$/);
  });

  test("accepted codes are results; a signal is 128 + its number", async () => {
    await expect(zk1.script("exit 4", [], { accept: [0, 4] })).resolves.toMatchObject({ code: 4 });
    await expect(zk1.script("kill -9 $$", [], { accept: "any" })).resolves.toMatchObject({ code: 137 });
    await expect(rejection(zk1.run(["no-such-program"]))).resolves.toMatchObject({ code: 127 });
  });

  test("standard input reaches the program, closed when there is none", async () => {
    const bytes = "secret $(x)\n'";
    await expect(zk1.run(["cat"], { stdin: bytes })).resolves.toMatchObject({ stdout: bytes });
    await expect(zk1.run(["cat"])).resolves.toMatchObject({ stdout: "" });
  });

  test("what is piped in shows in no error", async () => {
    const error = await rejection(zk1.script("cat > /dev/null; exit 1", [], { stdin: "hunter2" }));
    expect(error.message).not.toContain("hunter2");
  });

  test("a command beyond its time is given up, and said to be perhaps still running", async () => {
    const pidFile = path("sleeper");
    const began = performance.now();
    const error = await rejection(zk1.script(`echo $$ > ${pidFile}; exec sleep 60`, [], { timeoutMs: 300 }));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(
      /^zk1: .* did not end within 300 ms and was given up. It may still run there/,
    );
    expect(performance.now() - began).toBeLessThan(2000);
    await zk1.script('kill "$1"', [readFileSync(pidFile, "utf8").trim()], { accept: [0, 1] });
  });

  test("thirty at once share one connection, eight at a time", async () => {
    const results = await Promise.all(Array.from({ length: 30 }, (_, i) => zk1.run(["echo", String(i)])));
    expect(results.map((each) => each.stdout.trim())).toEqual(results.map((_, i) => String(i)));
  });

  test("a place that nobody gives back does not block for ever", async () => {
    const access = await open();
    const held = await Promise.all(
      Array.from({ length: 8 }, () => access.hold(["sh", "-c", "echo on; cat"])),
    );
    const error = await rejection(access.run(["true"], { timeoutMs: 100 }));
    expect(error.message).toMatch(/no free channel for `true` within 100 ms/);
    await held[0]?.release();
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
    await Promise.all(held.map((each) => each.release()));
  });
});

describe("who answers, and who asks", () => {
  test("no host key is refused before anything is dialled, with the line that fetches it", async () => {
    const error = await rejection(open({ hostKey: undefined }));
    expect(error).toBeInstanceOf(Refusal);
    expect(error.message).toContain("hosts.zk1.connection.hostKey: found nothing");
    expect(error.message).toContain(`ssh-keyscan -t ed25519 -p ${sshd.port} 127.0.0.1`);
  });

  test("every bad argument is named at once, jump hosts too", async () => {
    const proxy = { host: "10.0.0.1", hostKey: "nonsense", privateKey: "not a key" };
    const error = await rejection(open({ hostKey: undefined, proxy }));
    expect((error as Refusal).complaints.map((each) => each.where)).toEqual([
      "hosts.zk1.connection.hostKey",
      "hosts.zk1.connection.proxy.hostKey",
      "hosts.zk1.connection.proxy.privateKey",
    ]);
    expect(error.message).not.toContain("not a key:");
  });

  test("a wrong host key is refused with both fingerprints", async () => {
    makeKey(path("other-host"));
    const wrong = publicKey(path("other-host.pub"));
    const right = sshd.connection.hostKey ?? "";
    const access = await open({ hostKey: wrong, dialErrorLimit: 10 });
    const error = await rejection(access.run(["true"]));
    expect(error).toBeInstanceOf(Refusal);
    for (const key of [wrong, right]) {
      expect(error.message).toContain(fingerprint(parseHostKey(key)?.blob ?? Buffer.alloc(0)));
    }
  });

  test("any host key goes with insecureIgnoreHostKey", async () => {
    const access = await open({ hostKey: undefined, insecureIgnoreHostKey: true });
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
  });

  test("a key that the host does not know is an answer, not tried again, and shows in no message", async () => {
    makeKey(path("stranger"));
    const privateKey = readFileSync(path("stranger"), "utf8");
    const access = await open({ privateKey, dialErrorLimit: 10 });
    const began = performance.now();
    const error = await rejection(access.run(["true"]));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^zk1: 127.0.0.1:\d+ does not let root in \(tried publickey\)/);
    expect(error.message).not.toContain("PRIVATE KEY");
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test("a key with a passphrase opens with it, and is refused without", async () => {
    makeKey(path("locked"), "correct horse");
    const locked = { privateKey: readFileSync(path("locked"), "utf8") };
    const error = await rejection(open(locked));
    expect(error.message).toContain("hosts.zk1.connection.privateKey");
    writeFileSync(path("user.pub"), `${publicKey(path("user.pub"))}\n${publicKey(path("locked.pub"))}\n`);
    const access = await open({ ...locked, privateKeyPassword: "correct horse" });
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
  });

  test("nobody at the port: as many tries as allowed, then host and address", async () => {
    const port = await freePort();
    const access = await open({ port, dialErrorLimit: 2 });
    const error = await rejection(access.run(["true"]));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(
      new RegExp(`^zk1: no SSH connection to 127.0.0.1:${port} after 2 tries: .*REFUSED`),
    );
  });

  test("through a jump host", async () => {
    const access = await open({ proxy: sshd.connection });
    await expect(access.run(["echo", "through"])).resolves.toMatchObject({ stdout: "through\n" });
  });
});

describe("files", () => {
  test("what was written is what is read, with mode and owner", async () => {
    const content = randomBytes(100_000);
    const written = await zk1.writeFile(path("a file"), content, { mode: "0640", owner: "nobody:nogroup" });
    expect(written).toEqual({ bytes: 100_000, sha256: createHash("sha256").update(content).digest("hex") });
    expect(await zk1.readFile(path("a file"))).toEqual(content);
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
    await expect(zk1.readFile(path("missing"))).resolves.toBeUndefined();
    await expect(zk1.readFile("/missing/dir/file")).resolves.toBeUndefined();
    await expect(rejection(zk1.readFile("/etc"))).resolves.toBeInstanceOf(CommandFailed);
    await expect(rejection(zk1.readStream(path("missing")))).resolves.toBeInstanceOf(CommandFailed);
  });

  test("refuses to read a file above 64 MiB whole", async () => {
    await zk1.run(["truncate", "-s", "65M", path("large")]);
    await expect(rejection(zk1.readFile(path("large")))).resolves.toBeInstanceOf(Refusal);
  });

  test("a link is followed, not replaced; a directory is left alone", async () => {
    writeFileSync(path("real"), "old");
    symlinkSync(path("real"), path("link"));
    await zk1.writeFile(path("link"), "new");
    expect(readFileSync(path("real"), "utf8")).toBe("new");
    await expect(rejection(zk1.writeFile("/etc", "x"))).resolves.toMatchObject({ code: 21 });
    await expect(rejection(zk1.writeFile("relative", "x"))).resolves.toBeInstanceOf(Refusal);
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
    const written = await zk1.writeStream(path("big"), blocks());
    expect(written.sha256).toBe(hash.digest("hex"));
    expect(written.bytes).toBe(statSync(path("big")).size);
    for (const start of [0, 1, 5_000_000, written.bytes, written.bytes + 1]) {
      const there = await digest(createReadStream(path("big"), { start }));
      expect(await digest(await zk1.readStream(path("big"), { start }))).toBe(there);
    }
  });

  test("a reader that stops early leaves the connection usable", async () => {
    for await (const chunk of await zk1.readStream(path("big"))) {
      expect((chunk as Buffer).length).toBeGreaterThan(0);
      break;
    }
    await expect(zk1.run(["true"])).resolves.toMatchObject({ code: 0 });
  });

  test("content that fails on the way leaves nothing behind", async () => {
    async function* broken() {
      yield Buffer.alloc(3_000_000);
      throw new Error("the source broke");
    }
    await expect(rejection(zk1.writeStream(path("never"), broken()))).resolves.toMatchObject({
      message: "the source broke",
    });
    await zk1.script("while ls -A $1 | grep -q pulumi; do sleep 0.01; done", [sshd.directory]);
    expect(existsSync(path("never"))).toBe(false);
  });

  test("a full disk is an error of the host's, and the old file stays", async () => {
    const error = await rejection(zk1.writeFile("/proc/nothing/here", "x"));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error.message).toContain("zk1: ");
  });
});

describe("dial", () => {
  test("speaks to a service on the host's own network", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = await zk1.dial((server.address() as AddressInfo).port, "127.0.0.1");
    const content = randomBytes(3_000_000);
    socket.end(content);
    expect(await digest(socket)).toBe(createHash("sha256").update(content).digest("hex"));
    server.close();
  });

  test("nobody there is `refused`", async () => {
    const error = await rejection(zk1.dial(await freePort(), "127.0.0.1"));
    expect(error).toBeInstanceOf(DialFailed);
    expect(error).toMatchObject({ kind: "refused", host: "zk1" });
  });

  test("an sshd that does not forward is told apart", async () => {
    const strict = await startSshd(["AllowTcpForwarding no"]);
    const access = await openHost("zk9", { connection: strict.connection });
    const error = await rejection(access.dial(22));
    expect(error).toMatchObject({ kind: "forbidden", host: "zk9" });
    expect(error.message).toContain("AllowTcpForwarding");
    await access.close();
    await strict.stop();
  });
});

describe("hold", () => {
  const locker = () => ["flock", "-n", path("lock"), "sh", "-c", "echo locked; cat"];

  test("holds until released", async () => {
    const held = await zk1.hold(locker());
    expect(held.firstLine).toBe("locked");
    const taken = await rejection(zk1.hold(locker()));
    expect(taken).toMatchObject({ code: 1, host: "zk1" });
    await held.release();
    expect(held.lost?.aborted).toBe(false);
    const again = await zk1.hold(locker());
    await again.release();
  });

  test("is let go when the operator's side is gone", async () => {
    const other = await open();
    await other.hold(locker());
    await other.close();
    const held = await zk1.script('flock -w 5 "$1" echo free', [path("lock")]);
    expect(held.stdout).toBe("free\n");
  });
});

describe("a host that dies", () => {
  test("in the middle of a write: the error names it, nothing lies under the final name, the next call reconnects", async () => {
    const mortal = await startSshd();
    const access = await openHost("zk2", { connection: mortal.connection });
    const held = await access.hold(["sh", "-c", "echo on; cat"]);
    async function* cut() {
      yield Buffer.alloc(4_000_000);
      await mortal.kill();
      for (;;) yield Buffer.alloc(1_000_000);
    }
    const target = join(mortal.directory, "snapshot.1");
    const began = performance.now();
    const error = await rejection(access.writeStream(target, cut()));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^zk2: the SSH connection was/);
    expect(performance.now() - began).toBeLessThan(3000);
    expect(readdirSync(mortal.directory)).not.toContain("snapshot.1");
    expect(held.lost?.reason).toBeInstanceOf(HostUnreachable);

    await mortal.restart();
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
    await access.script('while ls -A "$1" | grep -q pulumi; do sleep 0.01; done', [mortal.directory]);
    await access.close();
    await mortal.stop();
  });

  test("in the middle of a read: the stream fails, it does not end", async () => {
    const mortal = await startSshd();
    const access = await openHost("zk2", { connection: mortal.connection });
    await access.run(["truncate", "-s", "200M", join(mortal.directory, "large")]);
    const stream = await access.readStream(join(mortal.directory, "large"));
    const error = await rejection(
      (async () => {
        for await (const chunk of stream) if ((chunk as Buffer).length > 0) await mortal.kill();
      })(),
    );
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toContain("zk2");
    await access.close();
    await mortal.stop();
  });

  test("without a word (power cut, partition): found within the keep-alive", async () => {
    const mute = await startSshd();
    const access = await openHost("zk2", { connection: mute.connection }, { deadAfterMs: 400 });
    await access.run(["true"]);
    const running = rejection(access.run(["sleep", "60"]));
    const dialled = await access.dial(mute.port, "127.0.0.1");
    const broken = once(dialled, "error");
    dialled.resume();
    mute.signalSessions("SIGSTOP");
    const error = await running;
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^zk2: the SSH connection was lost: Keepalive timeout/);
    expect((await broken)[0]).toBeInstanceOf(HostUnreachable);
    await access.close();
    await mute.stop();
  });
});

async function digest(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
