/**
 * Puts a clean snapshot together, out of slices of the one that is read.
 *
 * Nothing is copied: znodes that stay and lie side by side go out as one piece of the input, and checksums run over
 * what goes out. Sessions and ephemerals are counted and left behind; why, see `clean-snapshot.ts`.
 */
import { ADLER32_START, adler32 } from "./adler32";
import { BrokenFile } from "./broken-file";
import type { SnapshotSeal, SnapshotVisitor } from "./snapshot";
import { Summariser, type TreeSummary } from "./tree-summary";
import { type ZnodeKind, ZnodeView } from "./znode";

export interface CleanOptions {
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
export interface Cleaned {
  /** Of the tree as written: no sessions, no ephemerals. */
  readonly written: TreeSummary;
  /** What was left out. */
  readonly dropped: {
    readonly sessions: number;
    readonly ephemerals: number;
    readonly samplePaths: readonly string[];
  };
  /** Znodes that were made persistent. */
  readonly madePersistent: number;
  /** What followed the tree that was read. */
  readonly source: SnapshotSeal;
  /** Plain bytes written. */
  readonly bytes: number;
}

/** Feed it one snapshot as a visitor, {@link take} what is ready now and then, {@link finish}, take the rest. */
export class CleanWriter implements SnapshotVisitor {
  private readonly summary = new Summariser();
  private readonly kept: Buffer[] = [header()];
  private run: { readonly buffer: Buffer; readonly start: number; end: number } | undefined;
  private checksum = ADLER32_START;
  private written = 0;
  private readonly acls = new Set<number>([-1]);
  private madePersistent = 0;
  private sessions = 0;
  private ephemerals = 0;
  private readonly samplePaths: string[] = [];
  private lastDropped = "";
  private source: SnapshotSeal | undefined;

  constructor(
    private readonly file: string,
    private readonly options: CleanOptions,
  ) {}

  onSession(): void {
    this.sessions++;
  }

  onAclCount(lists: number): void {
    this.kept.push(int(lists));
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
    if (this.lastDropped !== "") this.refuseOrphan(found);
    if (found.kind === "ephemeral") return this.drop(found);
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

  result(): Cleaned {
    const { sessions, ephemerals, samplePaths, source, madePersistent } = this;
    if (!source) throw new Error(`${this.file}: finished without a seal`);
    const dropped = { sessions, ephemerals, samplePaths };
    return { written: this.summary.result(), dropped, madePersistent, source, bytes: this.written };
  }

  private drop(node: ZnodeView): void {
    this.lastDropped = node.path;
    if (this.ephemerals++ < 5) this.samplePaths.push(node.path);
  }

  /** Children follow their parent at once. An ephemeral has none; if one did, the server would refuse to load it. */
  private refuseOrphan(node: ZnodeView): void {
    const path = node.path;
    if (path.startsWith(`${this.lastDropped}/`))
      throw this.broken(`${path}, below an ephemeral`, "no children there");
    this.lastDropped = "";
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

/** File header (dbid −1, as every server writes it) and an empty list of sessions. */
function header(): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.write("ZKSN", "latin1");
  bytes.writeInt32BE(2, 4);
  bytes.writeBigInt64BE(-1n, 8);
  return bytes;
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  return Buffer.concat([int(Buffer.byteLength(text)), Buffer.from(text)]);
}
