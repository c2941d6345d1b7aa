/** A meta's config.ini as the user had it on the source, who may name the servers in a way of their own, or not all of them. */
import type { JsonObject } from "../engine/step";
import { readOriginal } from "../journal/originals";
import type { HostAccess } from "../transports/contract";
import { resolveServers } from "../zookeeper/named-servers";
import { readSettings } from "./config";

/**
 * The original. Where none was kept, the file may never have been edited, and be the user's still; or it is of a meta that came
 * later, with a list of the target's. It is only taken for theirs where its servers are seen to be the source's.
 * @param args `path`; `servers` and `left`, those that the way back joins and leaves
 */
export async function readUsersConfig(
  host: HostAccess,
  migration: string,
  args: JsonObject,
): Promise<Buffer | undefined> {
  const { path, servers, left } = args;
  // Journals of 0.1.0 do not have them everywhere.
  if (typeof path !== "string") return undefined;
  const original = await readOriginal(host, migration, path);
  if (original !== undefined || typeof servers !== "string" || typeof left !== "string") return original;
  const file = await host.readFile(path);
  if (!file) return undefined;
  const { hostsList, recover } = readSettings(file);
  // Only an edit of ours leaves the recovery's switch on, and keeps the user's file before it.
  if (recover === "true") return undefined;
  return (await isOfSide(host, hostsList, { servers, left })) ? file : undefined;
}

/** Whether one server of the list at least is one of `servers`, as the meta's host resolves names, and none is one of `left`. */
async function isOfSide(
  host: HostAccess,
  hostsList: string,
  { servers, left }: { readonly servers: string; readonly left: string },
): Promise<boolean> {
  const listed = serversIn(hostsList);
  const joined = serversIn(servers);
  const other = serversIn(left);
  const known = await resolveServers(host, [...listed, ...joined, ...other]);
  const addresses = (list: readonly string[]) => list.flatMap((server) => known.get(server) ?? []);
  const named = new Set(addresses(listed));
  const isNamed = (address: string) => named.has(address);
  return addresses(joined).some(isNamed) && !addresses(other).some(isNamed);
}

/** Of a `hosts_list`, without its chroot. */
function serversIn(hostsList: string): readonly string[] {
  return hostsList
    .replace(/\/.*$/, "")
    .split(",")
    .map((server) => server.trim())
    .filter((server) => server !== "");
}
