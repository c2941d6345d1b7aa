/**
 * One lane of the explorer: a process with a lab of its own and its share of the crash points of one subject. Started by
 * main.ts, which says what its share is; what it found goes back as one message, also when it fails or is interrupted.
 */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { bootLab } from "../lab/lab";
import { checkout, inventoryFile } from "../lab/layout";
import { choosePoints, gapsOf, gapsToAndFro } from "./choose";
import { MOVER } from "./command";
import { DIRECTIONS, Explorer, FoundUnkilled, MANNERS, type Outcome, type Relay } from "./explore";
import { FOUND, type Finding } from "./finding";
import { scenarioOf, subjectOf, type SubjectName } from "./subjects";
import { Tried } from "./tried";

export interface Share {
  readonly subject: SubjectName;
  /** Which part of how many. */
  readonly part: number;
  readonly parts: number;
  readonly points?: number;
  readonly only?: string;
  readonly seed: number;
  /** What was tried before counts, and is not tried again. */
  readonly resume: boolean;
}

export interface Verdict {
  readonly subject: SubjectName;
  relays: readonly Relay[];
  outcomes: readonly Outcome[];
  atLast: readonly Finding[];
}

/** The shortest way around: what the texts of the files are is learned on it. */
const ROUND_TRIP = DIRECTIONS.filter(({ name }) => name === "up" || name === "destroy");
const begun = Date.now();
/** ^C: what is under way is carried to its end, and what was tried so far is told. */
let interrupted = false;
process.on("SIGINT", () => (interrupted = true));

async function explore(share: Share, verdict: Verdict): Promise<void> {
  const { subject, part, parts, points, only, seed } = share;
  const folder = join(dirname(inventoryFile()), "chaos");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const lab = await bootLab({ scenario: scenarioOf(subject), znodes: 300, replace: true });
  say("the lab is up");
  let explorer: Explorer | undefined;
  try {
    explorer = await Explorer.begin(subjectOf(lab, subject), folder);
    const tried = share.resume ? Tried.goOn(triedFile(share), MOVER) : Tried.begin(triedFile(share), MOVER);
    verdict.relays = tried.relays;
    verdict.outcomes = tried.outcomes;
    if (share.resume)
      say(`${tried.outcomes.length} crash points and ${tried.relays.length} relays were tried before`);
    const directions = DIRECTIONS.filter(({ name }) => only === undefined || name === only);
    const counts = await explorer.learn(
      directions.every((one) => ROUND_TRIP.includes(one)) ? ROUND_TRIP : DIRECTIONS,
    );
    say(`crash points: ${[...counts].map(([name, count]) => `${name} ${count}`).join(", ")}; seed ${seed}`);
    const mine = <T>(all: readonly T[]) => all.filter((_, index) => index % parts === part);
    const gaps = gapsOf(seed);
    const relays = directions.flatMap((direction) => MANNERS.map((manner) => ({ direction, manner })));
    for (const { direction, manner } of mine(relays)) {
      if (interrupted) break;
      if (tried.hasRelay(direction.name, manner)) continue;
      const count = counts.get(direction.name) ?? 1;
      const relay = await explorer.relay(
        direction,
        manner,
        manner === "to and fro" ? gapsToAndFro(seed, count) : gaps,
      );
      tried.addRelay(relay);
      say(`relay ${direction.name}, ${manner}, killed ${relay.kills} times: ${sayFindings(relay)}`);
    }
    const all = new Map(directions.map(({ name }) => [name, counts.get(name) ?? 0]));
    const chosen = choosePoints(all, { seed, atMost: points, part, parts });
    for (const [index, point] of chosen.entries()) {
      if (interrupted) break;
      if (tried.has(point)) continue;
      const outcome = await explorer.explore(point);
      if (!outcome) continue;
      tried.add(outcome);
      const { at, direction, recovery } = point;
      const then = recovery === "again" ? `${direction.command} again` : direction.back;
      const where = `${direction.name} ${at} (${outcome.where})`;
      say(`${index + 1}/${chosen.length} ${where}, then ${then}: ${sayFindings(outcome)}`);
    }
    verdict.atLast = await explorer.end();
    for (const { kind, what } of verdict.atLast) say(`at the end: ${kind}: ${what}`);
  } finally {
    await explorer?.close();
    await lab.down();
  }
}

function sayFindings({ findings, seconds }: Pick<Outcome, "findings" | "seconds">): string {
  const verdict =
    findings.length === 0 ? "well" : findings.map(({ kind, what }) => `\n  ${kind}: ${what}`).join("");
  return `${verdict}  ${seconds.toFixed(1)} s`;
}

/** Whichever lane it is: which lab a share gets depends on how the others go. */
function triedFile({ subject, part, parts }: Share): string {
  return join(checkout(), ".lab/chaos-tried", `${subject.replace(" ", "-")}-${part + 1}-of-${parts}.jsonl`);
}

const share = JSON.parse(process.argv[2] ?? "") as Share;
const name = share.parts === 1 ? share.subject : `${share.subject} ${share.part + 1}/${share.parts}`;

function say(line: string): void {
  console.log(`${((Date.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${name}: ${line}`);
}

const verdict: Verdict = { subject: share.subject, relays: [], outcomes: [], atLast: [] };
explore(share, verdict)
  .catch((error: unknown) => {
    console.error(`${name}:`, error instanceof FoundUnkilled ? error.message : error);
    process.exitCode = error instanceof FoundUnkilled ? FOUND : 1;
  })
  .finally(() => process.send?.(verdict, () => process.disconnect()));
