/**
 * `npm run chaos -- --scenario clickhouse`: every crash point of every direction, with progress and a table at the end.
 * It ends with 0 only when nothing was found.
 *
 * Lanes explore beside each other, each a process with a lab of its own: a lane waits half of its time. ^C ends each
 * after what it is about; the table then has what was tried, and the command ends with 130. --resume goes on.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { LAB_NUMBER } from "../lab/layout";
import { DIRECTIONS } from "./explore";
import { FOUND } from "./finding";
import type { Share, Verdict } from "./lane";
import { SUBJECTS_OF } from "./subjects";
import { tableOf } from "./table";

interface Options {
  readonly scenario: keyof typeof SUBJECTS_OF;
  readonly lanes: number;
  readonly points?: number;
  readonly only?: string;
  readonly seed: number;
  readonly resume: boolean;
}

async function main({ scenario, lanes, points, only, seed, resume }: Options): Promise<void> {
  const subjects = SUBJECTS_OF[scenario];
  const parts = Math.max(1, Math.floor(lanes / subjects.length));
  const shares = subjects.flatMap((subject) =>
    Array.from({ length: parts }, (_, part): Share => ({ subject, part, parts, points, only, seed, resume })),
  );
  let interrupted = false;
  process.on("SIGINT", () => {
    interrupted = true;
    shares.length = 0;
    console.log("interrupted: ending after what is under way");
  });
  const ends: End[] = [];
  const lane = async (number: number) => {
    for (let share = shares.shift(); share; share = shares.shift()) ends.push(await carryOut(share, number));
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(LAB_NUMBER + number)));
  const verdicts = ends.flatMap(({ verdict }) => verdict ?? []);
  console.log(`\n${tableOf(verdicts)}`);
  const wrong = verdicts.some(({ relays, outcomes, atLast }) =>
    [...relays, ...outcomes, { findings: atLast }].some(({ findings }) => findings.length > 0),
  );
  const failed = ends.find(({ code }) => code !== 0);
  process.exitCode = wrong ? FOUND : (failed?.code ?? (interrupted ? INTERRUPTED : 0));
}

/** As a shell has it of a command that ^C ended. */
const INTERRUPTED = 130;

interface End {
  readonly code: number;
  /** Nothing of a lane that was killed. */
  readonly verdict: Verdict | undefined;
}

async function carryOut(share: Share, lab: number): Promise<End> {
  const child = fork(join(__dirname, "lane.ts"), [JSON.stringify(share)], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, PULUMI_ZOOKEEPER_LAB: String(lab) },
  });
  let verdict: Verdict | undefined;
  child.on("message", (message) => (verdict = message as Verdict));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 1, verdict };
}

/** What the servers of one lab take at most. */
const LANE_BYTES = 4 * 2 ** 30;
const LANES = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / LANE_BYTES)));

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("expected a whole number");
  return Number(value);
}

function oneOrMore(value: string): number {
  if (wholeNumber(value) < 1) throw new InvalidArgumentError("expected 1 or more");
  return wholeNumber(value);
}

void new Command("chaos")
  .addOption(
    new Option("--scenario <name>", "what is moved").choices(Object.keys(SUBJECTS_OF)).default("clickhouse"),
  )
  .option("--lanes <n>", "labs at a time, a core and some 4 GiB of memory each", oneOrMore, LANES)
  .option("--points <n>", "so many of the crash points, chosen by the seed (default: all)", wholeNumber)
  .addOption(
    new Option("--only <direction>", "kill in that direction alone").choices(
      DIRECTIONS.map(({ name }) => name),
    ),
  )
  .option("--seed <n>", "of the order and of the choice", wholeNumber, Date.now() % 100_000)
  .option("--resume", "go on with what was ended: what it tried counts, and is not tried again", false)
  .showHelpAfterError()
  .action(main)
  .parseAsync();
