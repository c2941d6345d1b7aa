/**
 * One operator at a time, whatever checkout and backend they come from.
 *
 * The lock is an flock held by a process on each host, at the far end of our SSH connection: when the operator's
 * process dies, however it dies, the connection closes, the holder ends and the kernel lets go. Nobody has to decide
 * whether an owner is dead; only a network that is cut, which closes nothing, takes half a minute to be noticed.
 *
 * It counts when it is held on a majority of all hosts: two operators cannot both hold one, and hosts that are down
 * do not keep a roll back from running.
 */
import { UserError } from "../engine/errors";
import type { Held, HostAccess } from "../transports/contract";
import { STATE_FOLDER } from "./folder";
import { isQuorum } from "./quorum";

/** Another operator is at work. */
export class LockHeld extends UserError {
  constructor(
    readonly host: string,
    readonly owner: string,
  ) {
    super(
      `${host}: another run is at work: ${owner}. ` +
        "Wait for it, or end it; its lock goes with its process. Nothing was changed.",
    );
  }
}

export interface Lock {
  /** @throws UserError when it is no longer held on a majority: somebody else may have begun */
  require(): void;
  release(): Promise<void>;
}

/** @param owner who we are, for the one who is refused: `ana@ops1, pid 4711, since 2026-01-02T03:04:05Z` */
export async function lockHosts(hosts: readonly HostAccess[], owner: string): Promise<Lock> {
  const settled = await Promise.allSettled(hosts.map((host) => lockHost(host, owner)));
  const holders = settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  const release = async () => {
    await Promise.allSettled(holders.flatMap((one) => one?.release() ?? []));
  };
  const failures = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  const refused = failures.find((failure) => failure instanceof LockHeld);
  const require = () => {
    if (isQuorum(holders.map((one) => one !== undefined && one.lost?.aborted !== true))) return;
    throw new UserError(
      "the lock was lost on a majority of the hosts, so that another run may have begun: this one stops. " +
        "Run the same command again; it goes on from what it finds.",
    );
  };
  // Held by somebody else on a few hosts: one who has not got it, or who is cut off from the others.
  if (isQuorum(holders.map((one) => one !== undefined))) return { require, release };
  await release();
  if (refused) throw refused;
  throw new UserError(
    `cannot lock a majority of ${hosts.map((host) => host.name).join(", ")}: ` +
      `${failures.map((failure) => failure.message).join("; ")}. Nothing was changed.`,
  );
}

async function lockHost(host: HostAccess, owner: string): Promise<Held> {
  const held = await host.hold(["sh", "-c", HOLD, "sh", STATE_FOLDER, owner]);
  if (held.firstLine === "locked") return held;
  await held.release();
  throw new LockHeld(host.name, held.firstLine.replace(/^held by /, ""));
}

/**
 * $1 folder $2 owner. The lock is on a file that is never removed; who holds it stands in a file beside. It is waited
 * for shortly, since the holder of an owner that was just killed ends a moment after it. An owner whose network is gone
 * ends no connection: its holder ends when it has not heard of it for half a minute, and it knows by then itself.
 */
const HOLD = `
mkdir -p -m 0700 "$1" || exit 1
exec 9>>"$1/lock"
if flock -w 3 9; then
  printf '%s\\n' "$2" > "$1/lock.owner"
  echo locked
  while [ -n "$(timeout 30 dd bs=512 count=1 2>/dev/null)" ]; do :; done
else
  echo "held by $(cat "$1/lock.owner" 2>/dev/null)"
fi`;
