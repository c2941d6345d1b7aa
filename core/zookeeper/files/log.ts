/**
 * Reads a transaction log to its end and judges it.
 *
 *     log    = "ZKLG" · int 2 · long dbid · record … · zero bytes (preallocated) or the end of the file
 *     record = long Adler-32 of the payload · int length · payload · byte 0x42
 *     payload = long clientId · int cxid · long zxid · long time · int type · txn [ digest ]
 *
 * (`FileTxnLog`, `Util.writeTxnBytes`.) A server takes a record without its 0x42 for the end of the log and goes on
 * to the next file without a word, which is right after a power cut and loses writes silently anywhere else. So the
 * end is judged here: `torn` only where nothing but zeros, or a piece of one record, follows the last good one.
 *
 * A verdict is also where a later reading goes on ({@link continueLog}): a log that was judged while the server
 * still wrote it needs only its tail read once it has stopped.
 */
import { ADLER32_START, adler32 } from "./adler32";
import { drain } from "./drain";
import { JuteReader, MAX_FIELD_BYTES, type Bytes } from "./jute";
import { corrupt, END_OF_RECORD, endOf, FRAME_BYTES, TXN_HEADER_BYTES, type LogEnd } from "./log-end";
import { collectTypes } from "./txn-types";
import { stepBetween, type Step } from "./zxid-order";

/** A place where zxids do not simply count on. */
export interface ZxidStep {
  readonly kind: Exclude<Step, "next">;
  readonly offset: number;
  readonly after: bigint;
  readonly found: bigint;
}

export interface LogVerdict {
  readonly file: string;
  readonly firstZxid: bigint | undefined;
  /** Of the last good record. */
  readonly lastZxid: bigint | undefined;
  readonly records: number;
  /** Where the last good record begins; undefined where there is none. */
  readonly lastOffset: number | undefined;
  /** Where the last good record ends: copy up to here and nothing of worth is left behind. */
  readonly usedBytes: number;
  readonly end: LogEnd;
  readonly steps: readonly ZxidStep[];
  /** Transaction types, those inside multis included. */
  readonly types: readonly number[];
}

const HEADER_BYTES = 16;
const MAGIC = Buffer.from("ZKLG");

/** Sees every good record, in order. The payload is valid until the walk goes on. */
export type RecordVisitor = (payload: Buffer, offset: number) => void;

/** Judges a whole log. Never throws over its content; errors of the stream itself pass through. */
export async function judgeLog(file: string, bytes: Bytes): Promise<LogVerdict> {
  return continueLog(unread(file), bytes);
}

/**
 * Goes on where an earlier verdict ended.
 * @param tail the file's bytes from `earlier.usedBytes` on
 */
export async function continueLog(earlier: LogVerdict, tail: Bytes): Promise<LogVerdict> {
  return drain(walkLog(earlier, tail, () => undefined));
}

/** A log of which nothing was read yet, or nothing that matters before a record that begins at `from`. */
export function unread(file: string, from = 0): LogVerdict {
  const nothing = { firstZxid: undefined, lastZxid: undefined, lastOffset: undefined };
  return { file, ...nothing, records: 0, usedBytes: from, end: { kind: "clean" }, steps: [], types: [] };
}

/** As {@link continueLog}, but stops before each chunk of input, so that whoever takes the records sets the pace. */
export async function* walkLog(
  earlier: LogVerdict,
  tail: Bytes,
  visit: RecordVisitor,
): AsyncGenerator<void, LogVerdict, void> {
  const reader = new JuteReader(earlier.file, tail, earlier.usedBytes);
  const log = new LogState(earlier);
  try {
    const bad = earlier.usedBytes < HEADER_BYTES ? await readHeader(reader, log) : undefined;
    return log.verdict(bad ?? (yield* readRecords(reader, log, visit)));
  } finally {
    await reader.close();
  }
}

/** @returns the end of a file that is no log */
async function readHeader(reader: JuteReader, log: LogState): Promise<LogEnd | undefined> {
  if (!(await reader.fill(HEADER_BYTES))) return { kind: "no-header" };
  const magic = reader.buffer.subarray(reader.at, reader.at + 4);
  if (!magic.equals(MAGIC)) {
    const found = JSON.stringify(magic.toString("latin1"));
    return { kind: "corrupt", broken: reader.broken("bad-magic", found, '"ZKLG"') };
  }
  if (reader.int(4) !== 2) {
    return { kind: "corrupt", broken: reader.broken("bad-structure", `version ${reader.int(4)}`, "2", 4) };
  }
  reader.skip(HEADER_BYTES);
  log.usedBytes = HEADER_BYTES;
  return undefined;
}

async function* readRecords(
  reader: JuteReader,
  log: LogState,
  visit: RecordVisitor,
): AsyncGenerator<void, LogEnd, void> {
  for (;;) {
    if (!reader.have(FRAME_BYTES)) {
      yield;
      if (!(await reader.fill(FRAME_BYTES))) return endOf(reader, Infinity);
    }
    const length = reader.int(8);
    if (length === 0) return endOf(reader, reader.long() === 0n ? 0 : FRAME_BYTES);
    if (length < 0 || length > MAX_FIELD_BYTES) {
      return corrupt(reader, "bad-structure", `a record of ${length} bytes`, `1 to ${MAX_FIELD_BYTES}`);
    }
    const size = FRAME_BYTES + length + 1;
    if (!reader.have(size)) {
      yield;
      if (!(await reader.fill(size))) return endOf(reader, Infinity);
    }
    const start = reader.at + FRAME_BYTES;
    const payload = reader.buffer.subarray(start, start + length);
    if (reader.buffer[start + length] !== END_OF_RECORD) return endOf(reader, size);
    const checksum = adler32(ADLER32_START, payload, 0, length);
    if (reader.long() !== BigInt(checksum)) {
      const found = `a record with Adler-32 ${checksum.toString(16)}`;
      return corrupt(reader, "bad-checksum", found, `${reader.long().toString(16)}, as written with it`);
    }
    if (length < TXN_HEADER_BYTES) {
      const found = `a transaction of ${length} bytes`;
      return corrupt(reader, "bad-structure", found, `${TXN_HEADER_BYTES} or more`);
    }
    log.add(reader.position, payload);
    visit(payload, reader.position);
    reader.skip(size);
    log.usedBytes = reader.position;
  }
}

/** What was gathered so far. */
class LogState {
  usedBytes: number;
  private readonly file: string;
  private firstZxid: bigint | undefined;
  private lastZxid: bigint | undefined;
  private lastOffset: number | undefined;
  private records: number;
  private readonly steps: ZxidStep[];
  private readonly types: Set<number>;

  constructor(earlier: LogVerdict) {
    this.file = earlier.file;
    this.usedBytes = earlier.usedBytes;
    this.firstZxid = earlier.firstZxid;
    this.lastZxid = earlier.lastZxid;
    this.lastOffset = earlier.lastOffset;
    this.records = earlier.records;
    this.steps = [...earlier.steps];
    this.types = new Set(earlier.types);
  }

  add(offset: number, payload: Buffer): void {
    const found = payload.readBigInt64BE(12);
    const after = this.lastZxid;
    const kind = after === undefined ? "next" : stepBetween(after, found);
    if (after !== undefined && kind !== "next") this.steps.push({ kind, offset, after, found });
    this.firstZxid ??= found;
    this.lastZxid = found;
    this.lastOffset = offset;
    this.records++;
    collectTypes(payload.readInt32BE(28), payload.subarray(TXN_HEADER_BYTES), this.types);
  }

  verdict(end: LogEnd): LogVerdict {
    const { file, firstZxid, lastZxid, lastOffset, records, usedBytes, steps } = this;
    const types = [...this.types].sort((a, b) => a - b);
    return { file, firstZxid, lastZxid, lastOffset, records, usedBytes, end, steps, types };
  }
}
