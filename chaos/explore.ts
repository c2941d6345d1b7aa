/**
 * The crash explorer: carries a switchover out and takes it back again and again, ends it with SIGKILL at another crash
 * point each time, gives the next command (the same again, or the opposite), and checks that nothing is lost.
 *
 * Where the crash points are is learned from runs that nobody killed. Each point begins where the one before ended, so
 * that a point costs one switchover; what is checked after each is the whole state that the next one builds on.
 */
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATE_FOLDER } from "../core/journal/folder";
import { Load } from "../lab/load/process";
import { bundleMover, carryOut, type Command, type Ended } from "./command";
import type { Finding } from "./finding";
import { Invariants } from "./invariants";
import { lastEntry } from "./last-entry";
import { INTERRUPTED_CREATE } from "./resources";
import type { Side, Subject } from "./subject";
import { Watch } from "./watch";

/** Where a stack is between two commands: nothing in it; consumers on the target; back on the source, still in it. */
export type State = "nothing" | "target" | "source";

export interface Direction {
  readonly name: string;
  readonly from: State;
  readonly to: State;
  readonly command: Command;
  /** The command that takes it back, and where that leads. */
  readonly back: Command;
}

export const DIRECTIONS: readonly Direction[] = [
  { name: "up", from: "nothing", to: "target", command: "target", back: "destroy" },
  { name: "active back", from: "target", to: "source", command: "source", back: "target" },
  { name: "active forward", from: "source", to: "target", command: "target", back: "source" },
  { name: "destroy", from: "target", to: "nothing", command: "destroy", back: "target" },
];

export interface Point {
  readonly direction: Direction;
  /** Number of the crash point. */
  readonly at: number;
  readonly recovery: "again" | "back";
}

/** What travels from a lane to the command is plain data. */
export interface Outcome {
  /** Name of the direction. */
  readonly direction: string;
  readonly at: number;
  readonly recovery: Point["recovery"];
  /** The last line of the journal when it was killed, and on which side of it. */
  readonly where: string;
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

/** The same command until it comes through, or in turn with the one that goes back. */
export const MANNERS = ["again and again", "to and fro"] as const;
export type Manner = (typeof MANNERS)[number];

export interface Relay {
  /** Name of the direction. */
  readonly direction: string;
  readonly manner: Manner;
  readonly kills: number;
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

const INSTALLED = "chaos-begin";
const POINTS_A_LAB = 8;
/** Whoever goes to and fro hardly gets anywhere: after so many kills, what was given last is left to come through. */
const KILLS_TO_AND_FRO = 12;

export class Explorer {
  private state: State = "nothing";
  /** What was found in labs that are gone. */
  private readonly earlier: Finding[] = [];
  /** Points that began from `nothing` since the lab was as it was delivered. */
  private pointsHere = 0;

  private constructor(
    private readonly subject: Subject,
    private readonly folder: string,
    private load: Load,
    private invariants: Invariants,
    private readonly watch: Watch,
  ) {}

  static async begin(subject: Subject, folder: string): Promise<Explorer> {
    writeFileSync(join(folder, "arguments.json"), JSON.stringify(subject.args));
    rmSync(join(folder, "state.json"), { force: true });
    await bundleMover();
    await subject.lab.save(INSTALLED);
    const load = await Load.start(folder, subject.load);
    return new Explorer(subject, folder, load, new Invariants(subject, load), new Watch(subject));
  }

  /** Every direction once, with nobody killing: what the texts are, and how many crash points each has. */
  async learn(directions = DIRECTIONS): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const direction of directions) {
      const { name } = direction;
      const ended = await this.carryOut(direction.command, 0);
      if (ended.how !== "well")
        throw new FoundUnkilled(direction, [stuck(`${direction.command} ${ended.how}`, ended)]);
      counts.set(name, ended.crashPoints);
      this.state = direction.to;
      const findings = await this.checkNow();
      findings.push(...this.watch.take());
      if (findings.length > 0) throw new FoundUnkilled(direction, findings);
    }
    const unmeant = this.unmeantTexts();
    if (unmeant.length > 0) throw new Error(unmeant.join("\n"));
    this.watch.learned();
    return counts;
  }

  unmeantTexts(): string[] {
    return this.watch.unmeantTexts();
  }

  /** One way that is killed again and again, a few crash points after the last kill each time, until a command comes through. */
  async relay(direction: Direction, manner: Manner, gaps: Iterator<number>): Promise<Relay> {
    const began = Date.now();
    await this.beginFrom(direction.from);
    let command = direction.command;
    let kills = 0;
    for (;;) {
      const lastWord = manner === "to and fro" && kills >= KILLS_TO_AND_FRO;
      const ended = await this.carryOutAsTold(command, lastWord ? 0 : (gaps.next().value as number));
      if (ended.how !== "killed") {
        this.state = command === direction.command ? direction.to : direction.from;
        const findings = await this.judge(
          ended.how === "well" ? [] : [stuck(`${command} ${ended.how}`, ended)],
        );
        return { direction: direction.name, manner, kills, findings, seconds: (Date.now() - began) / 1000 };
      }
      kills++;
      if (manner === "to and fro")
        command = command === direction.command ? direction.back : direction.command;
    }
  }

  /** @returns nothing when the run ended before it came to that point: runs differ by a few */
  async explore(point: Point): Promise<Outcome | undefined> {
    const began = Date.now();
    const { direction, at, recovery } = point;
    await this.beginAnewWhenLarge(direction.from);
    await this.beginFrom(direction.from);
    const killed = await this.carryOut(direction.command, at);
    if (killed.how === "well") {
      this.state = direction.to;
      return undefined;
    }
    const where = `${at % 2 === 1 ? "done, not written, after" : "written, not done:"} ${lastEntry(this.subject.lab)}`;
    const findings: Finding[] = [];
    if (killed.how !== "killed") findings.push(stuck(`${direction.command} ${killed.how}`, killed));
    const next = recovery === "again" ? direction.command : direction.back;
    const ended = await this.carryOutAsTold(next);
    if (ended.how !== "well") findings.push(stuck(`then ${next} ${ended.how}`, ended));
    this.state = recovery === "again" ? direction.to : direction.from;
    if (next === "source") this.state = "source";
    await this.judge(findings);
    return { direction: direction.name, at, recovery, where, findings, seconds: (Date.now() - began) / 1000 };
  }

  /** Adds what is found now, unless something was found already, and what the watch has seen; goes on with a lab that is well. */
  private async judge(findings: Finding[]): Promise<Finding[]> {
    if (findings.length === 0) findings.push(...(await this.checkNow()));
    findings.push(...this.watch.take());
    if (findings.length > 0) await this.startOver();
    return findings;
  }

  /** Everything that was ever acknowledged. */
  async end(): Promise<Finding[]> {
    return [...this.earlier, ...(await this.checkAll())];
  }

  async close(): Promise<void> {
    this.watch.stop();
    await this.load.end();
  }

  /** Every move copies all that was ever written: now and then a point begins on a lab as it was delivered. */
  private async beginAnewWhenLarge(from: State): Promise<void> {
    if (from !== "nothing" || this.pointsHere++ < POINTS_A_LAB) return;
    this.earlier.push(...(await this.checkAll()));
    await this.startOver();
  }

  /** Where the first `up` begins, no host has a trace of an earlier one: no journal, no kept original. */
  private async beginFrom(state: State): Promise<void> {
    await this.goTo(state);
    const { lab } = this.subject;
    if (state === "nothing")
      await Promise.all(lab.specs.map(({ name }) => lab.host(name).exec(["rm", "-rf", STATE_FOLDER])));
  }

  private async goTo(state: State): Promise<void> {
    while (this.state !== state) {
      const ways = DIRECTIONS.filter((one) => one.from === this.state);
      const step = ways.find((one) => one.to === state) ?? ways[0];
      if (!step) throw new Error(`no way leads away from ${this.state}`);
      const ended = await this.carryOut(step.command, 0);
      if (ended.how !== "well")
        throw new Error(`${step.name} ${ended.how}, though nobody killed it:\n${ended.output}`);
      this.state = step.to;
      await this.load.untilWriting();
    }
  }

  /**
   * A destroy that does not know of an ensemble or a migration whose creation was killed says so, and what to do first:
   * Pulumi in its warning, with docs/failure.md, and the refusal of a migration that is half done.
   */
  private async carryOutAsTold(command: Command, crashAt = 0): Promise<Ended> {
    const ended = await this.carryOut(command, crashAt);
    const refused = "pulumi config set active source && pulumi up, then pulumi destroy";
    const told = [`ensemble, ${INTERRUPTED_CREATE}`, refused].some((words) => ended.output.includes(words));
    if (ended.how === "killed" || command !== "destroy" || !told) return ended;
    const back = await this.carryOut("source", 0);
    return back.how === "well" ? this.carryOut("destroy", 0) : back;
  }

  private async carryOut(command: Command, crashAt: number): Promise<Ended> {
    this.watch.start();
    const ended = await carryOut(command, this.folder, crashAt);
    appendFileSync(
      join(this.folder, "log.txt"),
      `== ${command}, crash point ${crashAt}: ${ended.how}\n${ended.output}\n`,
    );
    return ended;
  }

  private checkAll(): Promise<Finding[]> {
    this.watch.stop();
    return this.invariants.checkAll(sideOf(this.state));
  }

  /** While it is looked at, the explorer is a client itself, of either side. */
  private async checkNow(): Promise<Finding[]> {
    this.watch.stop();
    return this.invariants.check(sideOf(this.state));
  }

  /** The lab as it was delivered: what one point broke must not be found again by the next. */
  private async startOver(): Promise<void> {
    this.watch.stop();
    await this.load.end();
    await this.subject.lab.restore(INSTALLED);
    rmSync(join(this.folder, "state.json"), { force: true });
    this.state = "nothing";
    this.pointsHere = 0;
    this.subject.forget?.();
    this.load = await Load.start(this.folder, this.subject.load);
    this.invariants = new Invariants(this.subject, this.load);
  }
}

/** Something is wrong that no crash was needed for. */
export class FoundUnkilled extends Error {
  constructor({ name }: Direction, findings: readonly Finding[]) {
    const all = findings.map(({ kind, what }) => `${kind}: ${what}`).join("\n");
    super(`after ${name}, which nobody killed:\n${all}`);
  }
}

function stuck(what: string, ended: Ended): Finding {
  return { kind: "stuck", what: `${what}:\n${ended.output.trim().split("\n").slice(-12).join("\n")}` };
}

function sideOf(state: State): Side {
  return state === "target" ? "target" : "source";
}
