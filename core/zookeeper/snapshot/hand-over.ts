/**
 * Hands the folded snapshot to every server of the destination, as one stream read once: refitted on its way, sealed
 * anew, written to all at the same time, and read back by each host.
 */
import { Refusal } from "../../engine/errors";
import type { JsonObject, Sight, StepContext } from "../../engine/step";
import type { World } from "../../transports/contract";
import { refitSnapshot } from "../files/refit-snapshot";
import { complainUnfit, limitsOf, mortalKinds } from "./unfit";
import { writeToEach } from "./write-to-each";

/** @returns what was handed over: name, SHA-256, zxid, znodes, digests, and what the log behind it is to end */
export async function handOver(context: StepContext<World>, path: string, zxid: bigint): Promise<JsonObject> {
  const { step, world, say } = context;
  const { args } = step;
  const source = await world.host(step.host).readStream(path);
  const limits = limitsOf(args);
  const refit = refitSnapshot(path, source as AsyncIterable<Buffer>, {
    zxid,
    format: limits.format,
    asPersistent: limits.acceptDataLoss ? mortalKinds(limits) : undefined,
  });
  const name = `snapshot.${zxid.toString(16)}`;
  const hosts = (args["to"] as readonly string[]).map((to) => world.host(to));
  const sha256 = await writeToEach(hosts, String(args["dataDir"]), name, refit.bytes);
  const { written, madePersistent } = refit.result();
  const complaints = complainUnfit(String(args["to"]), limits, written);
  if (complaints.length > 0) throw new Refusal(complaints);
  const ephemerals = written.ephemerals.count;
  say(
    `${written.znodes} znodes, ${written.dataBytes} bytes; ${ephemerals} ephemerals end with their sessions`,
  );
  if (madePersistent > 0) say(`${madePersistent} container and TTL znodes were made persistent, as accepted`);
  return {
    name,
    sha256,
    zxid: zxid.toString(),
    znodes: written.znodes,
    dataBytes: written.dataBytes,
    digest: written.digest,
    aclDigest: written.aclDigest,
    sessions: written.sessions,
    ephemerals,
  };
}

/** Whether every server of the destination holds exactly one snapshot and no log. */
export async function handedOver(world: World, args: JsonObject): Promise<Sight> {
  const counts = await Promise.all(
    (args["to"] as readonly string[]).map(async (to) => {
      const { stdout } = await world
        .host(to)
        .script(
          'find "$1/version-2" "$2/version-2" -type f ! -name ".*" | wc -l',
          [
            String(args["dataDir"]),
            args["dataDir"] === args["dataLogDir"] ? "/nonexistent" : String(args["dataLogDir"]),
          ],
          { accept: "any" },
        );
      return { to, count: Number(stdout.trim()) };
    }),
  );
  const wrong = counts.filter(({ count }) => count !== 1);
  return {
    done: wrong.length === 0,
    found:
      wrong.length === 0
        ? "one snapshot on every server"
        : wrong.map(({ to, count }) => `${to}: ${count} files`).join(", "),
  };
}
