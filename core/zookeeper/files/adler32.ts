/**
 * Adler-32, with which ZooKeeper seals snapshots and log records (`java.util.zip.Adler32`).
 *
 * Node has no Adler-32 of its own. The sums are reduced once per 3 800 bytes only: that is as long as the second
 * sum stays below 2^31, where V8 keeps plain integers; reducing each byte is ten times slower, and reducing later
 * would give wrong sums.
 */
const BASE = 65521;
/** Largest multiple of 8 with 255·n·(n+1)/2 + (n+1)·(BASE−1) below 2^31. */
const BLOCK = 3800;

/** The checksum of no bytes at all. */
export const ADLER32_START = 1;

/**
 * Continues a checksum over `bytes[start, end)`.
 * @returns an unsigned 32-bit number
 */
export function adler32(checksum: number, bytes: Uint8Array, start: number, end: number): number {
  let a = checksum & 0xffff;
  let b = checksum >>> 16;
  let at = start;
  while (at < end) {
    const stop = Math.min(at + BLOCK, end);
    const unrolled = stop - ((stop - at) & 7);
    for (; at < unrolled; at += 8) {
      b += a += bytes[at]!;
      b += a += bytes[at + 1]!;
      b += a += bytes[at + 2]!;
      b += a += bytes[at + 3]!;
      b += a += bytes[at + 4]!;
      b += a += bytes[at + 5]!;
      b += a += bytes[at + 6]!;
      b += a += bytes[at + 7]!;
    }
    for (; at < stop; at++) b += a += bytes[at]!;
    a %= BASE;
    b %= BASE;
  }
  return ((b << 16) | a) >>> 0;
}
