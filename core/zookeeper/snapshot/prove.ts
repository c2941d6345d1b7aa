/**
 * Proves that the started ensemble holds what was folded: every server loaded the very snapshot that was handed to it
 * (its SHA-256 was read back by its own host), counts as many znodes, says the same digest where its version logs
 * one, and a write made on one server is seen on every other.
 */
import { Refusal } from "../../engine/errors";
import type { Complaint } from "../../engine/errors";
import type { JsonObject, StepContext } from "../../engine/step";
import type { HostAccess, World } from "../../transports/contract";
import { probeWrite } from "../probe";
import type { Server } from "../side";
import { askSrvr } from "../ask";

/** @returns what was compared, for the report */
export async function prove({ step, world }: StepContext<World>, handed: JsonObject): Promise<JsonObject> {
  const { args } = step;
  const servers = args["servers"] as unknown as readonly Server[];
  const port = Number(args["clientPort"]);
  const complaints = (
    await Promise.all(
      servers.map(async ({ name }) => [
        ...(await compareServer(world.host(name), port, handed)),
        ...(await compareFile(world.host(name), String(args["dataDir"]), handed)),
      ]),
    )
  ).flat();
  if (complaints.length > 0) throw new Refusal(complaints);
  await probeWrite(servers.map(({ name }) => world.host(name)), port);
  return {
    servers: servers.map(({ name }) => name),
    znodes: handed["znodes"],
    digest: handed["digest"],
    aclDigest: handed["aclDigest"],
    zxid: handed["zxid"],
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
      complain(host.name, `zxid 0x${answer.zxid.toString(16)}`, `at least 0x${BigInt(String(handed["zxid"])).toString(16)}`),
    );
  }
  return complaints;
}

async function compareFile(host: HostAccess, dataDir: string, handed: JsonObject): Promise<Complaint[]> {
  const path = `${dataDir}/version-2/${handed["name"]}`;
  const { stdout } = await host.run(["sha256sum", path], { accept: "any", timeoutMs: 120_000 });
  const found = stdout.split(/\s/)[0] ?? "";
  if (found === handed["sha256"]) return [];
  return [complain(`${host.name}:${path}`, `SHA-256 ${found || "of nothing: no such file"}`, `${handed["sha256"]}`)];
}

function complain(where: string, found: string, expected: string): Complaint {
  return { where, found, expected, next: "The copy is not what was folded: nothing may go on from it." };
}
