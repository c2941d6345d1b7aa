/**
 * One side of a copy: how to open sessions with an ensemble, and below which path.
 *
 * The chroot is put in front of paths here and not by the client, because the path of the chroot itself may have
 * to be created, and because an error is to name the path as it is on the server.
 */
import { createHash } from "node:crypto";
import { HostUnreachable, UserError } from "../../engine/errors";
import type { Dialler } from "../../transports/contract";
import { connectZooKeeper, type ConnectOptions, type ZooKeeperClient } from "../../transports/zkwire";

export interface Endpoint {
  /** Names the ensemble in errors: `zk-old`. */
  readonly name: string;
  /** In front of every path, for example `/clickhouse`. @default none */
  readonly chroot?: string;
  /** Opens one more session, with its identities added and without a chroot. */
  open(): Promise<ZooKeeperClient>;
  /** Whom its sessions are, as ACLs write it. @default nobody */
  identities?(): Promise<readonly Identity[]>;
}

export interface Identity {
  readonly scheme: string;
  readonly id: string;
}

export interface EndpointOptions {
  readonly name: string;
  /** Sessions are spread over them in turn; a server that cannot be reached is left out from then on. */
  readonly hosts: readonly Dialler[];
  readonly port: number;
  readonly chroot?: string;
  /** `user:password` for each digest identity. Called for each session; held nowhere, written nowhere. */
  readonly digest?: () => readonly string[] | Promise<readonly string[]>;
  readonly connect?: Omit<ConnectOptions, "chroot">;
}

/** An endpoint on the servers of one ensemble. @throws UserError for a chroot that is not a path */
export function endpointOn(options: EndpointOptions): Endpoint {
  const { name, hosts, port, digest = () => [] } = options;
  const chroot = options.chroot?.replace(/\/+$/, "") ?? "";
  if (chroot !== "" && !isPath(chroot))
    throw new UserError(`${name}: found the chroot ${chroot}; expected a path such as /clickhouse.`);
  const dead = new Set<Dialler>();
  let turn = 0;
  const connect = async (): Promise<ZooKeeperClient> => {
    const alive = hosts.filter((host) => !dead.has(host));
    const host = alive[turn++ % alive.length];
    if (!host) throw new UserError(`${name}: found no server to ask; expected at least one.`);
    try {
      return await connectZooKeeper(host, port, options.connect);
    } catch (error) {
      if (!(error instanceof HostUnreachable)) throw error;
      dead.add(host);
      if (dead.size < hosts.length) return connect();
      dead.clear();
      throw error;
    }
  };
  return {
    name,
    chroot,
    open: async () => {
      const client = await connect();
      try {
        for (const each of await digest()) await client.addAuth("digest", Buffer.from(each));
        return client;
      } catch (error) {
        await client.close();
        throw error;
      }
    },
    identities: async () => (await digest()).map((each) => ({ scheme: "digest", id: digestId(each) })),
  };
}

/** The path on the server. */
export function at(endpoint: Endpoint, path: string): string {
  const chroot = endpoint.chroot ?? "";
  return path === "/" ? chroot || "/" : chroot + path;
}

/** `""` stands above the root, so that every node has a parent and a name. */
export function childPath(parent: string, name: string): string {
  return `${parent === "/" ? "" : parent}/${name}`;
}

/** @returns parent and name; of `/` both are `""` */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  const parent = path.slice(0, slash);
  return { parent: parent === "" && path !== "/" ? "/" : parent, name: path.slice(slash + 1) };
}

/** The server's own part of the tree. Only at the very top: deeper down the name is the user's. */
export function isReserved(endpoint: Endpoint, path: string): boolean {
  return at(endpoint, path) === "/zookeeper";
}

export function isPath(path: string): boolean {
  return path === "/" || /^(\/[^/]+)+$/.test(path);
}

/** As `DigestAuthenticationProvider.generateDigest` makes it. */
function digestId(userAndPassword: string): string {
  const user = userAndPassword.slice(0, userAndPassword.indexOf(":"));
  return `${user}:${createHash("sha1").update(userAndPassword).digest("base64")}`;
}
