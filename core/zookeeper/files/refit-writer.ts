/**
 * Puts a refitted snapshot together, out of slices of the one that is read.
 *
 * Nothing is copied: records that stay and lie side by side go out as one piece of the input, and checksums run over
 * what goes out.
 */
import { ADLER32_START, adler32 } from "./adler32";
import { BrokenFile } from "./broken-file";
import { encodeInt } from "./jute";
import type { SnapshotSeal, SnapshotVisitor } from "./snapshot";
import { Summariser, type TreeSummary } from "./tree-summary";
import { type ZnodeKind, ZnodeView } from "./znode";

export interface RefitOptions {
  /** The zxid in the snapshot's name: the server compares the digest only if it is written for exactly this one. */
  readonly zxid: bigint;
  /** "3.6+" appends the tree digest, which a 3.6+ server checks while loading; 3.4 and 3.5 must not get it. */
  readonly format: SnapshotSeal["format"];
  /**
   * Kinds that the servers would delete as they load, and with them the way to their children: written as persistent
   * znodes instead. They keep their data and lose their automatic end. @default none
   */
  readonly asPersistent?: ReadonlySet<ZnodeKind>;
}

/** What a rewriting came to. */
export interface Refitted {
  /** Of the tree as written. */
  readonly written: TreeSummary;
  /** Znodes that were made persistent. */
  readonly madePersistent: number;
  /** What followed the tree that was read. */
  readonly source: SnapshotSeal;
  /** Plain bytes written. */
  readonly bytes: number;
}

/** Feed it one snapshot as a visitor, {@link take} what is ready now and then, {@link finish}, take the rest. */
export class RefitWriter implements SnapshotVisitor {
  private readonly summary = new Summariser();
  private readonly kept: Buffer[] = [header()];
  private run: { readonly buffer: Buffer; readonly start: number; end: number } | undefined;
  private checksum = ADLER32_START;
  private written = 0;
  private readonly acls = new Set<number>([-1]);
  private madePersistent = 0;
  private source: SnapshotSeal | undefined;

  constructor(
    private readonly file: string,
    private readonly options: RefitOptions,
  ) {}

  onSessionCount(sessions: number): void {
    this.kept.push(encodeInt(sessions));
  }

  onSession(id: bigint, timeoutMs: number): void {
    this.summary.onSession();
    const session = Buffer.alloc(12);
    session.writeBigInt64BE(id);
    session.writeInt32BE(timeoutMs, 8);
    this.kept.push(session);
  }

  onAclCount(lists: number): void {
    this.kept.push(encodeInt(lists));
  }

  onAcl(key: number, list: Buffer, record: Buffer): void {
    this.acls.add(key);
    this.summary.onAcl(key, list);
    this.kept.push(record);
  }

  onSeal(seal: SnapshotSeal): void {
    this.source = seal;
  }

  onNode(found: ZnodeView): void {
    const node = this.options.asPersistent?.has(found.kind) ? persistentCopy(found) : found;
    if (node !== found) this.madePersistent++;
    if (!this.acls.has(node.aclKey)) {
      throw this.broken(
        `ACL key ${node.aclKey} of ${node.path}, which is not in the file`,
        "a key in the file",
      );
    }
    this.summary.onNode(node);
    if (this.run?.buffer === node.buffer && this.run.end === node.start) {
      this.run.end = node.end;
    } else {
      this.endRun();
      this.run = { buffer: node.buffer, start: node.start, end: node.end };
    }
  }

  /** Ends the tree and seals it. */
  finish(): void {
    const { format, zxid } = this.options;
    this.endRun();
    this.kept.push(string("/"));
    this.seal();
    if (format === "3.4") return;
    const digest = Buffer.alloc(20);
    digest.writeBigInt64BE(zxid);
    digest.writeInt32BE(2, 8);
    digest.writeBigInt64BE(BigInt(this.summary.result().digest), 12);
    this.kept.push(digest);
    this.seal();
  }

  /** What is ready to go out. */
  take(): Buffer[] {
    this.endRun();
    for (const part of this.kept) {
      this.checksum = adler32(this.checksum, part, 0, part.length);
      this.written += part.length;
    }
    return this.kept.splice(0);
  }

  result(): Refitted {
    const { source, madePersistent } = this;
    if (!source) throw new Error(`${this.file}: finished without a seal`);
    return { written: this.summary.result(), madePersistent, source, bytes: this.written };
  }

  private endRun(): void {
    if (this.run) this.kept.push(this.run.buffer.subarray(this.run.start, this.run.end));
    this.run = undefined;
  }

  private seal(): void {
    const pending = this.kept.reduce((sum, part) => adler32(sum, part, 0, part.length), this.checksum);
    const seal = Buffer.alloc(13);
    seal.writeBigInt64BE(BigInt(pending));
    string("/").copy(seal, 8);
    this.kept.push(seal);
  }

  private broken(found: string, expected: string): BrokenFile {
    return new BrokenFile(this.file, "bad-structure", this.written, found, expected);
  }
}

/** The input is not ours to change: its checksum still runs over it. */
function persistentCopy({ buffer, start, pathEnd, dataStart, dataEnd, end }: ZnodeView): ZnodeView {
  const copy = new ZnodeView();
  const record = Buffer.from(buffer.subarray(start, end));
  copy.move(record, 0, pathEnd - start - 4, dataEnd - dataStart);
  record.fill(0, copy.dataEnd + 52, copy.dataEnd + 60);
  return copy;
}

/** dbid −1, as every server writes it. */
function header(): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write("ZKSN", "latin1");
  bytes.writeInt32BE(2, 4);
  bytes.writeBigInt64BE(-1n, 8);
  return bytes;
}

function string(text: string): Buffer {
  return Buffer.concat([encodeInt(Buffer.byteLength(text)), Buffer.from(text)]);
}
