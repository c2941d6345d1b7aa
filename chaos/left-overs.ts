/**
 * Looks for what a run must not leave on any host once it has ended: processes, a held lock, files of its own. Looks from
 * outside: programs on a dozen hosts would take longer than what they look for lasts.
 */
import { existsSync, readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { STATE_FOLDER } from "../core/journal/folder";
import type { LabHost } from "../lab/host";
import type { Lab } from "../lab/lab";
import { commandLines } from "../lab/processes";
import { capture } from "../lab/shell";
import { until } from "../lab/wait";

/** sshd notices a killed operator by the closed connection, and ends what hangs on it. */
const GONE_WITHIN_MS = 20_000;

/** @throws Error with what is left */
export async function leftOvers(lab: Lab): Promise<void> {
  await until(
    "nothing is left over",
    async () => {
      const running = commandLines();
      const found = await Promise.all(
        lab.specs.map(async ({ name }) => {
          const host = lab.host(name);
          const processes = running.get(host.pidNamespace() ?? "") ?? [];
          const left = [
            ...processes.filter((line) => !BELONGS.test(line)),
            ...files(host),
            ...(await lock(host)),
          ];
          return left.map((what) => `${name}: ${what}`);
        }),
      );
      return found.flat().join("\n") || undefined;
    },
    GONE_WITHIN_MS,
  );
}

/**
 * What runs on a host of the lab by right: its init, sshd, servers and what keeps them. Services that boot.d or a user's
 * command started are children of init.
 */
const BELONGS =
  /^(sh \/etc\/lab\/init\.sh|sleep |sshd: \/usr\/sbin\/sshd|\/usr\/sbin\/sshd|.*QuorumPeerMain \/opt\/\S*zoo\.cfg|.*clickhouse-(server|service)|.*pegasus)/;

/** The journal, the originals and the lock's file stay, by design; so does what was set aside. */
const OURS = /^\..*(pulumi|\.part)|staging|\.part$/;
const ON_DISK = ["opt", "etc", "var/lib"];
const IN_MEMORY = ["/tmp", "/run"];
/** Of programs that have such names of their own. */
const THEIRS = /\/var\/lib\/(clickhouse|dpkg|apt)$/;

function files(host: LabHost): string[] {
  const folders = [
    ...ON_DISK.map((folder) => join(host.ownDisk, folder)),
    ...IN_MEMORY.map((folder) => host.seenFromOutside(folder)),
  ];
  return folders.flatMap((folder) => [...oursBelow(folder)]);
}

function* oursBelow(folder: string): Generator<string> {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (OURS.test(entry.name)) yield path;
    if (entry.isDirectory() && !THEIRS.test(path)) yield* oursBelow(path);
  }
}

/** An overlay keeps what was removed as a device of that name. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isCharacterDevice());
  } catch {
    return []; // It was never there, or went away meanwhile.
  }
}

async function lock(host: LabHost): Promise<string[]> {
  const file = host.seenFromOutside(`${STATE_FOLDER}/lock`);
  if (!existsSync(file)) return [];
  const { code } = await capture(["flock", "-n", file, "true"]);
  return code === 0 ? [] : [`lock held by ${host.peek(`${STATE_FOLDER}/lock.owner`)?.toString()}`];
}
