/**
 * HTTP to a service on a host's own network, over the connection that `access.dial` makes (so through SSH).
 *
 * No redirect is followed: Pegasus' metas answer 307 to say who leads, which is a fact to read, and what it
 * names is an address in the hosts' network that this process may not reach.
 */
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { HostUnreachable, UserError } from "../../engine/errors";
import type { Dialler } from "../contract";
import { Deadline, sayMs } from "../deadline";
import { dialWithin } from "../dial-within";

export interface HttpOptions {
  /** Where the service listens, as seen from the host. @default the host's own address */
  readonly address?: string;
  /** @default "GET", or "POST" where there is a body */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Milliseconds for dial, request and answer together. @default 10000 */
  readonly timeoutMs?: number;
  /** Bytes of the largest body that is accepted. @default 16 MiB */
  readonly maxBytes?: number;
}

export interface HttpAnswer<Body> {
  /** Whatever the service said: 307 and 500 are answers too. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
}

/**
 * Rejects as `access.dial` does, and with {@link HostUnreachable} when there is no whole answer in time.
 * Headers and the sent body, which may hold credentials, are in no error; nor is a query.
 */
export async function getText(
  access: Dialler,
  port: number,
  path: string,
  options: HttpOptions = {},
): Promise<HttpAnswer<string>> {
  const deadline = new Deadline(options.timeoutMs ?? 10_000);
  const host = options.address ?? access.address;
  const url = `http://${host}:${port}${path.split("?")[0]}`;
  const late = () => broken(access, url, `no whole answer within ${sayMs(deadline.ms)}`);
  const socket = await dialWithin(access, port, options.address, deadline, late);
  try {
    const exchanging = exchange(socket, host, port, path, options);
    return await deadline.race(exchanging, late);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw broken(access, url, (error as Error).message);
  } finally {
    socket.on("error", () => {});
    socket.destroy();
  }
}

/**
 * As {@link getText}, with the body parsed. A body that is not JSON is an error where the status is 2xx, and is
 * returned as text otherwise: error pages are text.
 */
export async function getJson(
  access: Dialler,
  port: number,
  path: string,
  options: HttpOptions = {},
): Promise<HttpAnswer<unknown>> {
  const answer = await getText(access, port, path, options);
  try {
    return { ...answer, body: JSON.parse(answer.body) as unknown };
  } catch {
    if (answer.status < 200 || answer.status > 299) return answer;
    const url = `http://${options.address ?? access.address}:${port}${path.split("?")[0]}`;
    throw broken(access, url, `found ${JSON.stringify(answer.body.slice(0, 80))} where JSON was expected`);
  }
}

function exchange(
  socket: Duplex,
  host: string,
  port: number,
  path: string,
  { method, headers = {}, body, maxBytes = 16 * 1024 * 1024 }: HttpOptions,
): Promise<HttpAnswer<string>> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      // One connection for one request: it is closed when this is over. Any agent, `agent: false` too, would make
      // one of its own, from this machine.
      createConnection: () => socket,
      host,
      port,
      path,
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
        ...headers,
        connection: "close",
      },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      read(incoming, maxBytes).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

async function read(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function broken(access: Dialler, url: string, reason: string): HostUnreachable {
  return new HostUnreachable(access.name, `${url}: ${reason}`, `Try \`curl -v ${url}\` on the host.`);
}
