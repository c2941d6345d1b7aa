/**
 * Cuts a stream of bytes into packets: each an int length and that many bytes.
 *
 * Chunks are kept as they came until a packet is whole, and joined once: joining at every chunk would copy a
 * large answer as many times as it has chunks.
 */
export class Framer {
  private chunks: Buffer[] = [];
  private size = 0;

  /** @param limit bytes of the largest packet that is believed; beyond it the stream counts as damaged. */
  constructor(private readonly limit: number) {}

  /** The packets that `chunk` completed. Throws a RangeError for a length that no server sends. */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    const packets: Buffer[] = [];
    for (;;) {
      const length = this.nextLength();
      if (length === undefined || this.size < 4 + length) return packets;
      const bytes = this.joined();
      packets.push(bytes.subarray(4, 4 + length));
      const rest = bytes.subarray(4 + length);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.size = rest.length;
    }
  }

  private nextLength(): number | undefined {
    if (this.size < 4) return undefined;
    const first = this.chunks[0] as Buffer;
    const length = (first.length >= 4 ? first : this.joined()).readInt32BE(0);
    if (length < 0 || length > this.limit) throw new RangeError(`a packet of ${length} bytes`);
    return length;
  }

  private joined(): Buffer {
    const [only, ...others] = this.chunks;
    const bytes = only && others.length === 0 ? only : Buffer.concat(this.chunks, this.size);
    this.chunks = [bytes];
    return bytes;
  }
}
