/**
 * Hands the folded snapshot to every server of the destination, as one stream read once: cleaned of sessions and
 * ephemerals on its way, sealed anew, written to all at the same time, and read back by each host.
 */
import type { Complaint } from "../../engine/errors";
import { Refusal } from "../../engine/errors";
import type { JsonObject, Sight, StepContext } from "../../engine/step";
import type { World } from "../../transports/contract";
import { cleanSnapshot } from "../files/clean-snapshot";
import type { TreeSummary } from "../files/tree-summary";
import { tee } from "./tee";

/** @returns what was handed over, for the proof: name, SHA-256, znodes, digests */
export async function handOver(context: StepContext<World>, path: string, zxid: bigint): Promise<JsonObject> {
  const { step, world, say } = context;
  const { args } = step;
  const source = await world.host(step.host).readStream(path);
  const format = args["format"] === "3.4" ? "3.4" : "3.6+";
  const clean = cleanSnapshot(path, source as AsyncIterable<Buffer>, { zxid, format });
  const name = `snapshot.${zxid.toString(16)}`;
  const target = `${args["dataDir"]}/version-2/${name}`;
  const sums = new Set<string>();
  await tee(
    clean.bytes,
    (args["to"] as readonly string[]).map((to) => async (bytes: AsyncIterable<Buffer>) => {
      const host = world.host(to);
      const { stdout } = await host.run(["stat", "-c", "%u:%g", String(args["dataDir"])]);
      const written = await host.writeStream(target, bytes, { mode: "0640", owner: stdout.trim() });
      sums.add(written.sha256);
    }),
  );
  const { written, dropped } = clean.result();
  const complaints = complainUnfit(String(args["to"]), args, written);
  if (complaints.length > 0) throw new Refusal(complaints);
  if (sums.size !== 1) throw new Error(`the hosts read back different contents: ${[...sums].join(", ")}`);
  say(`${written.znodes} znodes, ${written.dataBytes} bytes; ${dropped.ephemerals} ephemerals stay behind`);
  return {
    name,
    sha256: [...sums][0],
    zxid: zxid.toString(),
    znodes: written.znodes,
    dataBytes: written.dataBytes,
    digest: written.digest,
    aclDigest: written.aclDigest,
    droppedSessions: dropped.sessions,
    droppedEphemerals: dropped.ephemerals,
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

/** What the destination could not load, or would delete as it starts. */
function complainUnfit(where: string, args: JsonObject, tree: TreeSummary): Complaint[] {
  const limit = Number(args["juteMaxBuffer"]);
  const complaints: Complaint[] = [];
  // A znode travels with its path and stat in one record (DataTree.serializeNode): some room for them.
  if (tree.largest.bytes + 1024 > limit) {
    complaints.push({
      where: tree.largest.path,
      found: `a znode of ${tree.largest.bytes} bytes`,
      expected: `less than jute.maxbuffer of the servers that are to load it (${limit})`,
      next: `Add -Djute.maxbuffer=${2 ** Math.ceil(Math.log2(tree.largest.bytes + 1024))} to jvm.flags (it has no effect in zoo.cfg), or make the znode smaller.`,
    });
  }
  const mortal = [
    ...(args["format"] === "3.4" && tree.containers.count > 0
      ? [["container", tree.containers] as const]
      : []),
    ...(args["extendedTypes"] === true || tree.ttls.count === 0 ? [] : [["TTL", tree.ttls] as const]),
  ];
  if (args["acceptDataLoss"] === true) return complaints;
  for (const [kind, { count, paths }] of mortal) {
    complaints.push({
      where,
      found: `${count} ${kind} znodes, for example ${paths.join(", ")}`,
      expected: "only kinds that its servers keep: they would be deleted as the servers start",
      next: "Set extendedTypesEnabled=true there (3.5.3 or newer), remove the znodes, or accept their loss by acceptDataLoss: true.",
    });
  }
  return complaints;
}
