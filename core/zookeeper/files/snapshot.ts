/**
 * Reads a snapshot of ZooKeeper from front to back, once, in flat memory.
 *
 *     snapshot = "ZKSN" · int 2 · long dbid · int n, n × {long id, int timeout}
 *              · int n, n × {long key, acls} · znode … · ustring "/" · seal
 *              [ long zxid · int digestVersion · long digest · seal ]      from 3.6 on
 *              [ long lastProcessedZxid · seal ]                           from 3.9 on
 *     acls     = int n, n × {int perms, ustring scheme, ustring id}
 *     seal     = long Adler-32 of everything before it · ustring "/"
 *
 * (`FileSnap`, `SnapStream`, `DataTree.serialize`.) Visitors are called before the seal is reached, so nothing that
 * they gathered may be believed until the walk has ended without an error.
 */
import { BrokenFile } from "./broken-file";
import { drain } from "./drain";
import { plainBytes } from "./file-name";
import { JuteReader, type Bytes } from "./jute";
import { ZNODE_TAIL_BYTES, ZnodeView } from "./znode";

/** Called in the order of the file. Buffers and views are valid during the call only. */
export interface SnapshotVisitor {
  /** Once, before the first session. */
  onSessionCount?(sessions: number): void;
  onSession?(id: bigint, timeoutMs: number): void;
  /** Once, before the first list. */
  onAclCount?(lists: number): void;
  /** `list` is the list as encoded, without its key; `record` is key and list. */
  onAcl?(key: number, list: Buffer, record: Buffer): void;
  onNode?(node: ZnodeView): void;
  /** Last, once every seal held. */
  onSeal?(seal: SnapshotSeal): void;
}

/** What follows the tree. */
export interface SnapshotSeal {
  /** Which server's layout it is; 3.5 writes the one of 3.4. */
  readonly format: "3.4" | "3.6+";
  /** The server's own digest of the tree at `zxid`; undefined in the old layout. zxid 0 means that it knew none. */
  readonly treeDigest?: { readonly zxid: bigint; readonly version: number; readonly digest: bigint };
  /** Plain bytes in the whole file. */
  readonly bytes: number;
}

export type SnapshotVerdict =
  | { readonly complete: true; readonly seal: SnapshotSeal }
  | { readonly complete: false; readonly broken: BrokenFile };

const MAGIC = Buffer.from("ZKSN");
const VERSION = 2;
const SEAL_BYTES = 13;

/**
 * Reads a whole snapshot. `.gz` is unpacked by the name's ending.
 * @throws BrokenFile where the file ends early, was changed or makes no sense; Refusal for `.snappy`
 */
export async function readSnapshot(
  file: string,
  bytes: Bytes,
  visitor: SnapshotVisitor,
): Promise<SnapshotSeal> {
  return drain(walkSnapshot(file, bytes, visitor));
}

/** Whether the server would find this snapshot whole: seal present and Adler-32 equal, in every part. */
export async function judgeSnapshot(
  file: string,
  bytes: Bytes,
  visitor: SnapshotVisitor = {},
): Promise<SnapshotVerdict> {
  try {
    return { complete: true, seal: await readSnapshot(file, bytes, visitor) };
  } catch (error) {
    if (error instanceof BrokenFile) return { complete: false, broken: error };
    throw error;
  }
}

/** As {@link readSnapshot}, but stops after each chunk of input, so that a consumer can set the pace. */
export async function* walkSnapshot(
  file: string,
  bytes: Bytes,
  visitor: SnapshotVisitor,
): AsyncGenerator<void, SnapshotSeal, void> {
  const reader = new JuteReader(file, plainBytes(file, bytes));
  try {
    await readHeader(reader);
    await readSessions(reader, visitor);
    await readAcls(reader, visitor);
    yield* readNodes(reader, visitor);
    const seal = await readSeals(reader);
    visitor.onSeal?.(seal);
    return seal;
  } finally {
    await reader.close();
  }
}

/**
 * The sessions that a snapshot holds, in the order of the file: its head alone is read.
 * @throws BrokenFile where that is not whole
 */
export async function sessionsIn(file: string, bytes: Bytes): Promise<bigint[]> {
  const reader = new JuteReader(file, plainBytes(file, bytes));
  const sessions: bigint[] = [];
  try {
    await readHeader(reader);
    await readSessions(reader, { onSession: (id) => sessions.push(id) });
    return sessions;
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: JuteReader): Promise<void> {
  await reader.fill(16);
  const magic = reader.buffer.subarray(0, 4);
  if (magic.length === 4 && !magic.equals(MAGIC)) {
    throw reader.broken("bad-magic", JSON.stringify(magic.toString("latin1")), '"ZKSN"');
  }
  await reader.need(16, "the file header");
  if (reader.int(4) !== VERSION)
    throw reader.broken("bad-structure", `version ${reader.int(4)}`, `${VERSION}`, 4);
  reader.skip(16);
}

async function readSessions(reader: JuteReader, visitor: SnapshotVisitor): Promise<void> {
  const sessions = await readCount(reader, "sessions");
  visitor.onSessionCount?.(sessions);
  for (let left = sessions; left > 0; left--) {
    if (!reader.have(12)) await reader.need(12, "a session");
    visitor.onSession?.(reader.long(), reader.int(8));
    reader.skip(12);
  }
}

async function readAcls(reader: JuteReader, visitor: SnapshotVisitor): Promise<void> {
  const lists = await readCount(reader, "ACL lists");
  visitor.onAclCount?.(lists);
  for (let left = lists; left > 0; left--) {
    const size = await measureAcl(reader);
    const record = reader.buffer.subarray(reader.at, reader.at + size);
    visitor.onAcl?.(Number(record.readBigInt64BE()), record.subarray(8), record);
    reader.skip(size);
  }
}

/** Bytes of a key and its list, all of which are here afterwards. */
async function measureAcl(reader: JuteReader): Promise<number> {
  await reader.need(12, "an ACL list");
  const entries = reader.int(8);
  if (entries < 0) throw reader.broken("bad-structure", `an ACL list of ${entries} entries`, "0 or more", 8);
  let size = 12;
  for (let left = entries; left > 0; left--) {
    size += 4;
    for (const what of ["an ACL's scheme", "an ACL's id"]) {
      await reader.need(size + 4, what);
      size += 4 + Math.max(0, reader.length(size, what));
    }
    await reader.need(size, "an ACL");
  }
  return size;
}

async function readCount(reader: JuteReader, what: string): Promise<number> {
  await reader.need(4, `the number of ${what}`);
  const count = reader.int();
  if (count < 0) throw reader.broken("bad-structure", `${count} ${what}`, "0 or more");
  reader.skip(4);
  return count;
}

/** Returns once the "/" that ends the nodes is consumed. */
async function* readNodes(reader: JuteReader, visitor: SnapshotVisitor): AsyncGenerator<void, void, void> {
  const view = new ZnodeView();
  for (;;) {
    const missing = readBuffered(reader, visitor, view);
    if (missing === 0) return;
    yield;
    await reader.need(missing, "a znode");
  }
}

/** Visits every node that is here as a whole. @returns the bytes needed to go on, 0 at the end of the nodes */
function readBuffered(reader: JuteReader, visitor: SnapshotVisitor, view: ZnodeView): number {
  for (;;) {
    if (!reader.have(4)) return 4;
    const pathBytes = reader.length(0, "a path");
    if (pathBytes < 0) throw reader.broken("bad-structure", "a null path", "a path");
    if (!reader.have(4 + pathBytes)) return 4 + pathBytes;
    const slash = pathBytes > 0 && reader.buffer[reader.at + 4] === 0x2f;
    if (pathBytes === 1 && slash) {
      reader.skip(5);
      return 0;
    }
    if (pathBytes > 0 && !slash)
      throw reader.broken("bad-structure", "a path without a leading /", "a path", 4);
    if (!reader.have(8 + pathBytes)) return 8 + pathBytes;
    const dataBytes = reader.length(4 + pathBytes, "a znode's data");
    const size = 8 + pathBytes + Math.max(0, dataBytes) + ZNODE_TAIL_BYTES;
    if (!reader.have(size)) return size;
    view.move(reader.buffer, reader.at, pathBytes, dataBytes);
    visitor.onNode?.(view);
    reader.skip(size);
  }
}

async function readSeals(reader: JuteReader): Promise<SnapshotSeal> {
  await readSeal(reader);
  if (!(await reader.fill(1))) return { format: "3.4", bytes: reader.position };
  await reader.need(12, "the tree digest");
  const zxid = reader.long();
  const version = reader.int(8);
  if (version !== 2) throw reader.broken("bad-structure", `digest version ${version}`, "2", 8);
  await reader.need(20, "the tree digest");
  const treeDigest = { zxid, version, digest: reader.long(12) };
  reader.skip(20);
  await readSeal(reader);
  if (await reader.fill(1)) {
    await reader.need(8, "the last processed zxid");
    reader.skip(8);
    await readSeal(reader);
  }
  if (await reader.fill(1))
    throw reader.broken("bad-structure", "more bytes after the last seal", "the end of the file");
  return { format: "3.6+", treeDigest, bytes: reader.position };
}

async function readSeal(reader: JuteReader): Promise<void> {
  const found = BigInt(reader.adler());
  await reader.need(SEAL_BYTES, "the seal");
  const written = reader.long();
  if (written !== found) {
    throw reader.broken(
      "bad-checksum",
      `content with Adler-32 ${found.toString(16)}`,
      `${written.toString(16)}, as sealed`,
    );
  }
  if (reader.int(8) !== 1 || reader.buffer[reader.at + 12] !== 0x2f) {
    throw reader.broken("bad-structure", "something else behind the checksum", '"/"', 8);
  }
  reader.skip(SEAL_BYTES);
}
