/** A meta's config.ini as the user had it on the source, who may name the servers in a way of their own, or not all of them. */
import type { JsonObject } from "../engine/step";
import { readOriginal } from "../journal/originals";
import type { HostAccess } from "../transports/contract";
import { readSettings } from "./config";
import { namesServers } from "./read/judge";

/**
 * The original; where none was kept, the file was never edited and is the user's still. One that names the servers that are left
 * all the same has lost its original: undefined.
 * @param args `path`, and `left`, the servers that the way back leaves
 */
export async function readUsersConfig(
  host: HostAccess,
  migration: string,
  args: JsonObject,
): Promise<Buffer | undefined> {
  const { path, left } = args;
  // Journals of 0.1.0 do not have them everywhere.
  if (typeof path !== "string") return undefined;
  const original = await readOriginal(host, migration, path);
  if (original !== undefined || typeof left !== "string") return original;
  const file = await host.readFile(path);
  return file && namesServers(readSettings(file).hostsList, left) ? undefined : file;
}
