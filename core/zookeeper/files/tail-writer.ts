/**
 * Writes what happened after a snapshot as one log, which ends with the end of every session that is still open.
 *
 * Sessions travel in snapshots and logs: without those ends, the ephemerals of processes that are long gone would
 * look alive on the new servers until the sessions time out, and a client could reconnect with its old id. A server
 * that replays them deletes the ephemerals as it does every day (`DataTree.killSession`).
 */
import { ADLER32_START, adler32 } from "./adler32";
import { END_OF_RECORD, FRAME_BYTES, TXN_HEADER_BYTES } from "./log-end";
import { inOlderTerms } from "./older-txn";
import { changesOf, txnOf, type Txn } from "./txn";
import { OpCode } from "./txn-types";
import type { Sample } from "./tree-summary";
import { kindOf, type ZnodeKind } from "./znode";

export interface TailOptions {
  /** The last transaction in the snapshot. */
  readonly after: bigint;
  /** Open in the snapshot. */
  readonly sessions: Iterable<bigint>;
  /** Types of transactions that the servers do not know: said in older terms. */
  readonly unknown: ReadonlySet<number>;
  /** When the sessions end: milliseconds since 1970. */
  readonly now: number;
}

export interface Tail {
  /** In the log's name; undefined where there is nothing to write, not even the end of a session. */
  readonly firstZxid: bigint | undefined;
  /** Of the origin's last transaction. */
  readonly originZxid: bigint;
  /** Of the last record written: a server that loaded the log is there. */
  readonly lastZxid: bigint;
  /** Transactions of the origin. */
  readonly records: number;
  readonly closedSessions: number;
  /** The longest record, which a server reads as a whole. */
  readonly largest: { readonly path: string; readonly bytes: number };
  /** Znodes created, by the kinds that not every server keeps. */
  readonly created: Readonly<Record<"container" | "ttl", Sample>>;
}

const SAMPLES = 5;

export class TailWriter {
  private readonly kept: Buffer[] = [];
  private readonly open: Set<bigint>;
  private readonly created = { container: new Set<string>(), ttl: new Set<string>() };
  private first: bigint | undefined;
  private last: bigint;
  private originZxid: bigint;
  private records = 0;
  private closedSessions = 0;
  private largest = { path: "", bytes: 0 };

  constructor(
    private readonly file: string,
    private readonly options: TailOptions,
  ) {
    this.open = new Set(options.sessions);
    this.last = this.originZxid = options.after;
  }

  /** The zxid in the log's name, as soon as it is known. */
  get firstZxid(): bigint | undefined {
    return this.first;
  }

  /** Takes a record of the origin; what the snapshot holds already is passed over. */
  add(payload: Buffer): void {
    const txn = txnOf(payload);
    if (txn.zxid <= this.last) return;
    if (txn.type === OpCode.createSession) this.open.add(txn.clientId);
    if (txn.type === OpCode.closeSession) this.open.delete(txn.clientId);
    this.survey(txn, payload.length);
    this.write(txn.zxid, inOlderTerms(this.file, payload, this.options.unknown));
    this.originZxid = txn.zxid;
    this.records++;
  }

  /** Ends every session that is still open. */
  finish(): void {
    for (const session of [...this.open].sort((a, b) => (a < b ? -1 : 1))) {
      const payload = Buffer.alloc(TXN_HEADER_BYTES);
      payload.writeBigInt64BE(session);
      payload.writeBigInt64BE(this.last + 1n, 12);
      payload.writeBigInt64BE(BigInt(this.options.now), 20);
      payload.writeInt32BE(OpCode.closeSession, 28);
      this.write(this.last + 1n, payload);
      this.closedSessions++;
    }
    this.open.clear();
  }

  /** What is ready to go out. */
  take(): Buffer[] {
    return this.kept.splice(0);
  }

  result(): Tail {
    const { first, originZxid, last, records, closedSessions, largest } = this;
    const created = { container: sampleOf(this.created.container), ttl: sampleOf(this.created.ttl) };
    return { firstZxid: first, originZxid, lastZxid: last, records, closedSessions, largest, created };
  }

  private write(zxid: bigint, payload: Buffer): void {
    if (this.first === undefined) this.kept.push(fileHeader());
    this.first ??= zxid;
    this.last = zxid;
    const frame = Buffer.alloc(FRAME_BYTES);
    frame.writeBigInt64BE(BigInt(adler32(ADLER32_START, payload, 0, payload.length)));
    frame.writeInt32BE(payload.length, 8);
    this.kept.push(frame, payload, Buffer.from([END_OF_RECORD]));
  }

  private survey(txn: Txn, bytes: number): void {
    const changes = changesOf(this.file, txn);
    if (bytes > this.largest.bytes) this.largest = { path: changes[0]?.path ?? "", bytes };
    for (const change of changes) {
      if (change.kind !== "create") continue;
      const kind = kindOfOwner(change.ephemeralOwner);
      if (kind === "container" || kind === "ttl") this.created[kind].add(change.path);
    }
  }
}

function kindOfOwner(owner: bigint): ZnodeKind {
  return kindOf(Number(owner >> 32n), Number(BigInt.asIntN(32, owner)));
}

function sampleOf(paths: ReadonlySet<string>): Sample {
  return { count: paths.size, paths: [...paths].slice(0, SAMPLES) };
}

/** As `FileTxnLog` writes it: version 2, database 0. */
function fileHeader(): Buffer {
  const header = Buffer.alloc(16);
  header.write("ZKLG", "latin1");
  header.writeInt32BE(2, 4);
  return header;
}
