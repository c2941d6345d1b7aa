/** The two questions that plans and steps ask a server: who are you (`srvr`), and how do you feel (`mntr`). */
import { HostUnreachable, ifReachable } from "../engine/errors";
import type { HostAccess, World } from "../transports/contract";
import { DialFailed } from "../transports/contract";
import type { Answer, Mntr, Mode } from "../transports/fourlw";
import { ask, parseMntr, parseSrvr } from "../transports/fourlw";
import type { Server } from "./side";

/** Answers to `srvr`; whatever is not `serving` cannot take a write. */
export type SrvrAnswer =
  | {
      readonly kind: "serving";
      readonly mode: Mode;
      readonly version: string;
      readonly zxid: bigint;
      readonly nodeCount: number;
    }
  | { readonly kind: Exclude<Answer["kind"], "answered"> | "unreadable" | "late" };

/**
 * A 3.7 server that is asked before its database is open takes the connection and never answers on it
 * (NullPointerException in the command's thread): whoever waits must give up soon and ask anew.
 */
const ANSWER_WITHIN_MS = 2000;

export async function askSrvr(host: HostAccess, port: number): Promise<SrvrAnswer> {
  const answer = await askSoon(host, port, "srvr");
  if (answer.kind !== "answered") return { kind: answer.kind };
  const { mode, version, zxid, nodeCount } = parseSrvr(answer.text);
  if (mode === undefined || version === undefined || zxid === undefined) return { kind: "unreadable" };
  return { kind: "serving", mode, version, zxid, nodeCount: nodeCount ?? 0 };
}

/** What one of several servers says; `answer` is absent where its host is out of reach. */
export interface Answered {
  readonly name: string;
  readonly answer?: SrvrAnswer;
}

/** All of them side by side. */
export function askEach(world: World, servers: readonly Server[], port: number): Promise<Answered[]> {
  return Promise.all(
    servers.map(async ({ name }) => ({ name, answer: await ifReachable(askSrvr(world.host(name), port)) })),
  );
}

/** Whether its process is up, with a quorum or without. */
export function runs({ answer }: Answered): boolean {
  return answer?.kind === "serving" || answer?.kind === "notServing";
}

/** Who serves has a leader, or is it; but for a server that lost it and serves reads. */
export function isLed({ answer }: Answered): boolean {
  return answer?.kind === "serving" && answer.mode !== "read-only";
}

/** Undefined where the server may not answer it (3.5 and later allow only `srvr` by default). */
export async function askMntr(host: HostAccess, port: number): Promise<Mntr | undefined> {
  const answer = await askSoon(host, port, "mntr");
  return answer.kind === "answered" ? parseMntr(answer.text) : undefined;
}

async function askSoon(
  host: HostAccess,
  port: number,
  word: "srvr" | "mntr",
): Promise<Answer | { readonly kind: "late" }> {
  try {
    return await ask(host, port, word, { timeoutMs: ANSWER_WITHIN_MS });
  } catch (error) {
    // Whether the host itself is lost, the next command on it will tell.
    if (error instanceof HostUnreachable && !(error instanceof DialFailed)) return { kind: "late" };
    throw error;
  }
}

export function isLead(mode: Mode): boolean {
  return mode === "leader" || mode === "standalone";
}

/** `zk1 leader 3.4.14, zk2 is out of reach` */
export function sayEach(servers: readonly Answered[]): string {
  return servers
    .map(({ name, answer }) => `${name} ${answer ? sayAnswer(answer) : "is out of reach"}`)
    .join(", ");
}

export function sayAnswer(answer: SrvrAnswer): string {
  switch (answer.kind) {
    case "serving":
      return `${answer.mode} ${answer.version}`;
    case "notServing":
      return "runs without a quorum";
    case "refused":
      return "nobody listens";
    case "silent":
      return "takes connections and says nothing";
    case "late":
      return `no answer within ${ANSWER_WITHIN_MS / 1000} s`;
    case "notWhitelisted":
      return "does not allow srvr";
    case "unreadable":
      return "answers something that is not ZooKeeper's";
  }
}
