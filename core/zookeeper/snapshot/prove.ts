/**
 * Proves that the started ensemble holds what was folded: every server counts as many znodes and is not behind, the
 * tree that it loaded has the digest that was handed to it, and a write made on one server is seen on every other.
 *
 * Where the digest is taken from: servers from 3.6 on log it as they load (`FileTxnSnapLog`). An older leader writes
 * what it loaded as a new snapshot before it serves (`ZooKeeperServer.loadData`), and that file is summed up here,
 * ACLs included.
 */
import { Refusal } from "../../engine/errors";
import type { Complaint } from "../../engine/errors";
import type { JsonObject, StepContext } from "../../engine/step";
import type { HostAccess, World } from "../../transports/contract";
import { describeSnapshot } from "../files/clean-snapshot";
import type { TreeSummary } from "../files/tree-summary";
import { probeWrite } from "../probe";
import type { Server } from "../side";
import { askSrvr } from "../ask";
import { highestZxid } from "./untouched";

/** @returns what was compared, for the report */
export async function prove({ step, world }: StepContext<World>, handed: JsonObject): Promise<JsonObject> {
  const { args } = step;
  const servers = args["servers"] as unknown as readonly Server[];
  const port = Number(args["clientPort"]);
  const summed: Summed = new Map();
  const compared = servers.flatMap(({ name }) => [
    compareServer(world.host(name), port, handed),
    compareTree(world.host(name), args, handed, summed),
  ]);
  const complaints = (await Promise.all(compared)).flat();
  if (complaints.length > 0) throw new Refusal(complaints);
  await probeWrite(
    servers.map(({ name }) => world.host(name)),
    port,
  );
  return {
    servers: servers.map(({ name }) => name),
    znodes: handed["znodes"],
    digest: handed["digest"],
    aclDigest: handed["aclDigest"],
    zxid: handed["zxid"],
    restedAt: (await highestZxid(world, servers, port))?.toString(),
    probe: `a write on ${servers[0]?.name} was seen on ${servers.length - 1} others`,
  };
}

/** Nodes that the server makes for itself as it starts (/zookeeper/config in 3.5 and later) are not counted. */
const OWN_NODES = 2;

async function compareServer(host: HostAccess, port: number, handed: JsonObject): Promise<Complaint[]> {
  const answer = await askSrvr(host, port);
  const expected = Number(handed["znodes"]);
  if (answer.kind !== "serving") {
    return [complain(host.name, `no answer (${answer.kind})`, "a serving server")];
  }
  const complaints: Complaint[] = [];
  const more = answer.nodeCount - expected;
  if (more < 0 || more > OWN_NODES) {
    complaints.push(complain(host.name, `${answer.nodeCount} znodes`, `${expected} as folded`));
  }
  // A new leader begins an epoch: the zxid is never below what was folded.
  if (answer.zxid < BigInt(String(handed["zxid"]))) {
    complaints.push(
      complain(
        host.name,
        `zxid 0x${answer.zxid.toString(16)}`,
        `at least 0x${BigInt(String(handed["zxid"])).toString(16)}`,
      ),
    );
  }
  return complaints;
}

/** What snapshots come to, by their SHA-256: the servers' are often the same to the byte, and one is read then. */
type Summed = Map<string, Promise<TreeSummary>>;

async function compareTree(
  host: HostAccess,
  args: JsonObject,
  handed: JsonObject,
  summed: Summed,
): Promise<Complaint[]> {
  if (typeof args["logFile"] === "string") return compareLogged(host, args["logFile"], handed);
  return compareWritten(host, `${args["dataDir"]}/version-2/${handed["name"]}`, handed, summed);
}

async function compareLogged(host: HostAccess, logFile: string, handed: JsonObject): Promise<Complaint[]> {
  const { stdout } = await host.script('grep -h "Snapshot loaded in" "$1" | tail -n 1', [logFile], {
    accept: "any",
  });
  const found = /highest zxid is 0x([0-9a-f]+), digest is (-?\d+)/.exec(stdout);
  const zxid = BigInt(String(handed["zxid"])).toString(16);
  if (found?.[1] === zxid && found[2] === handed["digest"]) return [];
  return [
    complain(
      `${host.name}:${logFile}`,
      found ? `a tree of zxid 0x${found[1]} with digest ${found[2]}` : "no line that tells what was loaded",
      `zxid 0x${zxid} with digest ${handed["digest"]}`,
    ),
  ];
}

async function compareWritten(
  host: HostAccess,
  path: string,
  handed: JsonObject,
  summed: Summed,
): Promise<Complaint[]> {
  const { stdout } = await host.run(["sha256sum", "--", path], { timeoutMs: SUM_TIMEOUT_MS });
  const sum = stdout.split(" ")[0] ?? "";
  // The very file that was handed over; its digest is known.
  if (sum === handed["sha256"]) return [];
  const summing = summed.get(sum) ?? sumUp(host, path);
  summed.set(sum, summing);
  const summary = await summing;
  const expected = `digest ${handed["digest"]}, of the ACLs ${handed["aclDigest"]}`;
  const found = `digest ${summary.digest}, of the ACLs ${summary.aclDigest}`;
  return found === expected ? [] : [complain(`${host.name}:${path}`, found, expected)];
}

/** Far more than the largest snapshots take. */
const SUM_TIMEOUT_MS = 900_000;

async function sumUp(host: HostAccess, path: string): Promise<TreeSummary> {
  const stream = await host.readStream(path);
  return (await describeSnapshot(path, stream as AsyncIterable<Buffer>)).summary;
}

function complain(where: string, found: string, expected: string): Complaint {
  return { where, found, expected, next: "The copy is not what was folded: nothing may go on from it." };
}
