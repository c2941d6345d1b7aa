/**
 * Judges the end of a log: where a server would stop reading, is it really the end?
 *
 * A cut-off record at the very end is what a power cut leaves, and was never acknowledged. The same bytes with a good
 * record, or anything but zeros, behind them mean that acknowledged writes follow which the server would pass over
 * in silence. So a torn end is believed only after everything behind it was looked at.
 */
import { ADLER32_START, adler32 } from "./adler32";
import type { BrokenFile } from "./broken-file";
import type { JuteReader } from "./jute";

/** Bytes before a record's payload: its Adler-32 and its length. */
export const FRAME_BYTES = 12;
/** Bytes of the smallest payload. */
export const TXN_HEADER_BYTES = 32;
/** The byte behind each payload. */
export const END_OF_RECORD = 0x42;

export type LogEnd =
  /** Zeros or the end of the file right behind the last record. */
  | { readonly kind: "clean" }
  /** Part of a record at the very end: `droppedBytes` is its size up to the last byte that is not zero. */
  | { readonly kind: "torn"; readonly offset: number; readonly droppedBytes: number }
  /** Shorter than a file header, for example empty: a server does not start on it. */
  | { readonly kind: "no-header" }
  | { readonly kind: "corrupt"; readonly broken: BrokenFile };

const ZEROS = Buffer.alloc(64 * 1024);

/**
 * Judges what follows the last good record.
 * @param broken how many bytes may be the rest of a record that was cut off; whatever follows them must be zero
 */
export async function endOf(reader: JuteReader, broken: number): Promise<LogEnd> {
  const offset = reader.position;
  const rest = reader.buffer.subarray(reader.at);
  const inside = findRecord(rest);
  if (inside >= 0) {
    return corrupt(
      reader,
      "bad-structure",
      `a damaged record, and a good one ${inside} bytes on`,
      "good records",
    );
  }
  const droppedBytes = lengthWithoutZeros(rest);
  if (droppedBytes > broken) return corruptPadding(reader, broken);
  reader.skip(rest.length);
  while (await reader.fill(1)) {
    const chunk = reader.buffer.subarray(reader.at);
    if (lengthWithoutZeros(chunk) > 0) return corruptPadding(reader, 0);
    reader.skip(chunk.length);
  }
  return droppedBytes === 0 ? { kind: "clean" } : { kind: "torn", offset, droppedBytes };
}

function corruptPadding(reader: JuteReader, offset: number): LogEnd {
  return corrupt(
    reader,
    "bad-structure",
    "data behind the end of the log",
    "zeros or the end of the file",
    offset,
  );
}

/** The end of a log at damage. */
export function corrupt(
  reader: JuteReader,
  kind: "bad-structure" | "bad-checksum",
  found: string,
  expected: string,
  offset = 0,
): LogEnd {
  return { kind: "corrupt", broken: reader.broken(kind, found, expected, offset) };
}

/** Bytes up to the last one that is not zero. */
function lengthWithoutZeros(bytes: Buffer): number {
  let end = bytes.length;
  while (end >= ZEROS.length && bytes.compare(ZEROS, 0, ZEROS.length, end - ZEROS.length, end) === 0)
    end -= ZEROS.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** Offset of a whole, good record behind the first byte; −1 when there is none. A torn end holds none. */
function findRecord(bytes: Buffer): number {
  const last = lengthWithoutZeros(bytes) - FRAME_BYTES - TXN_HEADER_BYTES - 1;
  for (let at = 1; at <= last; at++) {
    // An Adler-32 in a long: four zero bytes, then the sum, which is never zero.
    if (bytes[at] !== 0 || bytes.readUInt32BE(at) !== 0) continue;
    const length = bytes.readInt32BE(at + 8);
    const end = at + FRAME_BYTES + length;
    if (length < TXN_HEADER_BYTES || end >= bytes.length || bytes[end] !== END_OF_RECORD) continue;
    if (adler32(ADLER32_START, bytes, at + FRAME_BYTES, end) === bytes.readUInt32BE(at + 4)) return at;
  }
  return -1;
}
