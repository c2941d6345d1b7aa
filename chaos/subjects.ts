/** The subjects that there are, by name. */
import { labArguments } from "../lab/arguments";
import { METRIKA_XML, untilWritable } from "../lab/clickhouse";
import type { Lab } from "../lab/lab";
import { BRIDGE_ADDRESS, type Scenario } from "../lab/layout";
import { pegasusSubject } from "./pegasus";
import { addressesOf, type Subject } from "./subject";

/** Of each scenario; Pegasus moves by two methods. */
export const SUBJECTS_OF = {
  clickhouse: ["clickhouse"],
  pegasus: ["pegasus copy", "pegasus recover"],
} as const satisfies Partial<Record<Scenario, readonly string[]>>;

export type SubjectName = (typeof SUBJECTS_OF)[keyof typeof SUBJECTS_OF][number];

export function scenarioOf(name: SubjectName): Scenario {
  return name === "clickhouse" ? "clickhouse" : "pegasus";
}

export function subjectOf(lab: Lab, name: SubjectName): Subject {
  switch (name) {
    case "clickhouse":
      return clickhouseSubject(lab);
    case "pegasus copy":
      return pegasusSubject(lab, "copy");
    case "pegasus recover":
      return pegasusSubject(lab, "recover");
  }
}

function clickhouseSubject(lab: Lab): Subject {
  return {
    lab,
    args: labArguments(lab.inventory, { withLoad: true, perDialTimeout: 30 }),
    clients: [...addressesOf(lab.clickhouse), BRIDGE_ADDRESS],
    configs: lab.clickhouse.map(({ name }) => ({ host: name, path: METRIKA_XML })),
    intendedTexts: 2,
    movesAll: true,
    load: { inserts: 1, znodes: 5 },
    untilWell: () => untilWritable(lab.clickhouse),
  };
}
