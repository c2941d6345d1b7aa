/**
 * Writes to one side in multis, none larger than a server takes in one request.
 *
 * Who hands something over awaits it before handing over what lies below, so that any session may carry any multi:
 * parents are there before their children without all of it going through one connection.
 */
import type { Acl, Operation, Stat, ZooKeeperClient } from "../../transports/zkwire";
import { at, type Endpoint } from "./endpoint";
import { explain } from "./errors";
import { Sessions } from "./sessions";

export interface Limits {
  /** Bytes of one multi. A single larger operation goes alone. @default 524288 */
  readonly bytes: number;
  /** Operations of one multi. @default 500 */
  readonly count: number;
}

export const LIMITS: Limits = { bytes: 512 * 1024, count: 500 };

export class TreeWriter {
  private constructor(
    readonly endpoint: Endpoint,
    private readonly sessions: Sessions,
    readonly limits: Limits,
  ) {}

  static async open(endpoint: Endpoint, sessions: number, limits: Limits = LIMITS): Promise<TreeWriter> {
    return new TreeWriter(endpoint, await Sessions.open(endpoint, sessions), limits);
  }

  /** In the order given, all on one session; each multi by itself is all or nothing. */
  async apply(operations: readonly Operation[]): Promise<void> {
    const cut = pieces(operations, this.limits, (each) => this.sizeOf(each));
    await this.send(cut.map((piece) => piece.map(this.resolved)));
  }

  /** As {@link apply}, for pairs that must not be torn apart. */
  async applyPairs(pairs: readonly (readonly [Operation, Operation])[]): Promise<void> {
    const limits = { ...this.limits, count: Math.max(1, Math.floor(this.limits.count / 2)) };
    const size = (pair: readonly Operation[]) => pair.reduce((sum, each) => sum + this.sizeOf(each), 0);
    await this.send(pieces(pairs, limits, size).map((piece) => piece.flat().map(this.resolved)));
  }

  async setAcl(path: string, acl: readonly Acl[]): Promise<void> {
    await this.single((client) => client.setACL(at(this.endpoint, path), acl));
  }

  /** The znode's stat, or undefined where there is none. */
  stat(path: string): Promise<Stat | undefined> {
    return this.single((client) => client.exists(at(this.endpoint, path)));
  }

  /** For the few requests that are neither. */
  async single<T>(work: (client: ZooKeeperClient) => Promise<T>): Promise<T> {
    return this.settled(this.sessions.use(work));
  }

  close(): Promise<void> {
    return this.sessions.close();
  }

  private async send(multis: readonly (readonly Operation[])[]): Promise<void> {
    if (multis.length === 0) return;
    await this.single((client) => Promise.all(multis.map((each) => client.multi(each))));
  }

  private readonly resolved = (operation: Operation): Operation => ({
    ...operation,
    path: at(this.endpoint, operation.path),
  });

  private sizeOf(operation: Operation): number {
    return operationBytes(operation) + (this.endpoint.chroot?.length ?? 0);
  }

  private async settled<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw explain(this.endpoint, error);
    }
  }
}

/** Cuts a list, in its order, into pieces within the limits. */
export function pieces<T>(all: readonly T[], limits: Limits, bytesOf: (each: T) => number): T[][] {
  const cut: T[][] = [];
  let bytes = Infinity;
  let piece: T[] = [];
  for (const each of all) {
    const size = bytesOf(each);
    if (bytes + size > limits.bytes || piece.length >= limits.count) {
      cut.push((piece = []));
      bytes = 0;
    }
    piece.push(each);
    bytes += size;
  }
  return cut;
}

/** What an operation takes in a multi, a little more rather than less. */
function operationBytes(operation: Operation): number {
  const data = "data" in operation ? (operation.data?.length ?? 0) : 0;
  const acl = operation.kind === "create" ? (operation.acl ?? []) : [];
  return 64 + Buffer.byteLength(operation.path) + data + acl.reduce((sum, { id }) => sum + 32 + id.length, 0);
}
