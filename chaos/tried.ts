/** What a lane has tried of its share, on disk: the whole takes hours, and whoever ended it can go on with it later. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Manner, Outcome, Point, Relay } from "./explore";

type Line = { readonly mover: string } | { readonly relay: Relay } | { readonly outcome: Outcome };

export class Tried {
  readonly relays: Relay[] = [];
  readonly outcomes: Outcome[] = [];

  private constructor(private readonly file: string) {}

  /** @param mover the program that is killed */
  static begin(file: string, mover: string): Tried {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, lineOf({ mover: sumOf(mover) }));
    return new Tried(file);
  }

  /** @throws Error where nothing was tried, or with another program */
  static goOn(file: string, mover: string): Tried {
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    const tried = new Tried(file);
    const [first, ...rest] = lines.map((line) => JSON.parse(line) as Line);
    if (!first || !("mover" in first)) throw new Error(`${file}: nothing was tried yet. Leave out --resume.`);
    if (first.mover !== sumOf(mover))
      throw new Error(
        `${file}: another version of what is killed was tried, SHA-256 ${first.mover}. Leave out --resume.`,
      );
    for (const line of rest) {
      if ("relay" in line) tried.relays.push(line.relay);
      if ("outcome" in line) tried.outcomes.push(line.outcome);
    }
    return tried;
  }

  hasRelay(direction: string, manner: Manner): boolean {
    return this.relays.some((relay) => relay.direction === direction && relay.manner === manner);
  }

  has({ direction, at, recovery }: Point): boolean {
    return this.outcomes.some(
      (one) => one.direction === direction.name && one.at === at && one.recovery === recovery,
    );
  }

  addRelay(relay: Relay): void {
    this.relays.push(relay);
    appendFileSync(this.file, lineOf({ relay }));
  }

  add(outcome: Outcome): void {
    this.outcomes.push(outcome);
    appendFileSync(this.file, lineOf({ outcome }));
  }
}

function lineOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function sumOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
