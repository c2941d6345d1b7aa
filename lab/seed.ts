/**
 * Loads znodes into an ensemble: multis of 500, several in flight, spread over the servers.
 *
 * The tree is made through the servers, not written as a snapshot file: what lies in their data folders afterwards
 * is what servers leave, each its own.
 */
import { SeedConnection, type NewZnode } from "./seed-wire";

const BATCH = 500;
const IN_FLIGHT_PER_SERVER = 3;
const CHILDREN_PER_PARENT = 1_000;
export const SEED_ROOT = "/seed";

/** Creates `/seed/gNNNN/nNNNNNNN`: `znodes` in all, parents included. Answers the rate in znodes per second. */
export async function seedZnodes(connectString: string, znodes: number): Promise<number> {
  const begun = Date.now();
  const connections = await Promise.all(
    connectString.split(",").map((server) => SeedConnection.open(server)),
  );
  const [first] = connections as [SeedConnection];
  const parents = Math.ceil((znodes - 1) / (CHILDREN_PER_PARENT + 1));
  await first.createAll([{ path: SEED_ROOT, data: "" }]);
  for (const batch of batches(parents, (at) => ({ path: parentPath(at), data: "" })))
    await first.createAll(batch);

  const leaves = batches(Math.max(0, znodes - 1 - parents), (at) => ({
    path: leafPath(at),
    data: leafData(at),
  }));
  const worker = async (connection: SeedConnection) => {
    for (let next = leaves.next(); !next.done; next = leaves.next()) await connection.createAll(next.value);
  };
  await Promise.all(
    connections.flatMap((one) => Array.from({ length: IN_FLIGHT_PER_SERVER }, () => worker(one))),
  );
  await Promise.all(connections.map((connection) => connection.close()));
  return Math.round(znodes / ((Date.now() - begun) / 1000));
}

function* batches(count: number, znode: (at: number) => NewZnode): Generator<NewZnode[], void> {
  for (let from = 0; from < count; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => znode(from + at));
  }
}

const parentPath = (at: number) => `${SEED_ROOT}/g${String(at).padStart(4, "0")}`;
const leafPath = (at: number) =>
  `${parentPath(Math.floor(at / CHILDREN_PER_PARENT))}/n${String(at).padStart(7, "0")}`;
const leafData = (at: number) => `znode ${at} `.repeat(1 + (at % 8));
