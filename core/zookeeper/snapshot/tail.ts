/**
 * Brings what the origin wrote since it was staged to every server of the destination, as one log behind the snapshot
 * that was handed over: read once, in the origin's order, written to all at the same time.
 *
 * Reading begins at the last transaction that was staged. It must still be there: a server that lost its lead may
 * have cut its log back (`Learner.syncWithLeader`, TRUNC), and then the folded snapshot holds what was never
 * acknowledged.
 */
import { Refusal } from "../../engine/errors";
import type { HostAccess } from "../../transports/contract";
import { chainLogs, type Chain, type LogFacts } from "../files/chain-logs";
import { reachesServer } from "../files/choose-set";
import { parseFileName, showZxid } from "../files/file-name";
import { unread, walkLog } from "../files/log";
import { TailWriter, type Tail, type TailOptions } from "../files/tail-writer";
import { type Folders, listFiles, logsFrom } from "./judge-files";
import type { Staged } from "./stage";
import { complainTail, type Limits } from "./unfit";
import { writeToEach } from "./write-to-each";

export interface TailSource {
  readonly from: HostAccess;
  readonly folders: Folders;
  readonly last: Staged["last"];
  /** The highest zxid that any server of the origin is known to have reached. */
  readonly atLeast: bigint | undefined;
}

export interface TailTarget {
  readonly hosts: readonly HostAccess[];
  readonly dataLogDir: string;
  readonly limits: Limits;
}

export interface BroughtTail extends Tail {
  /** Name of the log that every server of the destination has got; undefined where nothing was left to bring. */
  readonly log: string | undefined;
  /** Of the origin's logs, up to their end. */
  readonly chain: Chain;
}

/** @throws Refusal when the origin's logs do not go on from what was staged, or the destination cannot replay them */
export async function bringTail(
  source: TailSource,
  target: TailTarget,
  options: TailOptions,
): Promise<BroughtTail> {
  const writer = new TailWriter(`${source.from.name}:${source.folders.dataLogDir}`, options);
  let chain: Chain | undefined;
  const bytes = (async function* () {
    chain = yield* copyTail(source, writer, options.after);
    const unfit = complainTail(
      target.hosts.map(({ name }) => name).join(","),
      target.limits,
      writer.result(),
    );
    if (unfit.length > 0) throw new Refusal(unfit);
  })();
  await Promise.all(
    target.hosts.map((host) => host.script('rm -f "$1"/version-2/log.*', [target.dataLogDir])),
  );
  // The log's name is its first transaction, which is known with the first bytes.
  const first = await bytes.next();
  const log = first.done ? undefined : `log.${writer.firstZxid?.toString(16)}`;
  if (!first.done && log !== undefined) {
    await writeToEach(target.hosts, target.dataLogDir, log, startingWith(first.value, bytes));
  }
  if (!chain) throw new Error("the tail was not read to its end");
  return { ...writer.result(), log, chain };
}

async function* copyTail(
  { from, folders, last, atLeast }: TailSource,
  writer: TailWriter,
  after: bigint,
): AsyncGenerator<Buffer, Chain, void> {
  const where = `${from.name}:${folders.dataLogDir}`;
  const { logs: present } = await listFiles(from, folders);
  const logs: LogFacts[] = [];
  const names = last
    ? present.map((log) => log.name).filter((name) => !isBefore(name, last.log))
    : logsFrom(present, after);
  for (const name of names) {
    const staged = name === last?.log ? last : undefined;
    const begin = staged
      ? { ...unread(name, staged.offset), firstZxid: parseFileName(name)?.zxid }
      : unread(name);
    const stream = await from.readStream(`${folders.dataLogDir}/version-2/${name}`, {
      start: begin.usedBytes,
      withoutPadding: true,
    });
    let first: bigint | undefined;
    const walk = walkLog(begin, stream as AsyncIterable<Buffer>, (payload) => {
      first ??= payload.readBigInt64BE(12);
      writer.add(payload);
    });
    let step = await walk.next();
    for (; !step.done; step = await walk.next()) yield* writer.take();
    if (staged && first !== after) throw cutBack(where, name, after, first);
    logs.push({ name, verdict: step.value });
  }
  if (last && logs[0]?.name !== last.log) throw cutBack(where, last.log, after, undefined);
  const chain = chainLogs(where, { name: "what was staged", zxid: after }, logs);
  const complaints = [...chain.complaints, ...reachesServer(where, chain.lastZxid, atLeast)];
  if (complaints.length > 0) throw new Refusal(complaints);
  writer.finish();
  yield* writer.take();
  return chain;
}

function cutBack(where: string, log: string, after: bigint, found: bigint | undefined): Refusal {
  return new Refusal([
    {
      where: `${where}/${log}`,
      found:
        found === undefined ? "no transaction where staging ended" : `${showZxid(found)} where staging ended`,
      expected: `${showZxid(after)}, the last that was staged`,
      next:
        "The server lost its lead or purged its logs since: what was staged may hold what nobody acknowledged. " +
        "Run the same command again; it stages anew.",
    },
  ]);
}

function isBefore(name: string, log: string): boolean {
  return (parseFileName(name)?.zxid ?? 0n) < (parseFileName(log)?.zxid ?? 0n);
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  yield first;
  yield* rest;
}
