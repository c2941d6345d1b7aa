/**
 * `npm run chaos -- --scenario clickhouse`: every crash point of every direction, with progress and a table at the end.
 * It ends with 0 only when nothing was found.
 */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { UserError } from "../core/engine/errors";
import { bootLab } from "../lab/lab";
import { inventoryFile, type Scenario } from "../lab/layout";
import { choosePoints, gapsOf } from "./choose";
import { DIRECTIONS, Explorer, FoundUnkilled, type Outcome, type Relay } from "./explore";
import { FOUND } from "./finding";
import { subjectOf } from "./scenario";
import { tableOf } from "./table";

interface Options {
  readonly scenario: Scenario;
  readonly points?: number;
  readonly only?: string;
  readonly seed: number;
}

const begun = Date.now();
/** The shortest way around: what the texts of the files are is learned on it. */
const ROUND_TRIP = DIRECTIONS.filter(({ name }) => name === "up" || name === "destroy");

async function main({ scenario, points, only, seed }: Options): Promise<void> {
  const folder = join(dirname(inventoryFile()), "chaos");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const lab = await bootLab({ scenario, znodes: 300, replace: true });
  say("the lab is up");
  let explorer: Explorer | undefined;
  try {
    explorer = await Explorer.begin(subjectOf(lab, scenario), folder);
    const directions = DIRECTIONS.filter(({ name }) => only === undefined || name === only);
    const counts = await explorer.learn(only === undefined ? DIRECTIONS : ROUND_TRIP);
    say(`crash points: ${[...counts].map(([name, count]) => `${name} ${count}`).join(", ")}; seed ${seed}`);
    const relays: Relay[] = [];
    const gaps = gapsOf(seed);
    for (const direction of directions) {
      const relay = await explorer.relay(direction, gaps);
      relays.push(relay);
      say(`relay ${direction.name}, killed ${relay.kills} times: ${sayFindings(relay)}`);
    }
    const chosen = choosePoints(new Map(directions.map(({ name }) => [name, counts.get(name) ?? 0])), {
      seed,
      atMost: points,
    });
    const outcomes: Outcome[] = [];
    for (const [at, point] of chosen.entries()) {
      const outcome = await explorer.explore(point);
      if (!outcome) continue;
      outcomes.push(outcome);
      say(`${at + 1}/${chosen.length} ${sayOutcome(outcome)}`);
    }
    const atLast = await explorer.end();
    for (const { kind, what } of atLast) say(`at the end: ${kind}: ${what}`);
    console.log(`\n${tableOf(relays, outcomes)}`);
    const wrong = [...relays, ...outcomes].some(({ findings }) => findings.length > 0);
    if (atLast.length > 0 || wrong) process.exitCode = FOUND;
  } finally {
    await explorer?.close();
    await lab.down();
  }
}

function sayOutcome({ point: { direction, at, recovery }, where, findings, seconds }: Outcome): string {
  const then = recovery === "again" ? `${direction.command} again` : direction.back;
  return `${direction.name} ${at} (${where}), then ${then}: ${sayFindings({ findings, seconds })}`;
}

function sayFindings({ findings, seconds }: Pick<Outcome, "findings" | "seconds">): string {
  const verdict =
    findings.length === 0 ? "well" : findings.map(({ kind, what }) => `\n  ${kind}: ${what}`).join("");
  return `${verdict}  ${seconds.toFixed(1)} s`;
}

function say(line: string): void {
  console.log(`${((Date.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`);
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("expected a whole number");
  return Number(value);
}

new Command("chaos")
  .addOption(new Option("--scenario <name>", "what is moved").choices(["clickhouse"]).default("clickhouse"))
  .option("--points <n>", "so many of the crash points, chosen by the seed (default: all)", wholeNumber)
  .addOption(
    new Option("--only <direction>", "kill in that direction alone").choices(
      DIRECTIONS.map(({ name }) => name),
    ),
  )
  .option("--seed <n>", "of the order and of the choice", wholeNumber, Date.now() % 100_000)
  .showHelpAfterError()
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(
      error instanceof UserError || error instanceof FoundUnkilled ? `chaos: ${error.message}` : error,
    );
    process.exitCode = error instanceof FoundUnkilled ? FOUND : 1;
  });
