/**
 * Whether an ensemble that was proven is still as it was then: nobody has opened a session or written since.
 *
 * Only then may a move be taken back by letting the other side go on with its own files. A client that nobody
 * declared may have written, and what was acknowledged to it must come along.
 */
import type { JsonObject } from "../../engine/step";
import type { HostAccess, World } from "../../transports/contract";
import type { Run } from "../../engine/journal";
import { stepsOf } from "../../engine/step";
import { askEach } from "../ask";
import { parseFileName } from "../files/file-name";
import { continueLog, unread } from "../files/log";
import { txnName } from "../files/txn-types";
import type { Folders } from "./judge-files";
import { listFiles } from "./judge-files";
import type { Server } from "../side";

/** The highest last zxid that any of the servers answers; undefined when none serves. */
export async function highestZxid(
  world: World,
  servers: readonly Server[],
  port: number,
): Promise<bigint | undefined> {
  const answers = await askEach(world, servers, port);
  const zxids = answers.map(({ answer }) => (answer?.kind === "serving" ? answer.zxid : undefined));
  return zxids.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
}

/**
 * Kinds of transactions in the logs of the server that a move took its files from, later than what was taken; sessions
 * that were opened and closed do not count. Undefined when that cannot be told.
 */
export async function changesSince(
  world: World,
  run: Run,
  folders: Folders,
): Promise<readonly string[] | undefined> {
  const from = stepsOf(run.plan).find(({ id }) => id === "tail")?.args["from"];
  if (typeof from !== "string") return undefined;
  return changesAfter(world.host(from), folders, run.results.get("tail"));
}

/**
 * As {@link changesSince}, for a run that is under way.
 * @param tail what the step `tail` returned: where it stopped reading
 */
export async function changesAfter(
  host: HostAccess,
  folders: Folders,
  tail: JsonObject | undefined,
): Promise<readonly string[] | undefined> {
  const { log, bytes } = (tail?.["end"] ?? {}) as { log?: string; bytes?: number };
  if (log === undefined || bytes === undefined) return undefined;
  const { logs } = await listFiles(host, folders);
  const at = logs.findIndex(({ name }) => name === log);
  if (at === -1) return undefined;
  return changesIn(
    host,
    folders,
    logs.slice(at).map(({ name }) => ({ name, start: name === log ? bytes : 0 })),
  );
}

/**
 * The same of any server of that ensemble, in the logs that it has begun later: a server begins one with the first
 * transaction after its start (`FileTxnLog.append`).
 * @param tail what the step `tail` returned
 */
export async function changesBegunAfter(
  host: HostAccess,
  folders: Folders,
  tail: JsonObject,
): Promise<readonly string[] | undefined> {
  const { logs } = await listFiles(host, folders);
  const later = logs.filter(
    ({ name }) => (parseFileName(name)?.zxid ?? 0n) > BigInt(String(tail["lastZxid"])),
  );
  return changesIn(
    host,
    folders,
    later.map(({ name }) => ({ name, start: 0 })),
  );
}

async function changesIn(
  host: HostAccess,
  { dataLogDir }: Folders,
  logs: readonly { readonly name: string; readonly start: number }[],
): Promise<readonly string[] | undefined> {
  const types = new Set<number>();
  for (const { name, start } of logs) {
    const stream = await host.readStream(`${dataLogDir}/version-2/${name}`, { start });
    const verdict = await continueLog(unread(name, start), stream as AsyncIterable<Buffer>);
    if (verdict.end.kind === "corrupt") return undefined;
    for (const type of verdict.types) types.add(type);
  }
  return [...types].filter((type) => !SESSION_ONLY.has(type)).map(txnName);
}

/** error, createSession, closeSession: no znode that lasts is changed by them. */
const SESSION_ONLY: ReadonlySet<number> = new Set([-1, -10, -11]);

/** @param proven what the step `prove` of the move returned */
export async function touchedSince(
  proven: JsonObject | undefined,
  world: World,
  side: { readonly servers: readonly Server[]; readonly clientPort: number },
): Promise<"untouched" | "touched" | "unknown"> {
  const rested = proven?.["restedAt"];
  if (typeof rested !== "string") return "unknown";
  const zxid = await highestZxid(world, side.servers, side.clientPort);
  if (zxid === undefined) return "unknown";
  return zxid === BigInt(rested) ? "untouched" : "touched";
}
