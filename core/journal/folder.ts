/** Where a migration keeps its records on every machine that it changes. */

/** Of everything this package leaves on a host, apart from what it installs. */
export const STATE_FOLDER = "/var/lib/pulumi-zookeeper";

/** Says on every host whose turn it is to change something there, and is locked by who does. */
export const TURN_FILE = `${STATE_FOLDER}/turn`;

/** Of one migration: its journal and the originals of what it edited. */
export function folderOf(migration: string): string {
  return `${STATE_FOLDER}/${migration}`;
}

/** Left on every server of the target when the way back was closed: its ensemble is then nobody's to remove. */
export const FINALIZED_MARK = `${STATE_FOLDER}/finalized.json`;
