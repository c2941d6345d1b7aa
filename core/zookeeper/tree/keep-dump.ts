/** Keeps beside the journal what is about to be written over. */
import { folderOf, makeFolder } from "../../journal/folder";
import type { HostAccess, World, Written } from "../../transports/contract";
import { exists } from "../exists";

export interface KeptDump extends Written {
  readonly path: string;
}

/**
 * Under a name that no earlier one has: a run that starts over, or was killed while it cleared a root, finds what it left there
 * itself, and its first dump is the only one of what was there before. One that was cut off never got its name.
 * @param name of the file, without its ending
 */
export async function keepDump(
  world: World,
  host: HostAccess,
  name: string,
  dump: AsyncIterable<Buffer>,
): Promise<KeptDump> {
  await makeFolder(host, world.migration);
  for (let number = 1; ; number++) {
    const path = dumpPath(world, number === 1 ? name : `${name}-${number}`);
    if (await exists(host, path)) continue;
    return { path, ...(await host.writeStream(path, dump, { mode: "0600" })) };
  }
}

/** Whether one of that name was kept. */
export function isKept(world: World, host: HostAccess, name: string): Promise<boolean> {
  return exists(host, dumpPath(world, name));
}

function dumpPath(world: World, name: string): string {
  return `${folderOf(world.migration)}/${name}.dump.gz`;
}
