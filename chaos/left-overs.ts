/** Looks for what a run must not leave on any host once it has ended: processes, a held lock, files of its own. */
import type { Lab } from "../lab/lab";
import { until } from "../lab/wait";

/** sshd notices a killed operator by the closed connection, and ends what hangs on it. */
const GONE_WITHIN_MS = 20_000;

/** @throws Error with what is left */
export async function leftOvers(lab: Lab): Promise<void> {
  await until(
    "nothing is left over",
    async () => {
      const found = await Promise.all(
        lab.specs.map(async ({ name }) => {
          const { stdout } = await lab.host(name).exec(["bash", "-c", LOOK]);
          return stdout
            .split("\n")
            .filter((line) => line !== "" && !BELONGS.test(line))
            .map((line) => `${name}: ${line}`);
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
  /^process (sh \/etc\/lab\/init\.sh|sleep |sshd: \/usr\/sbin\/sshd|\/usr\/sbin\/sshd|.*QuorumPeerMain \/opt\/\S*zoo\.cfg|.*clickhouse-(server|service)|.*pegasus|bash -c find |ps |sed )/;

/**
 * The journal, the originals and the lock's file stay, by design; so does what was set aside. Other labs' disks are
 * visible through the root that all hosts share: only what is newer than the host is looked at.
 */
const LOOK = `find /opt /etc /var/lib /tmp /run -xdev \\( -name '.*pulumi*' -o -name '*staging*' -o -name '.*.part*' -o -name '*.part' \\) \
  -not -path '/var/lib/clickhouse/*' -not -path '/var/lib/dpkg/*' -not -path '/var/lib/apt/*' -newer /etc/hostname -printf 'file %p\\n' 2>/dev/null
lock=/var/lib/pulumi-zookeeper/lock
[ ! -e "$lock" ] || flock -n "$lock" true || echo "lock held by $(cat "$lock.owner")"
ps -e -o args= | sed 's/^/process /'`;
