/**
 * Loads znodes into an ensemble as fast as one client process can: creates are sent without waiting for the ones
 * before, over several sessions.
 *
 * The tree is made through the servers, not written as a snapshot file, so that the ensemble's own snapshots and
 * logs are what a busy ensemble leaves: rolled more than once, and not at the same transaction on each server.
 */
import { openZooKeeper, type ZooKeeperSession } from "./zookeeper-session";

const SESSIONS = 3;
const IN_FLIGHT = 500;
const CHILDREN_PER_PARENT = 1_000;
export const SEED_ROOT = "/seed";

/** Creates `/seed/gNNNN/nNNNNNN`, `znodes` in all with their parents. Answers the rate in creates per second. */
export async function seedZnodes(connectString: string, znodes: number): Promise<number> {
  const begun = Date.now();
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => openZooKeeper(connectString)));
  const [first] = sessions as [ZooKeeperSession];
  const parents = Math.ceil((znodes - 1) / (CHILDREN_PER_PARENT + 1));
  await first.create(SEED_ROOT, "");
  await Promise.all(Array.from({ length: parents }, (_, at) => first.create(parentPath(at), "")));

  let next = 0;
  const leaves = Math.max(0, znodes - 1 - parents);
  const worker = async (session: ZooKeeperSession) => {
    for (let at = next++; at < leaves; at = next++) await session.create(leafPath(at), leafData(at));
  };
  await Promise.all(sessions.flatMap((session) => Array.from({ length: IN_FLIGHT }, () => worker(session))));
  await Promise.all(sessions.map((session) => session.close()));
  return Math.round(znodes / ((Date.now() - begun) / 1000));
}

const parentPath = (at: number) => `${SEED_ROOT}/g${String(at).padStart(4, "0")}`;
const leafPath = (at: number) =>
  `${parentPath(Math.floor(at / CHILDREN_PER_PARENT))}/n${String(at).padStart(7, "0")}`;
const leafData = (at: number) => `znode ${at} `.repeat(1 + (at % 8));
