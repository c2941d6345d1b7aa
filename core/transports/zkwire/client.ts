/**
 * ZooKeeper's operations as calls, over one {@link Session}.
 *
 * Calls may be made without waiting for earlier ones: they are sent at once, carried out in the order made, and
 * answered in that order. Paths are below the chroot, if there is one. Each rejects with a {@link KeeperError}
 * when the server says no, and with the session's errors when it does not answer.
 */
import type { Dialler } from "../contract";
import { Code, KeeperError, MultiFailed } from "./errors";
import type { JuteReader, JuteWriter } from "./jute";
import {
  AclReader,
  OpCode,
  createCode,
  endOperations,
  readAcl,
  readBriefStat,
  readReads,
  readResults,
  readStat,
  writeAcl,
  writeCreate,
  writeOperation,
  writeReads,
  type Acl,
  type BriefStat,
  type CreateOptions,
  type DataResult,
  type Operation,
  type OperationResult,
  type Stat,
} from "./records";
import { Session, type SessionOptions } from "./session";

export interface ConnectOptions extends SessionOptions {
  /** Where the server listens, as seen from the host. @default the host's own address */
  readonly address?: string;
  /** Put in front of every path, for example `/clickhouse`. @default none */
  readonly chroot?: string;
}

/** Opens a session with the server on `port` of a host. Also rejects as `access.dial` does. */
export async function connectZooKeeper(
  access: Dialler,
  port: number,
  options: ConnectOptions = {},
): Promise<ZooKeeperClient> {
  const socket = await access.dial(port, options.address);
  return new ZooKeeperClient(await Session.open(socket, access.name, options), options.chroot);
}

export class ZooKeeperClient {
  private readonly chroot: string;
  private readonly acls = new AclReader();

  constructor(
    readonly session: Session,
    chroot = "",
  ) {
    this.chroot = chroot.replace(/\/+$/, "");
  }

  /** The path made, with its sequence number if the mode gives one. */
  async create(path: string, data: Buffer | null, options: CreateOptions = {}): Promise<string> {
    const type = createCode(options.mode, OpCode.create);
    const body = await this.call(
      type,
      "create",
      path,
      (to) => this.writeCreate(to, path, data, options),
      data?.length,
    );
    return this.strip(body.string());
  }

  /** As {@link create}, with the node's stat. Needs 3.5; a 3.4 server answers `Unimplemented`. */
  async create2(
    path: string,
    data: Buffer | null,
    options: CreateOptions = {},
  ): Promise<{ readonly path: string; readonly stat: Stat }> {
    const type = createCode(options.mode, OpCode.create2);
    const body = await this.call(
      type,
      "create2",
      path,
      (to) => this.writeCreate(to, path, data, options),
      data?.length,
    );
    return { path: this.strip(body.string()), stat: readStat(body) };
  }

  /** @param version −1 for any. */
  async delete(path: string, version = -1): Promise<void> {
    await this.call(OpCode.delete, "delete", path, (to) => to.string(this.resolve(path)).int(version));
  }

  /** The node's stat, or undefined when there is none. */
  async exists(path: string): Promise<Stat | undefined> {
    const { code, body } = await this.session.request(OpCode.exists, `exists ${path}`, this.read(path));
    if (code === Code.noNode) return undefined;
    this.check(code, "exists", path);
    return readStat(body);
  }

  /** `data` is null for a node that was created with none, which is not the same as an empty one. */
  async getData(path: string): Promise<{ readonly data: Buffer | null; readonly stat: Stat }> {
    const body = await this.call(OpCode.getData, "getData", path, this.read(path));
    return { data: body.buffer(), stat: readStat(body) };
  }

  /** @param version −1 for any. */
  async setData(path: string, data: Buffer | null, version = -1): Promise<Stat> {
    const encode = (to: JuteWriter) => to.string(this.resolve(path)).buffer(data).int(version);
    return readStat(await this.call(OpCode.setData, "setData", path, encode, data?.length));
  }

  /** Names, not paths, in no particular order. */
  async getChildren(path: string): Promise<{ readonly children: string[]; readonly stat: Stat }> {
    const body = await this.call(OpCode.getChildren2, "getChildren", path, this.read(path));
    return { children: body.vector(() => body.string()), stat: readStat(body) };
  }

  /** To whom may not administer the node, 3.7 answers digests as `user:x`: not to be written anywhere. */
  async getACL(path: string): Promise<{ readonly acl: Acl[]; readonly stat: Stat }> {
    const body = await this.call(OpCode.getACL, "getACL", path, (to) => to.string(this.resolve(path)));
    return { acl: readAcl(body), stat: readStat(body) };
  }

  /** {@link getACL} of many in one go; undefined where there is no node. */
  getACLs(
    paths: readonly string[],
  ): Promise<({ readonly acl: readonly Acl[]; readonly stat: BriefStat } | undefined)[]> {
    return this.callAll(OpCode.getACL, "getACL", paths, {
      encode: (to, path) => to.string(path),
      read: (body) => ({ acl: this.acls.read(body), stat: readBriefStat(body) }),
    });
  }

  /** The data of many in one go; undefined where there is no node. {@link multiRead} is cheaper from 3.6 on. */
  getDatas(paths: readonly string[]): Promise<(Buffer | null | undefined)[]> {
    return this.callAll(OpCode.getData, "getData", paths, {
      encode: (to, path) => to.string(path).boolean(false),
      read: (body) => body.buffer(),
    });
  }

  /** @param version of the ACL (`aversion`), −1 for any. */
  async setACL(path: string, acl: readonly Acl[], version = -1): Promise<Stat> {
    const body = await this.call(OpCode.setACL, "setACL", path, (to) => {
      writeAcl(to.string(this.resolve(path)), acl);
      to.int(version);
    });
    return readStat(body);
  }

  /** Returns once this server has caught up with the leader. */
  async sync(path = "/"): Promise<void> {
    await this.call(OpCode.sync, "sync", path, (to) => to.string(this.resolve(path)));
  }

  /**
   * All or none. Rejects with {@link MultiFailed} for the first operation that failed.
   * One request: keep it below `maxRequestBytes`, best at about 512 KiB.
   */
  async multi(operations: readonly Operation[]): Promise<OperationResult[]> {
    const said = `multi of ${operations.length}`;
    const size = operations.reduce((sum, each) => sum + 96 + each.path.length + dataLength(each), 0);
    const encode = (to: JuteWriter) => {
      for (const each of operations) writeOperation(to, each, (path) => this.resolve(path));
      endOperations(to);
    };
    const { code, body } = await this.session.request(OpCode.multi, said, encode, size);
    if (code !== Code.ok && body.atEnd) throw new KeeperError(this.session.host, said, "", code);
    const results = readResults(body, operations);
    if (isCodes(results)) throw this.multiFailed(operations, results);
    return results.map((each) => (each.kind === "create" ? { ...each, path: this.strip(each.path) } : each));
  }

  /**
   * The data of many nodes in one request, each read or refused by itself. Needs 3.6; an older server answers
   * `Unimplemented` and closes the connection. The answer is one packet: ask for what may be in memory at once.
   */
  async multiRead(paths: readonly string[]): Promise<DataResult[]> {
    const said = `multiRead of ${paths.length}`;
    const size = paths.reduce((sum, path) => sum + 16 + this.chroot.length + path.length, 0);
    const resolved = paths.map((path) => this.resolve(path));
    const encode = (to: JuteWriter) => writeReads(to, resolved);
    const { code, body } = await this.session.request(OpCode.multiRead, said, encode, size);
    this.check(code, said, "");
    return readReads(body);
  }

  /** Adds an identity to this session, for example `digest` and `user:password`. */
  async addAuth(scheme: string, auth: Buffer): Promise<void> {
    const encode = (to: JuteWriter) => to.int(0).string(scheme).buffer(auth);
    const { code } = await this.session.request(OpCode.auth, `auth ${scheme}`, encode);
    this.check(code, "auth", scheme);
  }

  /** Ends the session: its ephemerals go at once. */
  close(): Promise<void> {
    return this.session.close();
  }

  private async call(
    type: number,
    operation: string,
    path: string,
    encode: (to: JuteWriter) => void,
    dataBytes = 0,
  ): Promise<JuteReader> {
    const expected = path.length + this.chroot.length + dataBytes + 96;
    const { code, body } = await this.session.request(type, `${operation} ${path}`, encode, expected);
    this.check(code, operation, path);
    return body;
  }

  private async callAll<T>(
    type: number,
    operation: string,
    paths: readonly string[],
    one: { encode(to: JuteWriter, path: string): void; read(body: JuteReader): T },
  ): Promise<(T | undefined)[]> {
    const encode = (to: JuteWriter, index: number) => one.encode(to, this.resolve(paths[index] ?? ""));
    const said = `${operation} of ${paths.length}`;
    const replies = await this.session.requestAll(type, said, paths.length, encode);
    return replies.map(({ code, body }, index) => {
      if (code === Code.noNode) return undefined;
      this.check(code, operation, paths[index] ?? "");
      return one.read(body);
    });
  }

  private check(code: number, operation: string, path: string): void {
    if (code !== Code.ok) throw new KeeperError(this.session.host, operation, path, code);
  }

  private multiFailed(operations: readonly Operation[], codes: readonly number[]): MultiFailed {
    // Those before the culprit say ok, those after it RuntimeInconsistency.
    const index = codes.findIndex((code) => code !== Code.ok && code !== Code.runtimeInconsistency);
    const culprit = operations[index];
    const said = `multi of ${operations.length}, at ${index}: ${culprit?.kind ?? "?"}`;
    const code = codes[index] ?? Code.runtimeInconsistency;
    return new MultiFailed(this.session.host, said, culprit?.path ?? "", code, index);
  }

  private read(path: string): (to: JuteWriter) => void {
    return (to) => to.string(this.resolve(path)).boolean(false);
  }

  private writeCreate(to: JuteWriter, path: string, data: Buffer | null, options: CreateOptions): void {
    writeCreate(to, this.resolve(path), data, options);
  }

  private resolve(path: string): string {
    if (!path.startsWith("/")) throw new TypeError(`not a ZooKeeper path: ${path}`);
    return this.chroot === "" ? path : path === "/" ? this.chroot : this.chroot + path;
  }

  private strip(path: string): string {
    return path.slice(this.chroot.length) || "/";
  }
}

function dataLength(operation: Operation): number {
  return "data" in operation ? (operation.data?.length ?? 0) : 0;
}

function isCodes(results: OperationResult[] | number[]): results is number[] {
  return typeof results[0] === "number";
}
