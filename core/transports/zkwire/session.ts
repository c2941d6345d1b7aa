/**
 * One ZooKeeper session over one connection: handshake, pings, and requests answered in the order sent.
 *
 * There is no reconnecting: when the connection is lost, all that is under way fails, and whoever uses this
 * decides what may be done again. A session that outlives its connection is opened anew with its id and password.
 *
 * Up to `maxInFlight` requests are unanswered at a time; the rest wait here, unencoded. Above its own limits a
 * server just stops reading, without an error, so memory is bounded on this side.
 */
import type { Duplex } from "node:stream";
import { sayMs } from "../deadline";
import { ConnectionLost, RequestTimedOut, RequestTooLarge } from "./errors";
import { Framer } from "./framer";
import { MAX_ANSWER, NEXT_SLOW, shakeHands, type Granted, type HandshakeOptions } from "./handshake";
import { JuteReader, JuteWriter } from "./jute";
import { OpCode } from "./records";

export interface SessionOptions extends HandshakeOptions {
  /** Milliseconds for the handshake, and for each request from the moment it is sent. @default 15000 */
  readonly requestTimeoutMs?: number;
  /** Unanswered requests at a time. @default 1000 */
  readonly maxInFlight?: number;
  /** The server's `jute.maxbuffer`: larger requests are refused here. @default 1048575 */
  readonly maxRequestBytes?: number;
}

/** What a reply says: its error code, and its body when that is 0. */
export interface Reply {
  readonly code: number;
  readonly body: JuteReader;
}

/** One request, or several of a kind that are sent together. */
interface Requests {
  readonly type: number;
  readonly said: string;
  readonly count: number;
  readonly encode: (to: JuteWriter, index: number) => void;
  /** Of each. */
  readonly expectedBytes: number;
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting {
  /** Of the next answer. */
  xid: number;
  readonly said: string;
  readonly count: number;
  readonly due: number;
  readonly replies: Reply[];
  settled: boolean;
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
}

const PING_XID = -2;
const AUTH_XID = -4;
const NOTIFICATION_XID = -1;

export class Session {
  /** As the server granted it, in milliseconds. */
  readonly sessionTimeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Buffer;
  /** The highest zxid that an answer has carried. */
  lastZxid = 0n;

  private xid = 0;
  private readonly inFlight: Waiting[] = [];
  /** Requests that are not answered yet. */
  private unanswered = 0;
  private readonly authentications: Waiting[] = [];
  private readonly queue: Requests[] = [];
  private outgoing: Buffer[] = [];
  private lost: ConnectionLost | undefined;
  private closing = false;
  private heard = performance.now();
  private sent = performance.now();
  private readonly framer = new Framer(MAX_ANSWER);
  private readonly clock: NodeJS.Timeout;

  private constructor(
    private readonly socket: Duplex,
    readonly host: string,
    private readonly options: Required<
      Pick<SessionOptions, "requestTimeoutMs" | "maxInFlight" | "maxRequestBytes">
    >,
    granted: Granted,
  ) {
    this.sessionTimeoutMs = granted.timeoutMs;
    this.sessionId = granted.sessionId;
    this.password = granted.password;
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.on("error", (error) => this.lose(error.message));
    socket.on("end", () => this.lose("the server closed the connection"));
    socket.on("close", () => this.lose("the connection was closed"));
    const tick = Math.max(10, Math.min(granted.timeoutMs / 6, options.requestTimeoutMs / 4));
    this.clock = setInterval(() => this.tick(), tick);
    // It may have gone between the handshake and here, when nobody listened.
    if (socket.destroyed || socket.readableEnded) this.lose("the server closed the connection");
  }

  /** Shakes hands over `socket`, which is destroyed when that fails. `host` names it in errors. */
  static async open(socket: Duplex, host: string, options: SessionOptions = {}): Promise<Session> {
    const { requestTimeoutMs = 15_000, maxInFlight = 1000, maxRequestBytes = 1_048_575 } = options;
    const granted = await shakeHands(socket, host, requestTimeoutMs, options);
    return new Session(socket, host, { requestTimeoutMs, maxInFlight, maxRequestBytes }, granted);
  }

  /**
   * Sends one request and resolves with its reply, error codes included. Rejects with {@link ConnectionLost},
   * {@link RequestTimedOut}, {@link SessionExpired} or {@link RequestTooLarge}.
   * @param said the request as errors name it.
   */
  async request(
    type: number,
    said: string,
    encode: (to: JuteWriter) => void,
    expectedBytes = 256,
  ): Promise<Reply> {
    const [reply] = await this.requestAll(type, said, 1, encode, expectedBytes);
    return reply as Reply;
  }

  /**
   * Requests of a kind that are sent together, with one promise for all: each has a price at a hundred thousand.
   * Resolves with the replies in order; `encode` gets the number of the request, from 0.
   */
  requestAll(
    type: number,
    said: string,
    count: number,
    encode: (to: JuteWriter, index: number) => void,
    expectedBytes = 128,
  ): Promise<Reply[]> {
    if (count === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) =>
      this.enqueue({ type, said, count, encode, expectedBytes, resolve, reject }),
    );
  }

  /** Ends the session, so that its ephemerals go at once, and the connection; resolves in any case. */
  async close(): Promise<void> {
    if (this.lost || this.closing) return;
    const type = OpCode.closeSession;
    // Not behind those that wait here: they have not been sent, and will not be.
    const answered = new Promise<Reply[]>((resolve, reject) =>
      this.send({
        type,
        said: "closeSession",
        count: 1,
        encode: () => {},
        expectedBytes: 0,
        resolve,
        reject,
      }),
    );
    this.closing = true;
    await answered.catch(() => {});
    this.lose("the session was closed");
  }

  /** Drops the connection without ending the session, which lives on until it times out. */
  abandon(): void {
    this.lose("the connection was given up");
  }

  private enqueue(requests: Requests): void {
    if (this.queue.length === 0 && this.hasRoomFor(requests)) this.send(requests);
    else this.queue.push(requests);
  }

  private hasRoomFor({ count }: Requests): boolean {
    return this.unanswered === 0 || this.unanswered + count <= this.options.maxInFlight;
  }

  private send(requests: Requests): void {
    const { type, said, count, resolve, reject } = requests;
    if (this.lost) return reject(this.lost);
    if (this.closing) return reject(new ConnectionLost(this.host, "the session was closed", NEXT_LOST));
    const authenticates = type === OpCode.auth;
    const first = authenticates ? AUTH_XID : xidAfter(this.xid);
    let last = first;
    try {
      const packets = new JuteWriter(count * (requests.expectedBytes + 16));
      for (let index = 0; index < count; index++) {
        if (index > 0) last = xidAfter(last);
        this.encode(index === 0 ? packets : packets.another(), last, requests, index);
      }
      this.write(packets.frame());
    } catch (error) {
      reject(error as Error);
      return this.next();
    }
    if (!authenticates) {
      this.xid = last;
      this.unanswered += count;
    }
    const due = performance.now() + this.options.requestTimeoutMs;
    const waiting: Waiting = { xid: first, said, count, due, replies: [], settled: false, resolve, reject };
    (authenticates ? this.authentications : this.inFlight).push(waiting);
  }

  private encode(to: JuteWriter, xid: number, { type, encode }: Requests, index: number): void {
    encode(to.int(xid).int(type), index);
    const { maxRequestBytes } = this.options;
    if (to.length > maxRequestBytes) throw new RequestTooLarge(this.host, to.length, maxRequestBytes);
  }

  /** Joins what one turn of the event loop sends: a write for each of a thousand small requests is slow. */
  private write(frame: Buffer): void {
    if (this.outgoing.length === 0) process.nextTick(() => this.flush());
    this.outgoing.push(frame);
  }

  private flush(): void {
    if (this.lost) return;
    this.sent = performance.now();
    const [only, ...others] = this.outgoing;
    this.socket.write(others.length === 0 && only ? only : Buffer.concat(this.outgoing));
    this.outgoing = [];
  }

  private receive(chunk: Buffer): void {
    this.heard = performance.now();
    try {
      for (const packet of this.framer.push(chunk)) this.answer(new JuteReader(packet));
    } catch (error) {
      this.lose(`an answer that is not ZooKeeper's: ${(error as Error).message}`);
    }
  }

  private answer(packet: JuteReader): void {
    const xid = packet.int();
    const zxid = packet.long();
    const code = packet.int();
    if (zxid > this.lastZxid) this.lastZxid = zxid;
    if (xid === PING_XID || xid === NOTIFICATION_XID) return;
    const due = xid === AUTH_XID ? this.authentications : this.inFlight;
    const [waiting] = due;
    // Left in its place when this is not its answer: it is then told of the loss with all others.
    if (waiting?.xid !== xid) throw new RangeError(`answer ${xid} where ${waiting?.xid ?? "none"} was due`);
    if (due === this.inFlight) this.unanswered--;
    waiting.xid = xidAfter(xid);
    if (waiting.replies.push({ code, body: packet }) < waiting.count) return;
    due.shift();
    waiting.settled = true;
    waiting.resolve(waiting.replies);
    this.next();
  }

  private next(): void {
    for (let [next] = this.queue; next && this.hasRoomFor(next); [next] = this.queue) {
      this.queue.shift();
      this.send(next);
    }
  }

  private tick(): void {
    const now = performance.now();
    this.expire(this.authentications, now);
    this.expire(this.inFlight, now);
    const silence = now - this.heard;
    if (silence > (this.sessionTimeoutMs * 2) / 3)
      this.lose(`nothing was heard for ${sayMs(Math.round(silence))}`);
    else if (now - this.sent > this.sessionTimeoutMs / 3) this.write(PING);
  }

  /** Rejects what is late. Its place stays: the answer may still come, and answers are told apart by their order. */
  private expire(waitings: readonly Waiting[], now: number): void {
    for (const waiting of waitings) {
      // All have the same time, so the late ones are in front.
      if (waiting.due > now) return;
      if (waiting.settled) continue;
      waiting.settled = true;
      const reason = `no answer to ${waiting.said} within ${sayMs(this.options.requestTimeoutMs)}`;
      waiting.reject(new RequestTimedOut(this.host, reason, NEXT_SLOW));
    }
  }

  private lose(reason: string): void {
    if (this.lost) return;
    this.lost = new ConnectionLost(this.host, reason, NEXT_LOST);
    clearInterval(this.clock);
    this.socket.destroy();
    for (const waiting of [...this.inFlight.splice(0), ...this.authentications.splice(0)]) {
      if (!waiting.settled) waiting.reject(this.lost);
    }
    for (const { reject } of this.queue.splice(0)) reject(this.lost);
  }
}

/** They count from 1, and from the highest back to 1. */
function xidAfter(xid: number): number {
  return (xid % 0x7fffffff) + 1;
}

const PING = new JuteWriter().int(PING_XID).int(OpCode.ping).frame();
const NEXT_LOST = "What was not answered may or may not have been carried out: read before writing again.";
