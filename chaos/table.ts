/** The explorer's verdict, a row for each subject, direction and what followed the crash. */
import Table from "cli-table3";
import { DIRECTIONS, MANNERS, type Outcome, type Relay } from "./explore";
import { KINDS } from "./finding";
import type { Verdict } from "./lane";

const PLAIN = { style: { head: [], border: [], compact: true } };

export function tableOf(verdicts: readonly Verdict[]): string {
  const table = new Table({ head: ["what", "killed in", "then", "kills", ...KINDS], ...PLAIN });
  for (const subject of new Set(verdicts.map((verdict) => verdict.subject))) {
    const mine = verdicts.filter((verdict) => verdict.subject === subject);
    const relays = mine.flatMap((verdict) => verdict.relays);
    const outcomes = mine.flatMap((verdict) => verdict.outcomes);
    for (const { name, command, back } of DIRECTIONS) {
      const row = (then: string, kills: number, rows: readonly Found[]) => {
        if (rows.length > 0) table.push([subject, name, then, kills, ...countsOf(rows)]);
      };
      for (const manner of MANNERS) {
        const relayed = relays.filter((relay) => relay.direction === name && relay.manner === manner);
        row(
          manner === "to and fro" ? `to and fro (${back})` : `the same command, ${manner}`,
          killsOf(relayed),
          relayed,
        );
      }
      for (const recovery of ["again", "back"] as const) {
        const points = outcomes.filter((one) => one.direction === name && one.recovery === recovery);
        const then = recovery === "again" ? `the same command (${command})` : `the way back (${back})`;
        row(then, points.length, points);
      }
    }
  }
  const relays = verdicts.flatMap((verdict) => verdict.relays);
  const outcomes = verdicts.flatMap((verdict) => verdict.outcomes);
  table.push(["all", "", "", killsOf(relays) + outcomes.length, ...countsOf([...relays, ...outcomes])]);
  return table.toString();
}

type Found = Pick<Outcome, "findings">;

function killsOf(relays: readonly Relay[]): number {
  return relays.reduce((sum, { kills }) => sum + kills, 0);
}

/** Points, or relays, with a finding of each kind. */
function countsOf(all: readonly Found[]): number[] {
  return KINDS.map((kind) => all.filter(({ findings }) => findings.some((one) => one.kind === kind)).length);
}
