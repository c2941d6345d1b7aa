/**
 * The first two packets of a connection: what is asked for, and what the server grants.
 *
 * A server that does not serve (no quorum, too many connections, a zxid behind the client's) hangs up here
 * without a word; the error says which of these to look at.
 */
import type { Duplex } from "node:stream";
import { Deadline, sayMs } from "../deadline";
import { ConnectionLost, RequestTimedOut, SessionExpired } from "./errors";
import { Framer } from "./framer";
import { JuteReader, JuteWriter } from "./jute";

export interface HandshakeOptions {
  /** Milliseconds asked for; the server may shorten or lengthen it. @default 30000 */
  readonly sessionTimeoutMs?: number;
  /** Continues a session, on this server or another one of its ensemble. */
  readonly resume?: { readonly sessionId: bigint; readonly password: Buffer };
  /** A server whose zxid is lower hangs up. @default 0n */
  readonly lastZxidSeen?: bigint;
}

export interface Granted {
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Buffer;
}

/** A list of a million children is below; a larger packet is no answer of ZooKeeper's. */
export const MAX_ANSWER = 256 * 1024 * 1024;

export const NEXT_SLOW = "The server is overloaded or hangs: look at `srvr` (outstanding) and at its log.";

/**
 * Opens a session over `socket`, which is destroyed when that fails. Rejects with {@link ConnectionLost},
 * {@link RequestTimedOut} or {@link SessionExpired}.
 */
export async function shakeHands(
  socket: Duplex,
  host: string,
  timeoutMs: number,
  options: HandshakeOptions,
): Promise<Granted> {
  // Stays for good: an error that comes when nobody listens would end the process.
  socket.on("error", () => {});
  const framer = new Framer(MAX_ANSWER);
  const listening = new AbortController();
  const deadline = new Deadline(timeoutMs);
  const answered = new Promise<Buffer>((resolve, reject) => {
    const fail = (reason: string) => reject(notServing(host, reason));
    const listeners = {
      error: (error: Error) => fail(error.message),
      end: () => fail("the server closed the connection"),
      close: () => fail("the connection was closed"),
      data: (chunk: Buffer) => {
        try {
          // The server sends nothing else before it has been asked something.
          const [packet] = framer.push(chunk);
          if (packet) resolve(packet);
        } catch (error) {
          fail(`no ZooKeeper answers there: ${(error as Error).message}`);
        }
      },
    };
    for (const [event, listener] of Object.entries(listeners)) {
      socket.on(event, listener);
      listening.signal.addEventListener("abort", () => socket.removeListener(event, listener));
    }
    socket.write(request(options));
  });
  try {
    const late = () => new RequestTimedOut(host, `no session within ${sayMs(timeoutMs)}`, NEXT_SLOW);
    return readGrant(await deadline.race(answered, late), host);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    listening.abort();
  }
}

function request({ sessionTimeoutMs = 30_000, resume, lastZxidSeen = 0n }: HandshakeOptions): Buffer {
  return new JuteWriter()
    .int(0)
    .long(lastZxidSeen)
    .int(sessionTimeoutMs)
    .long(resume?.sessionId ?? 0n)
    .buffer(resume?.password ?? Buffer.alloc(16))
    .boolean(false) // a read-only server will not do; servers from 3.4 on expect this byte
    .frame();
}

function readGrant(packet: Buffer, host: string): Granted {
  const from = new JuteReader(packet);
  from.int();
  const timeoutMs = from.int();
  const sessionId = from.long();
  const password = Buffer.from(from.buffer() ?? Buffer.alloc(16));
  if (timeoutMs > 0) return { timeoutMs, sessionId, password };
  throw new SessionExpired(
    host,
    "the session is not known any more",
    "Open a new one; its ephemerals are gone.",
  );
}

function notServing(host: string, reason: string): ConnectionLost {
  return new ConnectionLost(
    host,
    `no session: ${reason}`,
    "It has no quorum, has too many connections from one address, or is behind the zxid that was seen: ask `srvr`.",
  );
}
