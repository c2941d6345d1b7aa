/** The wire client's codec and its behaviour towards a server that is damaged, slow or gone (a stand-in: one stream). */
import { Duplex } from "node:stream";
import fc from "fast-check";
import { ConnectionLost, RequestTimedOut, Session, ZooKeeperClient } from "../../../core/transports/zkwire";
import { Framer } from "../../../core/transports/zkwire/framer";
import { JuteReader, JuteWriter } from "../../../core/transports/zkwire/jute";
import {
  AclReader,
  readAcl,
  readBriefStat,
  readResults,
  readStat,
  writeAcl,
  writeOperation,
} from "../../../core/transports/zkwire/records";

describe("jute", () => {
  test("reads what it wrote, at any size", () => {
    const values = fc.record({
      int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      boolean: fc.boolean(),
      buffer: fc.option(fc.uint8Array({ maxLength: 1000 }).map((bytes) => Buffer.from(bytes))),
      strings: fc.array(fc.string({ unit: "grapheme" })),
    });
    fc.assert(
      fc.property(values, ({ int, long, boolean, buffer, strings }) => {
        const to = new JuteWriter(1).int(int).long(long).boolean(boolean).buffer(buffer);
        const frame = to.vector(strings, (text) => to.string(text)).frame();
        expect(frame.readInt32BE(0)).toBe(frame.length - 4);
        const from = new JuteReader(frame.subarray(4));
        expect([from.int(), from.long(), from.boolean(), from.buffer()]).toEqual([
          int,
          long,
          boolean,
          buffer,
        ]);
        expect(from.vector(() => from.string())).toEqual(strings);
        expect(from.atEnd).toBe(true);
      }),
    );
  });

  test("several packets in one frame are the packets that each would be", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1 }), (contents) => {
        const buffers = contents.map((bytes) => Buffer.from(bytes));
        const to = new JuteWriter(1);
        buffers.forEach((bytes, index) => (index === 0 ? to : to.another()).buffer(bytes));
        expect(to.frame()).toEqual(
          Buffer.concat(buffers.map((bytes) => new JuteWriter().buffer(bytes).frame())),
        );
      }),
    );
  });

  test("an ACL that is given again is the one that reading it gives", () => {
    const acl = fc.record({
      perms: fc.integer({ min: 0, max: 31 }),
      scheme: fc.constantFrom("world", "digest", "ip"),
      id: fc.constantFrom("anyone", "a:b", "a:bc", ""),
    });
    fc.assert(
      fc.property(fc.array(fc.array(acl, { maxLength: 3 })), (acls) => {
        const to = new JuteWriter();
        for (const each of acls) writeAcl(to, each);
        const bytes = to.frame().subarray(4);
        const [one, other] = [new JuteReader(bytes), new JuteReader(bytes)];
        const reader = new AclReader();
        expect(acls.map(() => reader.read(one))).toEqual(acls.map(() => readAcl(other)));
        expect(one.atEnd).toBe(true);
      }),
    );
  });

  test("a brief stat is the same stat", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 68, maxLength: 68 }), (bytes) => {
        const [one, other] = [new JuteReader(Buffer.from(bytes)), new JuteReader(Buffer.from(bytes))];
        expect(readStat(one)).toMatchObject(readBriefStat(other));
        expect([one.atEnd, other.atEnd]).toEqual([true, true]);
      }),
    );
  });

  test("the layout of a create, byte by byte", () => {
    const to = new JuteWriter();
    writeOperation(to, { kind: "create", path: "/a", data: Buffer.from("x") }, (path) => path);
    expect(to.frame().toString("hex")).toBe(
      [
        "00000033", // length
        "00000001" + "00" + "ffffffff", // multi header: create, not done, no error
        "00000002" + "2f61", // path
        "00000001" + "78", // data
        "00000001" + "0000001f", // one ACL, all permissions
        "00000005" + Buffer.from("world").toString("hex"),
        "00000006" + Buffer.from("anyone").toString("hex"),
        "00000000", // persistent
      ].join(""),
    );
  });

  test.each([
    ["an int", (from: JuteReader) => from.int()],
    ["a buffer", (from: JuteReader) => from.buffer()],
    ["a vector", (from: JuteReader) => from.vector(() => from.int())],
  ])("a packet that ends within %s is an error", (_, read) => {
    expect(() => read(new JuteReader(Buffer.from("7fffff", "hex")))).toThrow("outside buffer bounds");
    expect(() => new JuteReader(Buffer.from("7fffffff00", "hex")).buffer()).toThrow(RangeError);
    expect(() => new JuteReader(Buffer.from("7fffffff00", "hex")).vector(() => 0)).toThrow(RangeError);
  });

  test("more answers than operations are an error", () => {
    const answers = new JuteWriter().int(2).boolean(false).int(0).int(2).boolean(false).int(0).frame();
    const operations = [{ kind: "delete", path: "/a" }] as const;
    expect(() => readResults(new JuteReader(answers.subarray(4)), operations)).toThrow(RangeError);
  });
});

describe("framer", () => {
  test("cuts the same packets however the bytes arrive", () => {
    const packets = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
    fc.assert(
      fc.property(packets, fc.integer({ min: 1, max: 700 }), (contents, step) => {
        const stream = Buffer.concat(
          contents.map((bytes) => new JuteWriter().buffer(Buffer.from(bytes)).frame().subarray(4)),
        );
        const framer = new Framer(1000);
        const found: Buffer[] = [];
        for (let at = 0; at < stream.length; at += step)
          found.push(...framer.push(stream.subarray(at, at + step)));
        expect(found.map((each) => each.toString("hex"))).toEqual(
          contents.map((each) => Buffer.from(each).toString("hex")),
        );
      }),
    );
  });

  test("a length that no server sends is damage", () => {
    expect(() => new Framer(1000).push(Buffer.from("48545450", "hex"))).toThrow(RangeError);
    expect(() => new Framer(1000).push(Buffer.from("ffffffff", "hex"))).toThrow(RangeError);
  });
});

/** Stands in for a server's end of a connection: grants a session, then says only what the test says. */
class FakeServer extends Duplex {
  readonly requests: Buffer[] = [];
  private readonly framer = new Framer(10_000_000);

  constructor(private readonly sessionTimeoutMs = 30_000) {
    super();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (const packet of this.framer.push(chunk)) {
      if (this.requests.push(packet) === 1) {
        this.push(
          new JuteWriter()
            .int(0)
            .int(this.sessionTimeoutMs)
            .long(7n)
            .buffer(Buffer.alloc(16))
            .boolean(false)
            .frame(),
        );
      }
    }
    done();
  }

  reply(xid: number, code = 0, body: (to: JuteWriter) => void = () => {}): void {
    const to = new JuteWriter().int(xid).long(5n).int(code);
    body(to);
    this.push(to.frame());
  }
}

describe("session", () => {
  async function open(options: { requestTimeoutMs?: number; maxInFlight?: number } = {}, timeout?: number) {
    const server = new FakeServer(timeout);
    const client = new ZooKeeperClient(await Session.open(server, "zk1", options));
    return { server, client };
  }
  const settled = (work: Promise<unknown>) => work.catch((error: Error) => error);

  test("an answer out of order loses the connection, and with it everything under way", async () => {
    const { server, client } = await open();
    const both = [settled(client.sync("/a")), settled(client.sync("/b"))];
    server.reply(2);
    for (const each of await Promise.all(both)) expect(each).toBeInstanceOf(ConnectionLost);
    expect(server.destroyed).toBe(true);
  });

  test("a packet that makes no sense does too", async () => {
    const { server, client } = await open();
    const pending = settled(client.sync("/"));
    server.push(Buffer.from("0000000101", "hex"));
    expect(await pending).toBeInstanceOf(ConnectionLost);
  });

  test("a late answer is not taken for the next one", async () => {
    const { server, client } = await open({ requestTimeoutMs: 40 });
    expect(await settled(client.exists("/slow"))).toBeInstanceOf(RequestTimedOut);
    const next = client.getChildren("/next").catch((error: Error) => error);
    server.reply(1, -101);
    server.reply(2, -102);
    expect(await next).toMatchObject({ codeName: "NoAuth", path: "/next" });
    client.session.abandon();
  });

  test("no more than maxInFlight are sent unanswered, and a bad one in the queue hurts only itself", async () => {
    const { server, client } = await open({ maxInFlight: 1 });
    const first = client.sync("/1");
    const bad = settled(client.sync("relative"));
    const third = client.sync("/3");
    await new Promise(setImmediate);
    expect(server.requests).toHaveLength(2); // the handshake and the first
    server.reply(1, 0, (to) => to.string("/1"));
    await first;
    expect(await bad).toBeInstanceOf(TypeError);
    await new Promise(setImmediate);
    expect(server.requests).toHaveLength(3);
    server.reply(server.requests[2]?.readInt32BE(0) ?? 0, 0, (to) => to.string("/3"));
    await third;
    client.session.abandon();
  });

  test("silence for two thirds of the session is a loss; a ping goes out before", async () => {
    const { server, client } = await open({}, 120);
    expect(await settled(client.sync("/"))).toMatchObject({
      reason: expect.stringContaining("nothing was heard"),
    });
    expect(server.requests.some((each) => each.readInt32BE(0) === -2)).toBe(true);
  });

  test("close reaches the server before those that still wait here, which are told", async () => {
    const { server, client } = await open({ maxInFlight: 1 });
    const sent = settled(client.sync("/sent"));
    const waiting = settled(client.sync("/waiting"));
    const closing = client.close();
    await new Promise(setImmediate);
    expect(server.requests.at(-1)?.readInt32BE(4)).toBe(-11);
    server.push(null);
    await closing;
    expect(await sent).toBeInstanceOf(ConnectionLost);
    expect(await waiting).toBeInstanceOf(ConnectionLost);
    await client.close();
  });
});
