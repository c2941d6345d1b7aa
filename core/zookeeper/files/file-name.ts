/**
 * Names in a `version-2` folder, and what they promise.
 *
 * The grammar is strict on purpose. ZooKeeper itself splits at dots and takes `snapshot.100000005.bak` for a
 * snapshot (`persistence.Util.getZxidFromName`), so a name that is not exactly one that a server writes must
 * neither be read nor be copied to a folder from which a server will start.
 */
import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { Refusal } from "../../engine/errors";
import { BrokenFile } from "./broken-file";
import type { Bytes } from "./jute";

export type Compression = "none" | "gz" | "snappy";

export interface FileName {
  readonly name: string;
  readonly kind: "snapshot" | "log";
  /** Of a log: its first transaction. Of a snapshot: the last one that it surely contains. */
  readonly zxid: bigint;
  readonly compression: Compression;
}

const GRAMMAR = /^(snapshot|log)\.([0-9a-f]{1,16})(?:\.(gz|snappy))?$/;
const LARGEST_ZXID = (1n << 63n) - 1n;

/** @returns undefined for every name that no server writes: temporary files, backups, currentEpoch, … */
export function parseFileName(name: string): FileName | undefined {
  const match = GRAMMAR.exec(name);
  if (!match) return undefined;
  const [, kind, digits, ending] = match;
  const zxid = BigInt(`0x${digits}`);
  if (zxid > LARGEST_ZXID) return undefined;
  if (kind === "log" && ending !== undefined) return undefined;
  return {
    name,
    kind: kind === "log" ? "log" : "snapshot",
    zxid,
    compression: ending === "gz" ? "gz" : ending === "snappy" ? "snappy" : "none",
  };
}

/** As ZooKeeper prints zxids: `0x100000001`. */
export function showZxid(zxid: bigint): string {
  return `0x${BigInt.asUintN(64, zxid).toString(16)}`;
}

/**
 * The plain bytes behind a snapshot's name.
 * @param file what errors call the file; its ending decides
 * @throws Refusal for `.snappy`; BrokenFile `bad-compression` or `truncated` while reading a damaged `.gz`
 */
export function plainBytes(file: string, bytes: Bytes): Bytes {
  if (file.endsWith(".snappy")) {
    throw new Refusal([
      {
        where: file,
        found: "a snapshot compressed with snappy",
        expected: "a plain or gzip snapshot",
        next:
          "Start that server once with -Dzookeeper.snapshot.compression.method=gz (or without the option): " +
          "it writes a snapshot that can be read when it joins.",
      },
    ]);
  }
  return file.endsWith(".gz") ? gunzip(file, bytes) : bytes;
}

async function* gunzip(file: string, bytes: Bytes): AsyncGenerator<Buffer> {
  const source = Readable.from(bytes, { objectMode: false });
  const plain = source.pipe(createGunzip({ chunkSize: 256 * 1024 }));
  source.on("error", (error) => plain.destroy(error));
  let offset = 0;
  try {
    for await (const chunk of plain) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError("gunzip gave something that is not bytes");
      offset += chunk.length;
      yield chunk;
    }
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (code === "Z_BUF_ERROR") {
      throw new BrokenFile(file, "truncated", offset, "the end of the compressed file", "the rest of it");
    }
    if (typeof code !== "string" || !code.startsWith("Z_")) throw error;
    throw new BrokenFile(file, "bad-compression", offset, `bytes that gzip refuses (${code})`, "gzip data");
  } finally {
    source.destroy();
    plain.destroy();
  }
}
