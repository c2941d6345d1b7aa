/** What the explorer has to know of a scenario: its arguments, its consumers, and when they are well on one side. */
import { METRIKA_XML, untilWritable } from "../lab/clickhouse";
import { labArguments, type Arguments } from "../lab/arguments";
import type { Lab } from "../lab/lab";
import { BRIDGE_ADDRESS, withRole, type HostSpec, type Scenario } from "../lab/layout";
import type { LoadOptions } from "../lab/load/process";

export type Side = "source" | "target";

export interface Subject {
  readonly lab: Lab;
  readonly args: Arguments;
  /** Whoever may write for the consumers, by address. */
  readonly clients: readonly string[];
  /** The files that are edited. */
  readonly configs: readonly { readonly host: string; readonly path: string }[];
  /** Texts of each of them that are meant: one for each side, and what a method needs on its way. */
  readonly intendedTexts: number;
  /** Whether transactions keep their numbers on the way. */
  readonly keepsHistory: boolean;
  /** Whether the side that is not active must have been stopped. */
  readonly stopsOther: boolean;
  readonly load: LoadOptions;
  /** @throws Error when the consumers do not come to be well */
  untilWell(): Promise<void>;
}

export function subjectOf(lab: Lab, scenario: Scenario): Subject {
  switch (scenario) {
    case "clickhouse":
      return {
        lab,
        args: labArguments(lab.inventory, { withLoad: true }),
        clients: [...addressesOf(lab.clickhouse), BRIDGE_ADDRESS],
        configs: lab.clickhouse.map(({ name }) => ({ host: name, path: METRIKA_XML })),
        intendedTexts: 2,
        keepsHistory: true,
        stopsOther: true,
        load: { inserts: 4, znodes: 10 },
        untilWell: () => untilWritable(lab.clickhouse),
      };
    default:
      throw new Error(`no subject for scenario ${scenario}`);
  }
}

/** Servers of that side. */
export function serversOf(lab: Lab, side: Side): HostSpec[] {
  return withRole(lab.specs, side === "source" ? "old-zookeeper" : "new-zookeeper");
}

export function addressesOf(hosts: readonly HostSpec[]): string[] {
  return hosts.map(({ address }) => address);
}
