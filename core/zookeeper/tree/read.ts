/**
 * Reads znodes in bulk: ACLs and stats first, since they say what else has to be read, then data and children.
 *
 * ACLs have no bulk request in any version, so they are pipelined over many sessions. Data has one from 3.6 on;
 * whether the servers know it is found out on a session of its own, because an older one closes the connection.
 */
import {
  Code,
  ConnectionLost,
  KeeperError,
  type Acl,
  type BriefStat,
  type Stat,
  type ZooKeeperClient,
} from "../../transports/zkwire";
import { at, type Endpoint } from "./endpoint";
import { explain } from "./errors";
import { Sessions } from "./sessions";

export interface Described {
  readonly acl: readonly Acl[];
  readonly stat: BriefStat;
}

export interface Listed {
  readonly children: string[];
  readonly stat: Stat;
}

/** Requests sent over one session before the next has its turn. */
const SLICE = 50;

export class TreeReader {
  private constructor(
    readonly endpoint: Endpoint,
    private readonly sessions: Sessions,
    private readonly inBulk: boolean,
  ) {}

  static async open(endpoint: Endpoint, sessions: number): Promise<TreeReader> {
    const inBulk = await readsInBulk(endpoint);
    return new TreeReader(endpoint, await Sessions.open(endpoint, sessions), inBulk);
  }

  /** ACL and stat of each path; undefined where there is no znode. */
  describe(paths: readonly string[]): Promise<(Described | undefined)[]> {
    return this.sliced(paths, (client, slice) =>
      client.getACLs(slice.map((path) => at(this.endpoint, path))),
    );
  }

  /** The ACL of a path as the server knows it, which may lie above the chroot. */
  async aclOnServer(path: string): Promise<readonly Acl[]> {
    return (await this.explained(this.sessions.use((client) => client.getACL(path)))).acl;
  }

  /** Data of each path, held in memory at once; undefined where there is no znode. */
  contents(paths: readonly string[]): Promise<(Buffer | null | undefined)[]> {
    if (this.inBulk) return this.explained(this.sessions.use((client) => this.bulk(client, paths)));
    return this.sliced(paths, (client, slice) =>
      client.getDatas(slice.map((path) => at(this.endpoint, path))),
    );
  }

  /** Children and stat as of one moment; undefined where there is no znode. */
  children(paths: readonly string[]): Promise<(Listed | undefined)[]> {
    return this.sliced(paths, (client, slice) =>
      Promise.all(slice.map((path) => orNothing(client.getChildren(at(this.endpoint, path))))),
    );
  }

  close(): Promise<void> {
    return this.sessions.close();
  }

  private async bulk(client: ZooKeeperClient, paths: readonly string[]) {
    if (paths.length === 0) return [];
    const results = await client.multiRead(paths.map((path) => at(this.endpoint, path)));
    return results.map((result, index) => {
      if (!("code" in result)) return result.data;
      if (result.code === Code.noNode) return undefined;
      throw new KeeperError(
        client.session.host,
        "getData",
        at(this.endpoint, paths[index] ?? ""),
        result.code,
      );
    });
  }

  private async sliced<T>(
    paths: readonly string[],
    read: (client: ZooKeeperClient, slice: readonly string[]) => Promise<T[]>,
  ): Promise<T[]> {
    const reads: Promise<T[]>[] = [];
    for (let from = 0; from < paths.length; from += SLICE)
      reads.push(this.sessions.use((client) => read(client, paths.slice(from, from + SLICE))));
    return (await this.explained(Promise.all(reads))).flatMap((each) => each);
  }

  private async explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw explain(this.endpoint, error);
    }
  }
}

/**
 * How many children were ever created below a znode, which is the number that its next sequential child gets.
 * The server keeps that count and answers twice it less the children that are there (`DataNode.copyStat`).
 */
export function everCreated(stat: BriefStat): number {
  return ((stat.cversion + stat.numChildren) >>> 0) / 2;
}

async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof KeeperError && error.code === Code.noNode) return undefined;
    throw error;
  }
}

async function readsInBulk(endpoint: Endpoint): Promise<boolean> {
  const client = await endpoint.open();
  try {
    await client.multiRead(["/"]);
    return true;
  } catch (error) {
    const unknown = error instanceof KeeperError && error.code === Code.unimplemented;
    if (unknown || error instanceof ConnectionLost) return false;
    throw error;
  } finally {
    await client.close();
  }
}
