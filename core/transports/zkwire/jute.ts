/**
 * ZooKeeper's encoding (jute) for packets that are whole in memory.
 *
 *   int      4 bytes, big-endian, signed         long     8 bytes, big-endian, signed
 *   boolean  1 byte                              buffer   int length, bytes; −1 is null
 *   ustring  as buffer, UTF-8                    vector   int count, elements; −1 is null
 */

/** Grows as it is written; {@link frame} puts the packet's length in front. */
export class JuteWriter {
  private bytes: Buffer;
  /** Where the packet begins, with four bytes for its length. */
  private begin = 0;
  private at = 4;

  constructor(expected = 256) {
    this.bytes = Buffer.allocUnsafe(Math.max(64, expected));
  }

  int(value: number): this {
    this.room(4);
    this.at = this.bytes.writeInt32BE(value, this.at);
    return this;
  }

  long(value: bigint): this {
    this.room(8);
    this.at = this.bytes.writeBigInt64BE(value, this.at);
    return this;
  }

  boolean(value: boolean): this {
    this.room(1);
    this.at = this.bytes.writeUInt8(value ? 1 : 0, this.at);
    return this;
  }

  buffer(value: Buffer | null): this {
    if (value === null) return this.int(-1);
    this.int(value.length).room(value.length);
    value.copy(this.bytes, this.at);
    this.at += value.length;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int(length).room(length);
    this.at += this.bytes.write(value, this.at, "utf8");
    return this;
  }

  vector<T>(values: readonly T[], write: (value: T) => void): this {
    this.int(values.length);
    values.forEach(write);
    return this;
  }

  /** Length of the packet, without the frame's own four bytes. */
  get length(): number {
    return this.at - this.begin - 4;
  }

  /** Ends the packet; what is written from now on is another one behind it. */
  another(): this {
    this.bytes.writeInt32BE(this.length, this.begin);
    this.begin = this.at;
    this.room(4);
    this.at += 4;
    return this;
  }

  /** Every packet behind its length, ready for the wire. */
  frame(): Buffer {
    this.bytes.writeInt32BE(this.length, this.begin);
    return this.bytes.subarray(0, this.at);
  }

  private room(size: number): this {
    if (this.at + size > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + size));
      this.bytes.copy(grown, 0, 0, this.at);
      this.bytes = grown;
    }
    return this;
  }
}

/** Throws a RangeError for a packet that ends too early. */
export class JuteReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Offset of the next field. */
  get position(): number {
    return this.at;
  }

  /** The bytes from there up to the next field. */
  since(position: number): Buffer {
    return this.bytes.subarray(position, this.at);
  }

  /** Goes on behind the next `size` bytes. */
  skip(size: number): this {
    this.at += size;
    return this;
  }

  /** Whether these bytes come next; goes on behind them if so. */
  skipIf(bytes: Buffer): boolean {
    const end = this.at + bytes.length;
    if (end > this.bytes.length || this.bytes.compare(bytes, 0, bytes.length, this.at, end) !== 0)
      return false;
    this.at = end;
    return true;
  }

  int(): number {
    const value = this.bytes.readInt32BE(this.at);
    this.at += 4;
    return value;
  }

  long(): bigint {
    const value = this.bytes.readBigInt64BE(this.at);
    this.at += 8;
    return value;
  }

  boolean(): boolean {
    return this.bytes.readUInt8(this.at++) !== 0;
  }

  /** A view of the packet, which stays in memory as long as the view does. */
  buffer(): Buffer | null {
    const length = this.int();
    if (length < 0) return null;
    if (this.at + length > this.bytes.length)
      throw new RangeError(`a buffer of ${length} bytes exceeds its packet`);
    const value = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return value;
  }

  string(): string {
    return this.buffer()?.toString("utf8") ?? "";
  }

  vector<T>(read: () => T): T[] {
    const count = this.int();
    // No element is shorter than a byte: a longer count is damage, and would fill the memory.
    if (count > this.bytes.length) throw new RangeError(`a vector of ${count} elements exceeds its packet`);
    return Array.from({ length: Math.max(0, count) }, read);
  }
}
