/**
 * Commands to a running load: one line in, one line out (`ok …` or `error …`), on the lab's bridge.
 *
 * On the bridge, so that it can be given from any host of the lab as a consumer's own pause and resume commands
 * are: there it is `writers pause`, `writers resume`, `writers repoint CONNECT` (see the hosts' /usr/local/bin).
 */
import { createServer, connect, type Server } from "node:net";
import { createInterface } from "node:readline";
import { BRIDGE_ADDRESS } from "../layout";

export const CONTROL_PORT = 7711;
const ANSWER_WITHIN_MS = 60_000;

export type CommandHandler = (command: string, argument: string) => Promise<string>;

export function listen(handle: CommandHandler): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => {
      const [command = "", argument = ""] = line.trim().split(/\s+/, 2);
      handle(command, argument).then(
        (said) => socket.end(`ok ${said}\n`),
        (error: Error) => socket.end(`error ${error.message}\n`),
      );
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(CONTROL_PORT, BRIDGE_ADDRESS, () => resolve(server));
  });
}

/** Gives a command to the running load. @throws Error with its words when it refuses, or when there is none */
export function give(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: BRIDGE_ADDRESS, port: CONTROL_PORT, timeout: ANSWER_WITHIN_MS }, () =>
      socket.write(`${command}\n`),
    );
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("timeout", () => socket.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)));
    socket.on("error", reject);
    socket.on("close", () => {
      if (answer.startsWith("ok ")) resolve(answer.slice(3).trim());
      else reject(new Error(answer.replace(/^error /, "").trim() || "the load ended without an answer"));
    });
  });
}
