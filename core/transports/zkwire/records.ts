/**
 * What travels in requests and answers, and how each is laid out (`zookeeper.jute` of 3.7.1; 3.4.14 knows all
 * but create2, containers and TTL).
 */
import type { JuteReader, JuteWriter } from "./jute";

export interface Stat {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  /** Milliseconds since 1970. */
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  /** The owner's session, or 0. Containers and TTL nodes show 0 too: only a snapshot tells them apart. */
  readonly ephemeralOwner: bigint;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: bigint;
}

export interface Acl {
  /** Bits: READ 1, WRITE 2, CREATE 4, DELETE 8, ADMIN 16. */
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

export const OPEN_ACL: readonly Acl[] = [{ perms: 31, scheme: "world", id: "anyone" }];

export type CreateMode =
  | "persistent"
  | "ephemeral"
  | "persistentSequential"
  | "ephemeralSequential"
  | "container"
  | { readonly ttlMs: number; readonly sequential?: boolean };

export interface CreateOptions {
  /** @default OPEN_ACL */
  readonly acl?: readonly Acl[];
  /** Containers need 3.5.3, TTL nodes 3.5.3 with `extendedTypesEnabled`. @default "persistent" */
  readonly mode?: CreateMode;
}

/** One operation of a multi. A version of −1, the default, means any. */
export type Operation =
  | ({ readonly kind: "create"; readonly path: string; readonly data: Buffer | null } & CreateOptions)
  | { readonly kind: "delete"; readonly path: string; readonly version?: number }
  | {
      readonly kind: "setData";
      readonly path: string;
      readonly data: Buffer | null;
      readonly version?: number;
    }
  | { readonly kind: "check"; readonly path: string; readonly version: number };

export type OperationResult =
  | { readonly kind: "create"; readonly path: string }
  | { readonly kind: "delete" }
  | { readonly kind: "setData"; readonly stat: Stat }
  | { readonly kind: "check" };

/** What one path of a multiRead came to: its data, or the code that says why not. */
export type DataResult = { readonly data: Buffer | null; readonly stat: Stat } | { readonly code: number };

export const OpCode = {
  error: -1,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  createContainer: 19,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  closeSession: -11,
} as const;

export function readStat(from: JuteReader): Stat {
  return {
    czxid: from.long(),
    mzxid: from.long(),
    ctime: Number(from.long()),
    mtime: Number(from.long()),
    version: from.int(),
    cversion: from.int(),
    aversion: from.int(),
    ephemeralOwner: from.long(),
    dataLength: from.int(),
    numChildren: from.int(),
    pzxid: from.long(),
  };
}

/** What a walk over a tree has to know of each znode. */
export type BriefStat = Pick<Stat, "cversion" | "ephemeralOwner" | "dataLength" | "numChildren">;

/** Of a stat, without the transactions and times: at a hundred thousand their long integers take their time. */
export function readBriefStat(from: JuteReader): BriefStat {
  const beforeCversion = 4 * 8 + 4;
  const stat = {
    cversion: from.skip(beforeCversion).int(),
    ephemeralOwner: from.skip(4).long(),
    dataLength: from.int(),
    numChildren: from.int(),
  };
  from.skip(8);
  return stat;
}

/** Znodes of a tree share a few ACLs: one that is the same as the last is given again, not read again. */
export class AclReader {
  private last: { readonly bytes: Buffer; readonly acl: readonly Acl[] } | undefined;

  read(from: JuteReader): readonly Acl[] {
    if (this.last && from.skipIf(this.last.bytes)) return this.last.acl;
    const begin = from.position;
    const acl = readAcl(from);
    this.last = { bytes: Buffer.from(from.since(begin)), acl };
    return acl;
  }
}

export function readAcl(from: JuteReader): Acl[] {
  return from.vector(() => ({ perms: from.int(), scheme: from.string(), id: from.string() }));
}

export function writeAcl(to: JuteWriter, acl: readonly Acl[]): void {
  to.vector(acl, ({ perms, scheme, id }) => to.int(perms).string(scheme).string(id));
}

/** The opcode that carries this mode; `plain` is create or create2. */
export function createCode(mode: CreateMode | undefined, plain: number): number {
  if (mode === "container") return OpCode.createContainer;
  return typeof mode === "object" ? OpCode.createTTL : plain;
}

export function writeCreate(to: JuteWriter, path: string, data: Buffer | null, options: CreateOptions): void {
  const { acl = OPEN_ACL, mode = "persistent" } = options;
  to.string(path).buffer(data);
  writeAcl(to, acl);
  if (typeof mode === "object") to.int(mode.sequential ? 6 : 5).long(BigInt(mode.ttlMs));
  else to.int(FLAGS[mode]);
}

/** `resolve` puts the chroot in front of a path. */
export function writeOperation(
  to: JuteWriter,
  operation: Operation,
  resolve: (path: string) => string,
): void {
  const path = resolve(operation.path);
  const header = (code: number) => to.int(code).boolean(false).int(-1);
  switch (operation.kind) {
    case "create":
      header(createCode(operation.mode, OpCode.create));
      return writeCreate(to, path, operation.data, operation);
    case "delete":
      header(OpCode.delete)
        .string(path)
        .int(operation.version ?? -1);
      return;
    case "setData":
      header(OpCode.setData)
        .string(path)
        .buffer(operation.data)
        .int(operation.version ?? -1);
      return;
    case "check":
      header(OpCode.check).string(path).int(operation.version);
      return;
  }
}

export function endOperations(to: JuteWriter): void {
  to.int(-1).boolean(true).int(-1);
}

/** One multi's answers: results, or the codes of all operations when one of them failed. */
export function readResults(
  from: JuteReader,
  operations: readonly Operation[],
): OperationResult[] | number[] {
  const results: OperationResult[] = [];
  const codes: number[] = [];
  for (;;) {
    const type = from.int();
    if (from.boolean()) break;
    from.int();
    const operation = operations[results.length + codes.length];
    if (!operation) throw new RangeError("more answers than operations");
    if (type === OpCode.error) codes.push(from.int());
    else results.push(readResult(from, operation.kind, type));
  }
  return codes.length > 0 ? codes : results;
}

/** The paths of a multiRead, each read as getData does, without a watch. */
export function writeReads(to: JuteWriter, paths: readonly string[]): void {
  for (const path of paths) to.int(OpCode.getData).boolean(false).int(-1).string(path).boolean(false);
  endOperations(to);
}

/** One multiRead's answers, in the order asked. */
export function readReads(from: JuteReader): DataResult[] {
  const results: DataResult[] = [];
  for (;;) {
    const type = from.int();
    if (from.boolean()) return results;
    from.int();
    results.push(
      type === OpCode.error ? { code: from.int() } : { data: from.buffer(), stat: readStat(from) },
    );
  }
}

const FLAGS: Readonly<Record<Exclude<CreateMode, object>, number>> = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
};

function readResult(from: JuteReader, kind: Operation["kind"], type: number): OperationResult {
  switch (kind) {
    case "create": {
      const path = from.string();
      // Containers and TTL nodes are answered as create2 is, with the node's stat.
      if (type !== OpCode.create) readStat(from);
      return { kind, path };
    }
    case "setData":
      return { kind, stat: readStat(from) };
    default:
      return { kind };
  }
}
