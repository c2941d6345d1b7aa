/**
 * The one port of a stand-in process: Pegasus's HTTP (GET) and the stand-in's own calls (POST). Replies
 * carry the three header lines of the real servers and no others, with every body as text/plain.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { Calls, Reply } from "./protocol";

export type RpcHandlers = {
  readonly [K in keyof Calls]?: (body: Calls[K]["request"]) => Promise<Reply<K>> | Reply<K>;
};

export interface HttpResult {
  readonly status: number;
  readonly body: string;
  readonly location?: string;
}

/** Answers a GET. `undefined` stands for a path that is not served. */
export type GetHandler = (path: string, query: URLSearchParams) => HttpResult | undefined;

/** Listens on every address of the host, as the real servers do. */
export function serve(port: number, get: GetHandler, rpc: () => RpcHandlers): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://stand-in");
    if (request.method !== "POST") {
      const unknown = { status: 404, body: `service not found for "${url.pathname.slice(1)}"` };
      return void send(response, get(url.pathname, url.searchParams) ?? unknown);
    }
    void read(request).then(async (body) => {
      const name = url.pathname.replace("/stand-in/rpc/", "") as keyof Calls;
      const handler = rpc()[name] as ((body: unknown) => unknown) | undefined;
      const reply =
        handler === undefined ? { err: "ERR_HANDLER_NOT_FOUND" } : await handler(JSON.parse(body));
      send(response, { status: 200, body: JSON.stringify(reply) });
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "0.0.0.0", () => resolve(server));
  });
}

const REASONS: Readonly<Record<number, string>> = { 200: "OK", 307: "Temporary Redirect", 404: "Not Found" };

function send(response: ServerResponse, result: HttpResult): void {
  response.sendDate = false;
  response.removeHeader("Connection");
  const length = Buffer.byteLength(result.body);
  response.writeHead(result.status, REASONS[result.status] ?? "Unknown", {
    "Content-Type": "text/plain",
    "Content-Length": length,
    ...(result.location === undefined ? {} : { Location: result.location }),
  });
  response.end(result.body);
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => resolve(text)).on("error", reject);
  });
}
