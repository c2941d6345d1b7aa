/** Gives tests the recorded files of real servers (see ../recorded/README.md), and chops them up. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export type Version = "3.4.14" | "3.7.1";

export function recorded(version: Version, name: string): Buffer {
  return gunzipSync(readFileSync(join(__dirname, "..", "recorded", version, `${name}.recorded.gz`)));
}

/** The bytes in chunks of a size that splits every field sooner or later. */
export async function* inChunks(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

/** Adler-32 as its definition has it, one byte at a time. */
export function slowAdler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

/** A log of small transactions with these zxids, as a server would write it, without padding. */
export function logOf(...zxids: readonly bigint[]): Buffer {
  const header = Buffer.alloc(16);
  header.write("ZKLG");
  header.writeInt32BE(2, 4);
  return Buffer.concat([header, ...zxids.map(record)]);
}

function record(zxid: bigint): Buffer {
  const bytes = Buffer.alloc(12 + 36 + 1);
  bytes.writeInt32BE(36, 8);
  bytes.writeBigInt64BE(zxid, 12 + 12);
  bytes.writeInt32BE(-10, 12 + 28);
  bytes.writeBigInt64BE(BigInt(slowAdler32(bytes.subarray(12, 48))));
  bytes[48] = 0x42;
  return bytes;
}
