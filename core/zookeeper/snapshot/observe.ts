/**
 * Chooses whose files are taken, and what speaks against taking them.
 *
 * While an ensemble serves, its leader has everything that was ever acknowledged. Where it does not (the way back
 * from a broken ensemble), the most advanced usable set of files is the origin: with a quorum's worth of disks read,
 * it holds every acknowledged write, since each of them was synced by a quorum.
 */
import type { Complaint } from "../../engine/errors";
import type { World } from "../../transports/contract";
import { judgeFiles } from "./judge-files";
import type { EnsembleFacts, ServerFacts } from "../observe";
import type { Server, Side } from "../side";
import { quorumOf } from "../side";

export interface Origin {
  readonly from: Server;
  /** For the reviewer: `leader`, or `last zxid 0x200000007`. */
  readonly fromIs: string;
  readonly fromLeads: boolean;
}

export interface OriginChoice {
  readonly origin?: Origin;
  readonly complaints: readonly Complaint[];
}

/**
 * Forward: a source without exactly one leader and a serving quorum is refused, since nothing needs to be saved from
 * it in a hurry. A leader that has just lost its followers goes on answering as one for up to syncLimit ticks
 * (ZooKeeper's `Leader.lead`), while it can acknowledge nothing any more: the mode alone does not tell.
 */
export function chooseServing(facts: EnsembleFacts): OriginChoice {
  const unreachable = complainUnreachable(facts);
  if (unreachable.length > 0) return { complaints: unreachable };
  const leader = leaderWithQuorum(facts);
  if (leader) return { origin: leading(leader), complaints: [] };
  return { complaints: complainQuorumServes(facts) };
}

/** Where an ensemble goes on serving, and nothing has to be stopped or staged on its hosts, a quorum is enough. */
export function complainQuorumServes(facts: EnsembleFacts): Complaint[] {
  if (leaderWithQuorum(facts)) return [];
  return [
    ...complainUnreachable(facts),
    {
      where: facts.servers.map(({ server }) => server.name).join(", "),
      found: `${facts.leader ? "no quorum" : "no single leader"}: ${facts.servers.map(sayMode).join(", ")}`,
      expected: "one leader and its followers",
      next: "Mend that ensemble first; moving would not.",
    },
  ];
}

/** The one that has all that was acknowledged, unless a quorum elected another behind its back. */
function leaderWithQuorum(facts: EnsembleFacts): ServerFacts | undefined {
  const serving = facts.servers.filter(({ seen }) => seen?.answer.kind === "serving").length;
  if (serving < quorumOf(facts)) return undefined;
  return facts.servers.find(({ server }) => server.name === facts.leader?.name);
}

function leading({ server }: ServerFacts): Origin {
  return { from: server, fromIs: "leader", fromLeads: true };
}

/** Back: works without a quorum, and says what could be lost where too few disks can be read. */
export async function chooseAnyhow(
  world: World,
  side: Side,
  facts: EnsembleFacts,
  acceptDataLoss: boolean,
): Promise<OriginChoice> {
  const judge = async ({ server, seen }: ServerFacts) => ({
    server,
    files: await judgeFiles(world.host(server.name), side, seen?.snapshots ?? [], seen?.logs ?? []),
  });
  const leader = leaderWithQuorum(facts);
  // A leader serves from its memory: what lies on its disk may be gone or broken all the same.
  if (leader && (await judge(leader)).files.kind === "usable") {
    return { origin: leading(leader), complaints: [] };
  }
  const judged = await Promise.all(facts.servers.filter((one) => one.seen).map(judge));
  const usable = judged.flatMap(({ server, files }) =>
    files.kind === "usable" ? [{ server, lastZxid: files.lastZxid }] : [],
  );
  const best = usable.reduce<(typeof usable)[number] | undefined>(
    (a, b) => (a === undefined || b.lastZxid > a.lastZxid ? b : a),
    undefined,
  );
  if (!best) {
    return {
      complaints: [
        ...judged.map(({ server, files }) => ({
          where: server.name,
          found: files.kind === "usable" ? "usable files" : files.why,
          expected: "a snapshot and logs that can be read",
          next: "Bring back a host whose disk is whole.",
        })),
        ...complainUnreachable(facts),
      ],
    };
  }
  const origin = {
    from: best.server,
    fromIs: `last zxid 0x${best.lastZxid.toString(16)}`,
    fromLeads: false,
  };
  const needed = side.servers.length - quorumOf(side) + 1;
  if (usable.length >= needed || acceptDataLoss) return { origin, complaints: [] };
  const missing = side.servers.filter(({ name }) => !usable.some((one) => one.server.name === name));
  return {
    complaints: [
      {
        where: missing.map((server) => server.name).join(", "),
        found: `${usable.length} usable disk${usable.length === 1 ? "" : "s"} of ${side.servers.length} (${best.server.name}, ${origin.fromIs})`,
        expected: `at least ${needed}: what a quorum acknowledged may lie on the others alone`,
        next:
          `Bring one of them back. Or set acceptDataLoss: true to go back with ${best.server.name}: ` +
          `every write acknowledged after zxid 0x${best.lastZxid.toString(16)} would be lost, and none up to it.`,
      },
    ],
  };
}

/** Clients that are connected to the source and belong to nobody we know. */
export function foreignClients(facts: EnsembleFacts, known: ReadonlySet<string>): Map<string, number> {
  const own = new Set(facts.servers.map(({ server }) => server.address));
  const foreign = new Map<string, number>();
  for (const address of facts.servers.flatMap(({ seen }) => seen?.clients ?? [])) {
    if (known.has(address) || own.has(address)) continue;
    foreign.set(address, (foreign.get(address) ?? 0) + 1);
  }
  return foreign;
}

/** Servers of one ensemble that the other's configuration names: the two would merge. */
export function complainCrossReferences(facts: EnsembleFacts, other: Side): Complaint[] {
  const others = new Set(other.servers.map((server) => server.address));
  return facts.servers.flatMap(({ server, seen }) =>
    [...(seen?.config ?? [])]
      .filter(([key]) => /^server\.\d+$/.test(key))
      .filter(([, value]) => others.has(value.split(":")[0] ?? ""))
      .map(([key, value]) => ({
        where: `${server.name}:${seen?.configPath ?? "zoo.cfg"}`,
        found: `${key}=${value}, a server of the other ensemble`,
        expected: "two ensembles that do not know each other",
        next: "Take the line out and restart that server: servers that can elect each other become one ensemble.",
      })),
  );
}

/** A dataDir or dataLogDir argument that is not where the running server keeps its data. */
export function complainFolders(facts: EnsembleFacts, side: Side): Complaint[] {
  return facts.servers.flatMap(({ server, seen }) => {
    if (!seen || seen.config.size === 0) return [];
    const dataDir = seen.config.get("dataDir") ?? side.dataDir;
    const dataLogDir = seen.config.get("dataLogDir") ?? dataDir;
    return [["dataDir", dataDir, side.dataDir] as const, ["dataLogDir", dataLogDir, side.dataLogDir] as const]
      .filter(([, found, expected]) => trimSlash(found) !== trimSlash(expected))
      .map(([key, found, expected]) => ({
        where: `${server.name}:${seen.configPath ?? "zoo.cfg"}`,
        found: `${key}=${found}`,
        expected: `${key}=${expected}, as the arguments say`,
        next: `Correct the argument ${key}: the data would be taken from the wrong folder.`,
      }));
  });
}

function trimSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

function complainUnreachable({ servers }: EnsembleFacts): Complaint[] {
  return servers
    .filter(({ seen }) => !seen)
    .map(({ server, unreachable }) => ({
      where: server.name,
      found: `no way in: ${unreachable ?? "no answer"}`,
      expected: "every server of the ensemble reachable",
      next: "Check its connection and the host itself.",
    }));
}

function sayMode({ server, seen }: ServerFacts): string {
  const answer = seen?.answer;
  return `${server.name} ${answer?.kind === "serving" ? answer.mode : (answer?.kind ?? "unreachable")}`;
}
