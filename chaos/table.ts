/** The explorer's verdict, a row for each direction and what followed the crash. */
import Table from "cli-table3";
import { DIRECTIONS, type Outcome } from "./explore";
import { KINDS } from "./finding";

const PLAIN = { style: { head: [], border: [], compact: true } };

export function tableOf(outcomes: readonly Outcome[]): string {
  const table = new Table({ head: ["killed in", "then", "points", ...KINDS], ...PLAIN });
  for (const direction of DIRECTIONS) {
    for (const recovery of ["again", "back"] as const) {
      const mine = outcomes.filter(
        ({ point }) => point.direction === direction && point.recovery === recovery,
      );
      if (mine.length === 0) continue;
      const then = recovery === "again" ? "the same command" : `the way back (${direction.back})`;
      table.push([direction.name, then, mine.length, ...countsOf(mine)]);
    }
  }
  table.push(["all", "", outcomes.length, ...countsOf(outcomes)]);
  return table.toString();
}

/** Points with a finding of each kind. */
function countsOf(outcomes: readonly Outcome[]): number[] {
  return KINDS.map(
    (kind) => outcomes.filter(({ findings }) => findings.some((one) => one.kind === kind)).length,
  );
}
