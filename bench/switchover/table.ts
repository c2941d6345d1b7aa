/** What the bench prints: the parts of each way, and the pauses that the writers felt. */
import Table from "cli-table3";

/** Parts of one switchover in the order in which they began. */
export type Phases = { readonly name: string; readonly seconds: number }[];

export interface Measured {
  readonly phases: Phases;
  /** Seconds from the last acknowledged insert before to the first after, by replica. */
  readonly pauses: ReadonlyMap<string, number>;
}

export function phasesTable(title: string, { phases }: Measured): string {
  const table = new Table({ head: [title, "seconds"], style: PLAIN, colAligns: ["left", "right"] });
  for (const { name, seconds } of phases) table.push([name, seconds.toFixed(1)]);
  return table.toString();
}

/** One line a replica and direction; the ratio is ours to theirs. */
export function pausesTable(
  rows: readonly { readonly way: string; readonly published: Measured; readonly ours: Measured }[],
): string {
  const table = new Table({
    head: ["write pause", "replica", "published", "ours", "ratio"],
    style: PLAIN,
    colAligns: ["left", "left", "right", "right", "right"],
  });
  for (const { way, published, ours } of rows) {
    for (const [replica, theirs] of [...published.pauses].sort()) {
      const mine = ours.pauses.get(replica) ?? Number.NaN;
      table.push([way, replica, say(theirs), say(mine), (mine / theirs).toFixed(2)]);
    }
  }
  return table.toString();
}

/** The worst of all replicas and directions: what must be at most a half. */
export function worstRatio(
  rows: readonly { readonly published: Measured; readonly ours: Measured }[],
): number {
  return Math.max(
    ...rows.flatMap(({ published, ours }) =>
      [...published.pauses].map(([replica, theirs]) => (ours.pauses.get(replica) ?? Number.NaN) / theirs),
    ),
  );
}

const say = (seconds: number) => `${seconds.toFixed(1)} s`;

const PLAIN = { head: [], border: [] };
