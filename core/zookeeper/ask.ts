/** The two questions that plans and steps ask a server: who are you (`srvr`), and how do you feel (`mntr`). */
import type { HostAccess } from "../transports/contract";
import type { Answer, Mntr, Mode } from "../transports/fourlw";
import { ask, parseMntr, parseSrvr } from "../transports/fourlw";

/** Answers to `srvr`; whatever is not `serving` cannot take a write. */
export type SrvrAnswer =
  | {
      readonly kind: "serving";
      readonly mode: Mode;
      readonly version: string;
      readonly zxid: bigint;
      readonly nodeCount: number;
    }
  | { readonly kind: Exclude<Answer["kind"], "answered"> | "unreadable" };

export async function askSrvr(host: HostAccess, port: number): Promise<SrvrAnswer> {
  const answer = await ask(host, port, "srvr");
  if (answer.kind !== "answered") return { kind: answer.kind };
  const { mode, version, zxid, nodeCount } = parseSrvr(answer.text);
  if (mode === undefined || version === undefined || zxid === undefined) return { kind: "unreadable" };
  return { kind: "serving", mode, version, zxid, nodeCount: nodeCount ?? 0 };
}

/** Undefined where the server may not answer it (3.5 and later allow only `srvr` by default). */
export async function askMntr(host: HostAccess, port: number): Promise<Mntr | undefined> {
  const answer = await ask(host, port, "mntr");
  return answer.kind === "answered" ? parseMntr(answer.text) : undefined;
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
    case "notWhitelisted":
      return "does not allow srvr";
    case "unreadable":
      return "answers something that is not ZooKeeper's";
  }
}
