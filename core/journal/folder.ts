/** Where a migration keeps its records on every machine that it changes. */
import type { HostAccess } from "../transports/contract";

/** Of everything this package leaves on a host, apart from what it installs. */
export const STATE_FOLDER = "/var/lib/pulumi-zookeeper";

/** Says on every host whose turn it is to change something there, and is locked by who does. */
export const TURN_FILE = `${STATE_FOLDER}/turn`;

/** Of one migration: its journal and the originals of what it edited. */
export function folderOf(migration: string): string {
  return `${STATE_FOLDER}/${migration}`;
}

/** For what is kept on a host that keeps no journal. */
export async function makeFolder(host: HostAccess, migration: string): Promise<string> {
  const folder = folderOf(migration);
  await host.script('mkdir -p -m 0700 "$1"', [folder]);
  return folder;
}

/** Left on every server of the target when the way back was closed: its ensemble is then nobody's to remove. */
export const FINALIZED_MARK = `${STATE_FOLDER}/finalized.json`;
