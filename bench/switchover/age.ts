/**
 * Makes a freshly seeded ensemble look like one in use: every server has taken a snapshot by itself, and has written
 * on since. A server of 3.4 that has never reached its snapCount has logs alone, which the published procedure cannot
 * copy.
 */
import type { Lab } from "../../lab/lab";
import { ZK_DATA_DIR } from "../../lab/layout";
import { openZooKeeper } from "../../lab/zookeeper-session";

const ROOT = "/bench-age";
const IN_FLIGHT = 200;
/** Far more than the snapCount of the lab's servers. */
const GIVE_UP_AFTER = 20_000;

export async function ageEnsemble(lab: Lab): Promise<void> {
  const session = await openZooKeeper(lab.inventory.old);
  try {
    await session.create(ROOT, "");
    for (let made = 0; !(await everyoneHasSnapshot(lab)); made += IN_FLIGHT) {
      if (made >= GIVE_UP_AFTER) throw new Error(`no snapshot on every server after ${made} writes`);
      await Promise.all(
        Array.from({ length: IN_FLIGHT }, (_, at) => session.create(`${ROOT}/n${made + at}`, "")),
      );
    }
  } finally {
    await session.close();
  }
}

async function everyoneHasSnapshot(lab: Lab): Promise<boolean> {
  const list = ["sh", "-c", `ls ${ZK_DATA_DIR}/version-2/snapshot.* 2>/dev/null`];
  const listed = await Promise.all(lab.oldEnsemble.map(({ name }) => lab.host(name).exec(list)));
  return listed.every(({ stdout }) => stdout.trim() !== "");
}
