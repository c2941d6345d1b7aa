/**
 * A whole tree as a server answers it, for comparison: data, ACL and the full stat of every znode outside /zookeeper.
 *
 * Read by our own wire client, since the native one does not give the whole stat; the load's ledger, checked by the
 * native client, stands beside it.
 */
import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { Dialler } from "../../../core/transports/contract";
import {
  Code,
  connectZooKeeper,
  KeeperError,
  type Acl,
  type Stat,
  type ZooKeeperClient,
} from "../../../core/transports/zkwire";
import { LOAD_DIGEST } from "../../../lab/load/znode-writer";

export interface Znode {
  readonly path: string;
  /** Hex SHA-256, or `null` for a znode without data. */
  readonly sha256: string;
  readonly acl: string;
  readonly stat: Stat;
}

export type Tree = ReadonlyMap<string, Znode>;

const IN_FLIGHT = 64;

/** From the operator's own address, straight to the server. The load's user reads what its ACLs guard. */
export async function withClient<T>(
  server: string,
  act: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const [address = "", port = "2181"] = server.split(":");
  const client = await connectZooKeeper(dialler(address), Number(port));
  try {
    await client.addAuth("digest", Buffer.from(LOAD_DIGEST));
    return await act(client);
  } finally {
    await client.close();
  }
}

/** @param server `HOST:PORT` */
export function readTree(server: string): Promise<Tree> {
  return withClient(server, async (client) => {
    await client.sync("/");
    const tree = new Map<string, Znode>();
    const waiting = ["/"];
    while (waiting.length > 0) {
      const read = await Promise.all(waiting.splice(0, IN_FLIGHT).map((path) => readOne(client, path)));
      for (const { znode, children } of read.filter((one) => one !== undefined)) {
        tree.set(znode.path, znode);
        waiting.push(...children);
      }
    }
    return tree;
  });
}

export const isEphemeral = (znode: Znode): boolean => znode.stat.ephemeralOwner !== 0n;

/** What of the persistent znodes of `before` is missing or different in `after`, and what is there besides; a line each. */
export function differences(before: Tree, after: Tree): string[] {
  const persistent = [...before.values()].filter((znode) => !isEphemeral(znode));
  const lines = persistent.flatMap((was) => {
    const is = after.get(was.path);
    return is ? differenceOf(was, is) : [`${was.path}: missing`];
  });
  const added = [...after.keys()].filter((path) => {
    const was = before.get(path);
    return was === undefined || isEphemeral(was);
  });
  return [...lines, ...added.map((path) => `${path}: was not there`)];
}

function differenceOf(was: Znode, is: Znode): string[] {
  const fields: (keyof Stat)[] = ["version", "aversion", "czxid", "mzxid", "ctime", "mtime"];
  const lines = fields
    .filter((field) => was.stat[field] !== is.stat[field])
    .map((field) => `${was.path}: ${field} ${was.stat[field]} → ${is.stat[field]}`);
  if (was.sha256 !== is.sha256) lines.push(`${was.path}: data differs`);
  if (was.acl !== is.acl) lines.push(`${was.path}: ACL ${was.acl} → ${is.acl}`);
  if (is.stat.cversion < was.stat.cversion)
    lines.push(`${was.path}: cversion fell from ${was.stat.cversion} to ${is.stat.cversion}`);
  return lines;
}

/** Creates a sequential znode below `parent`, removes it, and answers its number. */
export function nextNumber(server: string, parent: string): Promise<number> {
  return withClient(server, async (client) => {
    const path = await client.create(`${parent === "/" ? "" : parent}/probe-`, Buffer.alloc(0), {
      mode: "persistentSequential",
    });
    await client.delete(path);
    return Number(path.slice(-10));
  });
}

/** @returns nothing of a znode that went away while it was read: sessions end, consumers clean up */
async function readOne(
  client: ZooKeeperClient,
  path: string,
): Promise<{ znode: Znode; children: string[] } | undefined> {
  const read = await Promise.all([client.getData(path), client.getACL(path), client.getChildren(path)]).catch(
    (error: unknown) => {
      if (error instanceof KeeperError && error.code === Code.noNode) return undefined;
      throw error;
    },
  );
  if (!read) return undefined;
  const [{ data, stat }, { acl }, { children }] = read;
  const inside = path === "/" ? "" : path;
  return {
    znode: {
      path,
      sha256: data === null ? "null" : createHash("sha256").update(data).digest("hex"),
      acl: acl.map(sayAcl).sort().join(" "),
      stat,
    },
    children: children.map((child) => `${inside}/${child}`).filter((child) => child !== "/zookeeper"),
  };
}

const sayAcl = ({ scheme, id, perms }: Acl) => `${scheme}:${id}:${perms}`;

function dialler(address: string): Dialler {
  return {
    name: address,
    address,
    dial: (port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: address, port, noDelay: true }, () => resolve(socket));
        socket.once("error", reject);
      }),
  };
}
