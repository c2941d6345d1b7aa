/**
 * Reads jute, ZooKeeper's encoding, out of an asynchronous stream of bytes (`org.apache.jute.BinaryInputArchive`).
 *
 *     int = 4 bytes, long = 8 bytes, both big-endian · buffer, ustring = int length (−1: null), bytes
 *
 * A record is read without waiting as long as its bytes are here: the caller checks with {@link JuteReader.have}
 * (or awaits {@link JuteReader.need}), reads fields at offsets, then calls {@link JuteReader.skip}. One await per
 * chunk instead of one per field is what makes 300 000 znodes a matter of half a second.
 *
 * Memory follows the bytes that arrived, never a length that was read: a length of 2 GB in a damaged file is an
 * error, not an allocation.
 */
import { ADLER32_START, adler32 } from "./adler32";
import { BrokenFile, type Breakage } from "./broken-file";

/** Bytes of one file, in order. A `Readable` is one. */
export type Bytes = AsyncIterable<Buffer>;

/** No field may be longer, in bytes. jute.maxbuffer is 1 MB by default and nobody sane goes far beyond it. */
export const MAX_FIELD_BYTES = 256 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

export class JuteReader {
  /** What has arrived and was not consumed yet starts at {@link at}. Valid until the next {@link need} or {@link more}. */
  buffer: Buffer = EMPTY;
  at = 0;
  private readonly source: AsyncIterator<Buffer>;
  private base = 0;
  private summed = 0;
  private checksum = ADLER32_START;
  private ended = false;

  /** @param file what errors call the file, for example `zk-old2:/var/lib/zookeeper/version-2/snapshot.0` */
  constructor(
    readonly file: string,
    bytes: Bytes,
    /** Offset of the first byte in the file, when reading starts in the middle. @default 0 */
    start = 0,
  ) {
    this.source = bytes[Symbol.asyncIterator]();
    this.base = start;
  }

  /** Offset in the file of the next byte to be consumed. */
  get position(): number {
    return this.base + this.at;
  }

  /** Whether `bytes` more bytes can be read without waiting. */
  have(bytes: number): boolean {
    return this.buffer.length - this.at >= bytes;
  }

  /** Waits until `bytes` bytes are here. @returns false when the file ends before */
  async fill(bytes: number): Promise<boolean> {
    if (this.have(bytes)) return true;
    this.sum();
    const parts = this.at < this.buffer.length ? [this.buffer.subarray(this.at)] : [];
    this.base += this.at;
    let size = this.buffer.length - this.at;
    while (size < bytes && !this.ended) {
      const next = await this.source.next();
      if (next.done) {
        this.ended = true;
      } else if (next.value.length > 0) {
        parts.push(next.value);
        size += next.value.length;
      }
    }
    this.buffer = parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
    this.at = 0;
    this.summed = 0;
    return size >= bytes;
  }

  /** As {@link fill}, but an early end is an error. @throws BrokenFile `truncated` */
  async need(bytes: number, what: string): Promise<void> {
    if (await this.fill(bytes)) return;
    const left = this.buffer.length - this.at;
    throw new BrokenFile(
      this.file,
      "truncated",
      this.base + this.buffer.length,
      `the end of the file after ${left} of ${bytes} bytes of ${what}`,
      `${bytes - left} more bytes`,
    );
  }

  int(offset = 0): number {
    return this.buffer.readInt32BE(this.at + offset);
  }

  long(offset = 0): bigint {
    return this.buffer.readBigInt64BE(this.at + offset);
  }

  /**
   * The length of a buffer or string, checked: −1 (null) to {@link MAX_FIELD_BYTES}.
   * @throws BrokenFile `bad-structure`
   */
  length(offset: number, what: string): number {
    const length = this.int(offset);
    if (length < -1 || length > MAX_FIELD_BYTES) {
      throw this.broken(
        "bad-structure",
        `${length} as the length of ${what}`,
        `0 to ${MAX_FIELD_BYTES}`,
        offset,
      );
    }
    return length;
  }

  /** Consumes bytes that are here. */
  skip(bytes: number): void {
    this.at += bytes;
  }

  /** Adler-32 of everything consumed so far. */
  adler(): number {
    this.sum();
    return this.checksum;
  }

  /** An error about the byte at `offset` from the next one to be consumed. */
  broken(kind: Breakage, found: string, expected: string, offset = 0): BrokenFile {
    return new BrokenFile(this.file, kind, this.position + offset, found, expected);
  }

  /** Lets the stream go; a reader that is left early would otherwise hold its connection open. */
  async close(): Promise<void> {
    if (!this.ended) await this.source.return?.();
    this.ended = true;
  }

  private sum(): void {
    this.checksum = adler32(this.checksum, this.buffer, this.summed, this.at);
    this.summed = this.at;
  }
}

/** An int as it is written. */
export function encodeInt(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
