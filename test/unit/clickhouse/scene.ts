/** A ClickHouse server made of a FakeHost: its port answers HTTP while it runs, and `ss` prints its connections. */
import { Duplex } from "node:stream";
import { clickhouseSchema, type ClickHouseDesired } from "../../../core/clickhouse/desired";
import type { Side } from "../../../core/zookeeper/side";
import { DialFailed } from "../../../core/transports/contract";
import type { FakeHost } from "../world";

export const RESTART = "restart it";

/** Arguments as a user writes them, beside the hosts. */
export function desired(options: Record<string, unknown> = {}): ClickHouseDesired {
  const host = (name: string) => ({ connection: { host: name, hostKey: "ssh-ed25519 AAAA" } });
  return clickhouseSchema.parse({
    kind: "clickhouse",
    hosts: { ck1: host("10.0.0.31"), ck2: host("10.0.0.32") },
    restart: RESTART,
    ...options,
  });
}

export function side(name: string, address: string): Side {
  return {
    servers: [{ name, address }],
    clientPort: 2181,
    dataDir: "/data",
    dataLogDir: "/log",
    start: "start",
    stop: "stop",
    juteMaxBuffer: 0xfffff,
    extendedTypes: false,
  };
}

/** Lets the host play a server, which {@link RESTART} starts. @param server `resolves`: an address and its name each */
export function play(
  host: FakeHost,
  server: { running: boolean; peers: string[]; resolves?: string[] },
): void {
  host.dial = () =>
    server.running
      ? Promise.resolve(httpSaying("1\n"))
      : Promise.reject(new DialFailed(host.name, "refused", "nobody listens", "Start it."));
  host.answer = (text) => {
    if (text === RESTART) server.running = true;
    const lines = text.startsWith("ss ") ? server.peers : text.includes("getent") ? server.resolves : [];
    return (lines ?? []).map((line) => `${line}\n`).join("");
  };
}

/** One answer of a server over HTTP, whatever it is asked. */
export function httpSaying(body: string): Duplex {
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      this.push(head + body);
      done();
    },
  });
}
