/**
 * Asks a ZooKeeper server a four-letter word over its client port, and says which kind of answer came.
 *
 * Asked by socket and not by `zkServer.sh status`: that starts a JVM with the server's own flags, which rotates
 * the server's GC log.
 */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { HostUnreachable, UserError } from "../../engine/errors";
import { DialFailed, type Dialler } from "../contract";
import { Deadline, sayMs } from "../deadline";
import { dialWithin } from "../dial-within";

export type Word = "srvr" | "mntr" | "cons" | "conf" | "ruok" | "isro" | "hash" | "dump" | "stat" | "envi";

/**
 * - `answered`: the server's text.
 * - `notServing`: the process runs but has no quorum, or is still loading.
 * - `notWhitelisted`: 3.4.10+ and 3.5+ answer only what `4lw.commands.whitelist` names (3.5+: `srvr` by default).
 * - `refused`: nobody listens at the port.
 * - `silent`: something took the connection and closed it without a word. So do a server that does not know the
 *   word (3.4.14 and `hash`), one that is just stopping, one whose maxClientCnxns is reached, and a TLS port.
 */
export type Answer =
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "notServing" }
  | { readonly kind: "notWhitelisted" }
  | { readonly kind: "refused" }
  | { readonly kind: "silent" };

export interface AskOptions {
  /**
   * Milliseconds for the dial and the answer together. While waiting for a start, ask often and briefly: a 3.7.1
   * asked before it has opened its database never answers that connection (a NullPointerException in its log).
   * @default 10000
   */
  readonly timeoutMs?: number;
  /** Where the server listens, as seen from the host. @default the host's own address */
  readonly address?: string;
}

/** More than any honest answer: `cons` of 60 000 clients is about 15 MiB. */
const LIMIT = 64 * 1024 * 1024;

/**
 * Rejects with {@link HostUnreachable} when the host, or an answer within the time, cannot be had
 * ({@link DialFailed} for a network that is in the way): only what the server itself says is an answer.
 */
export async function ask(
  access: Dialler,
  port: number,
  word: Word,
  options: AskOptions = {},
): Promise<Answer> {
  const deadline = new Deadline(options.timeoutMs ?? 10_000);
  const place = `${access.name}: ${options.address ?? access.address}:${port}`;
  const late = () =>
    new HostUnreachable(
      access.name,
      `no answer to \`${word}\` from ${place} within ${sayMs(deadline.ms)}`,
      "The server may hang (long GC, full disk): look at its log and at its load.",
    );
  let socket: Duplex;
  try {
    socket = await dialWithin(access, port, options.address, deadline, late);
  } catch (error) {
    if (error instanceof DialFailed && error.kind === "refused") return { kind: "refused" };
    throw error;
  }
  try {
    return judge(await deadline.race(readAll(socket, word, place), late));
  } finally {
    socket.on("error", () => {});
    socket.destroy();
  }
}

/** What kind of answer a text is. */
export function judge(text: string): Answer {
  if (text.trim() === "") return { kind: "silent" };
  if (/^This ZooKeeper instance is not currently serving requests/.test(text)) return { kind: "notServing" };
  if (/^\w{4} is not executed because it is not (in|on) the whitelist\.?\s*$/.test(text)) {
    return { kind: "notWhitelisted" };
  }
  return { kind: "answered", text };
}

async function readAll(socket: Duplex, word: Word, place: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  socket.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > LIMIT)
      socket.destroy(new UserError(`${place}: more than ${LIMIT} bytes in answer to ${word}`));
    chunks.push(chunk);
  });
  // Only the word, without an end of our side: some versions drop the answer when the client has closed.
  socket.write(word);
  try {
    await once(socket, "end");
  } catch (error) {
    // A server resets the connection once its answer is complete, and one that is ending before it has read the word.
    if (error instanceof UserError) throw error;
  }
  return Buffer.concat(chunks).toString("utf8");
}
