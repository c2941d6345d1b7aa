/**
 * What of a znode goes into the digest of its tree (`DigestCalculator`, version 2): the CRC-32 of
 * path ‖ data ‖ czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner.
 *
 * In two parts, so that a znode of which only the stat changes needs its data no more.
 */
import { crc32 } from "node:zlib";
import type { ZnodeView } from "./znode";

/** Bytes of a stat in the order in which it is digested. */
export const DIGEST_STAT_BYTES = 60;

/** Offsets of the fields in a digested stat. */
export const IN_DIGEST = {
  czxid: 0,
  mzxid: 8,
  pzxid: 16,
  ctime: 24,
  mtime: 32,
  version: 40,
  cversion: 44,
  aversion: 48,
  ephemeralOwner: 52,
} as const;

const PZXID_IN_STAT = 52;
const ZOOKEEPER = Buffer.from("/zookeeper/");
/** What the key −1 stands for: one entry, all permissions, world:anyone. */
export const OPEN_ACL = Buffer.from("\0\0\0\x01\0\0\0\x1f\0\0\0\x05world\0\0\0\x06anyone", "latin1");

/** Puts a znode's stat into `target`, in the order of the digest. */
export function copyDigestStat({ buffer, dataEnd }: ZnodeView, target: Buffer): void {
  const stat = dataEnd + 8;
  buffer.copy(target, 0, stat, stat + 16);
  buffer.copy(target, IN_DIGEST.pzxid, stat + PZXID_IN_STAT, stat + PZXID_IN_STAT + 8);
  buffer.copy(target, IN_DIGEST.ctime, stat + 16, stat + PZXID_IN_STAT);
}

/** The part of the digest that path and data make; null data counts as none. */
export function contentCrc(path: Buffer, data: Buffer | null): number {
  const crc = crc32(path);
  return data && data.length > 0 ? crc32(data, crc) : crc;
}

/** Znodes below /zookeeper/ are in no digest: each ensemble writes its own. */
export function isZooKeepersOwn(path: Buffer): boolean {
  return (
    path.length > ZOOKEEPER.length && path.compare(ZOOKEEPER, 0, ZOOKEEPER.length, 0, ZOOKEEPER.length) === 0
  );
}
