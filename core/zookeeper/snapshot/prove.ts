/**
 * Proves that the started ensemble holds what was handed over: every server counts as many znodes and is not behind,
 * the tree that it loaded has the digest that was reckoned from the files, and a write made on one server is seen on
 * every other.
 *
 * Where the digest is taken from: servers from 3.6 on log it as they load (`FileTxnSnapLog`). An older leader writes
 * what it loaded as a new snapshot before it serves (`ZooKeeperServer.loadData`), and that file is summed up here,
 * ACLs included; where the lead has changed since, the first leader has it. Servers that wrote none have the same files
 * to the byte, and are held to their count of znodes.
 */
import { Refusal } from "../../engine/errors";
import type { Complaint } from "../../engine/errors";
import type { JsonObject, StepContext } from "../../engine/step";
import type { HostAccess, World } from "../../transports/contract";
import { exists } from "../exists";
import { showZxid } from "../files/file-name";
import { reckon } from "../files/reckon";
import { describeSnapshot } from "../files/refit-snapshot";
import { probeWrite } from "../probe";
import type { Server } from "../side";
import { askSrvr, type SrvrAnswer } from "../ask";
import { highestZxid } from "./untouched";

/** What a server must hold that has loaded what was handed over: read on the first of them, while all start. */
export async function reckonHanded(
  { step: { args }, world }: StepContext<World>,
  handed: JsonObject,
  tail: JsonObject,
): Promise<JsonObject> {
  const { znodes, digest, aclDigest, zxid } = handed;
  if (tail["log"] === undefined) return { znodes, digest, aclDigest, zxid };
  const host = world.host((args["to"] as readonly string[])[0] ?? "");
  const file = (path: string) => ({
    file: `${host.name}:${path}`,
    open: async () => (await host.readStream(path)) as AsyncIterable<Buffer>,
  });
  const { lastZxid, ...reckoned } = await reckon(
    file(`${args["dataDir"]}/version-2/${handed["name"]}`),
    { znodes: Number(znodes), digest: String(digest), aclDigest: String(aclDigest) },
    file(`${args["dataLogDir"]}/version-2/${tail["log"]}`),
  );
  if (lastZxid?.toString() !== tail["zxid"]) {
    throw new Error(`${host.name}: the log ends at ${lastZxid}, not at ${tail["zxid"]} as it was written`);
  }
  return { ...reckoned, zxid: tail["zxid"] };
}

/** @returns what was compared, for the report */
export async function prove(
  { step, world, say }: StepContext<World>,
  reckoned: JsonObject,
): Promise<JsonObject> {
  const { args } = step;
  const servers = args["servers"] as unknown as readonly Server[];
  const port = Number(args["clientPort"]);
  const compared = await Promise.all(
    servers.map(async ({ name }) => {
      const host = world.host(name);
      const answer = await askSrvr(host, port);
      if (answer.kind !== "serving") {
        return { name, complaints: [complain(name, `no answer (${answer.kind})`, "a serving server")] };
      }
      const tree = await compareTree(host, args, reckoned);
      return { name, tree, complaints: [...compareAnswer(name, answer, reckoned), ...(tree ?? [])] };
    }),
  );
  const complaints = compared.flatMap((one) => one.complaints);
  if (complaints.length > 0) throw new Refusal(complaints);
  const trees = compared.flatMap(({ name, tree }) => (tree ? [name] : []));
  if (trees.length === 0)
    say("no server wrote what it loaded: its zxid and its count of znodes are all that was compared");
  await probeWrite(
    servers.map(({ name }) => world.host(name)),
    port,
  );
  return {
    servers: servers.map(({ name }) => name),
    trees,
    ...reckoned,
    restedAt: (await highestZxid(world, servers, port))?.toString(),
    probe: `a write on ${servers[0]?.name} was seen on ${servers.length - 1} others`,
  };
}

type Serving = Extract<SrvrAnswer, { kind: "serving" }>;

/** Nodes that the server makes for itself as it starts (/zookeeper/config in 3.5 and later) are not counted. */
const OWN_NODES = 2;

function compareAnswer(name: string, answer: Serving, reckoned: JsonObject): Complaint[] {
  const complaints: Complaint[] = [];
  const expected = Number(reckoned["znodes"]);
  const more = answer.nodeCount - expected;
  if (more < 0 || more > OWN_NODES) {
    complaints.push(complain(name, `${answer.nodeCount} znodes`, `${expected} as handed over`));
  }
  // A new leader begins an epoch: the zxid is never below what was handed over.
  const zxid = BigInt(String(reckoned["zxid"]));
  if (answer.zxid < zxid) {
    complaints.push(complain(name, `zxid ${showZxid(answer.zxid)}`, `at least ${showZxid(zxid)}`));
  }
  return complaints;
}

/** @returns undefined where the server tells nothing about what it loaded */
async function compareTree(
  host: HostAccess,
  args: JsonObject,
  reckoned: JsonObject,
): Promise<Complaint[] | undefined> {
  if (typeof args["logFile"] === "string") return compareLogged(host, args["logFile"], reckoned);
  const zxid = BigInt(String(reckoned["zxid"])).toString(16);
  const path = `${args["dataDir"]}/version-2/snapshot.${zxid}`;
  if (!(await exists(host, path))) return undefined;
  return compareWritten(host, path, reckoned);
}

async function compareLogged(host: HostAccess, logFile: string, reckoned: JsonObject): Promise<Complaint[]> {
  const { stdout } = await host.script('grep -h "Snapshot loaded in" "$1" | tail -n 1', [logFile], {
    accept: "any",
  });
  const found = /highest zxid is 0x([0-9a-f]+), digest is (-?\d+)/.exec(stdout);
  const zxid = BigInt(String(reckoned["zxid"])).toString(16);
  if (found?.[1] === zxid && found[2] === reckoned["digest"]) return [];
  return [
    complain(
      `${host.name}:${logFile}`,
      found ? `a tree of zxid 0x${found[1]} with digest ${found[2]}` : "no line that tells what was loaded",
      `zxid 0x${zxid} with digest ${reckoned["digest"]}`,
    ),
  ];
}

async function compareWritten(host: HostAccess, path: string, reckoned: JsonObject): Promise<Complaint[]> {
  const stream = await host.readStream(path);
  const { summary } = await describeSnapshot(path, stream as AsyncIterable<Buffer>);
  const expected = `digest ${reckoned["digest"]}, of the ACLs ${reckoned["aclDigest"]}`;
  const found = `digest ${summary.digest}, of the ACLs ${summary.aclDigest}`;
  return found === expected ? [] : [complain(`${host.name}:${path}`, found, expected)];
}

function complain(where: string, found: string, expected: string): Complaint {
  return { where, found, expected, next: "The copy is not what was handed over: nothing may go on from it." };
}
