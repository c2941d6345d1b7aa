/**
 * How many of the hosts that keep a journal and its lock are enough.
 *
 * More than half; or exactly half with the first of them. Any two such sets have a host in common, so two operators
 * cannot both hold the lock and a reader sees every entry; and the source alone, whose servers come first, is enough
 * for going back when every host of the target is gone.
 */

/** @param present for each host, in the order of the keepers, whether it answered */
export function isQuorum(present: readonly boolean[]): boolean {
  const count = present.filter(Boolean).length;
  return count * 2 > present.length || (count * 2 === present.length && present[0] === true);
}
