/**
 * The answers to four-letter words as data. Forms of 3.4.14 and 3.7.1 (`org.apache.zookeeper.server.command`;
 * in 3.4 `NIOServerCnxn`), with the Prometheus provider on and off.
 *
 * Tolerant of lines it does not know, strict about those it is asked for: a missing zxid is undefined here and
 * a refusal in whoever needs it, never 0.
 */

export type Mode = "leader" | "follower" | "observer" | "standalone" | "read-only";

export interface Srvr {
  /** For example `3.4.14`; undefined when the line is missing. */
  readonly version: string | undefined;
  /** The whole of the version line, with the commit and the date of the build. */
  readonly build: string | undefined;
  readonly mode: Mode | undefined;
  readonly zxid: bigint | undefined;
  readonly nodeCount: number | undefined;
  readonly connections: number | undefined;
  readonly outstanding: number | undefined;
  readonly received: number | undefined;
  readonly sent: number | undefined;
  /** Milliseconds. The average is whole in 3.4 and has decimals since 3.6. */
  readonly latency: { readonly min: number; readonly avg: number; readonly max: number } | undefined;
}

export function parseSrvr(text: string): Srvr {
  const lines = fields(text, /^([^:]+):\s*(.*)$/);
  const build = lines.get("Zookeeper version");
  const latency = (lines.get("Latency min/avg/max") ?? "").split("/").map(Number);
  const [min, avg, max] = latency;
  const zxid = /^0x([0-9a-f]+)$/i.exec(lines.get("Zxid") ?? "");
  return {
    version: build?.match(/^\d+\.\d+\.\d+(?:-(?:alpha|beta|rc\d*))?/)?.[0],
    build,
    mode: modeOf(lines.get("Mode")),
    zxid: zxid ? BigInt(`0x${zxid[1]}`) : undefined,
    nodeCount: count(lines.get("Node count")),
    connections: count(lines.get("Connections")),
    outstanding: count(lines.get("Outstanding")),
    received: count(lines.get("Received")),
    sent: count(lines.get("Sent")),
    latency: min === undefined || avg === undefined || max === undefined ? undefined : { min, avg, max },
  };
}

export interface Mntr {
  readonly version: string | undefined;
  readonly state: Mode | undefined;
  /** All numbers, by their key: NaN and floats as printed, a quantile's key with its braces. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly znodeCount: number | undefined;
  readonly ephemeralsCount: number | undefined;
  /** Bytes, an estimate of the server's own. */
  readonly approximateDataSize: number | undefined;
  readonly outstandingRequests: number | undefined;
  readonly aliveConnections: number | undefined;
  /** Leader only. */
  readonly followers: number | undefined;
  readonly syncedFollowers: number | undefined;
  /** 3.5 and later, voters. */
  readonly quorumSize: number | undefined;
  /** 3.6 and later; undefined is not 0. */
  readonly digestMismatches: number | undefined;
}

export function parseMntr(text: string): Mntr {
  const lines = fields(text, /^(zk_[^\t\s{]+(?:\{[^}]*\})?)\s+(.*)$/);
  const numbers = new Map<string, number>();
  for (const [key, value] of lines) {
    const number = numberOf(value);
    if (number !== undefined) numbers.set(key, number);
  }
  const whole = (...keys: string[]) =>
    keys.map((key) => finite(numbers.get(key))).find((each) => each !== undefined);
  return {
    version: lines.get("zk_version")?.match(/^\d+\.\d+\.\d+/)?.[0],
    state: modeOf(lines.get("zk_server_state")),
    numbers,
    znodeCount: whole("zk_znode_count"),
    ephemeralsCount: whole("zk_ephemerals_count"),
    approximateDataSize: whole("zk_approximate_data_size"),
    outstandingRequests: whole("zk_outstanding_requests"),
    aliveConnections: whole("zk_num_alive_connections"),
    followers: whole("zk_learners", "zk_followers"),
    syncedFollowers: whole("zk_synced_followers"),
    quorumSize: whole("zk_quorum_size"),
    digestMismatches: whole("zk_digest_mismatches_count"),
  };
}

export interface Client {
  readonly address: string;
  readonly port: number;
  /** Undefined for a connection without a session, such as the one that asks. */
  readonly sessionId: bigint | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly queued: number | undefined;
  readonly received: number | undefined;
  readonly sent: number | undefined;
  /** The last operation: `PING`, `GETD`, … */
  readonly lastOperation: string | undefined;
  readonly lastZxid: bigint | undefined;
}

/** ` /10.0.0.1:53124[1](queued=0,recved=12,sent=12,sid=0x1…,lop=PING,est=…,to=30000,…)`, one line each. */
export function parseCons(text: string): Client[] {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*\/?(\S+):(\d+)\[\d+\]\((.*)\)\s*$/.exec(line);
    if (!found) return [];
    const [, address = "", port = "", inside = ""] = found;
    const pairs = new Map(
      inside.split(",").map((pair) => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]),
    );
    return [
      {
        address: address.replace(/^.*\//, "").replace(/^\[|\]$/g, ""),
        port: Number(port),
        sessionId: hex(pairs.get("sid")),
        timeout: count(pairs.get("to")),
        queued: count(pairs.get("queued")),
        received: count(pairs.get("recved")),
        sent: count(pairs.get("sent")),
        lastOperation: pairs.get("lop"),
        lastZxid: hex(pairs.get("lzxid")),
      },
    ];
  });
}

/** `conf` as key and value. `server.N` lines of 3.5 and later are among them. */
export function parseConf(text: string): ReadonlyMap<string, string> {
  return fields(text, /^([^=\s]+)=(.*)$/);
}

/** True for `imok`. It says that the process answers, not that it has a quorum. */
export function parseRuok(text: string): boolean {
  return text.trim() === "imok";
}

const MODES: readonly Mode[] = ["leader", "follower", "observer", "standalone", "read-only"];

function modeOf(text: string | undefined): Mode | undefined {
  return MODES.find((mode) => mode === text?.trim());
}

function fields(text: string, pattern: RegExp): Map<string, string> {
  const found = text.split("\n").flatMap((line) => {
    const match = pattern.exec(line.trimEnd());
    return match ? [[match[1] ?? "", (match[2] ?? "").trim()] as const] : [];
  });
  return new Map(found);
}

/** A whole number of zero or more; `7.0` is one, which is how the Prometheus provider prints gauges. */
function count(text: string | undefined): number | undefined {
  return text === undefined ? undefined : finite(numberOf(text));
}

function numberOf(text: string): number | undefined {
  if (text === "NaN") return NaN;
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function hex(text: string | undefined): bigint | undefined {
  return text !== undefined && /^0x[0-9a-f]+$/i.test(text) ? BigInt(text) : undefined;
}
