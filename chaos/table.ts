/** The explorer's verdict, a row for each direction and what followed the crash. */
import Table from "cli-table3";
import { DIRECTIONS, type Outcome, type Relay } from "./explore";
import { KINDS } from "./finding";

const PLAIN = { style: { head: [], border: [], compact: true } };

export function tableOf(relays: readonly Relay[], outcomes: readonly Outcome[]): string {
  const table = new Table({ head: ["killed in", "then", "kills", ...KINDS], ...PLAIN });
  for (const relay of relays) {
    table.push([
      relay.direction.name,
      "the same command, again and again",
      relay.kills,
      ...countsOf([relay]),
    ]);
  }
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
  const kills = outcomes.length + relays.reduce((sum, relay) => sum + relay.kills, 0);
  table.push(["all", "", kills, ...countsOf([...relays, ...outcomes])]);
  return table.toString();
}

/** Points, or relays, with a finding of each kind. */
function countsOf(outcomes: readonly Pick<Outcome, "findings">[]): number[] {
  return KINDS.map(
    (kind) => outcomes.filter(({ findings }) => findings.some((one) => one.kind === kind)).length,
  );
}
