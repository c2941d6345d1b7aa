/**
 * A plan as the reviewer reads it, and the fingerprint by which the reviewed plan is recognised.
 * Steps of a stage that do the same on several hosts are one line: `ck1, ck2  restart`.
 */
import { createHash } from "node:crypto";
import type { Json, Phase, Plan, Stage } from "./step";

/**
 * `02 zk-old1, zk-old3   stop (follower)   undo: start`
 * @param noReturn stands before the first step that cannot be undone
 */
export function describeSteps(plan: Plan, noReturn = NO_RETURN): string[] {
  const rows = plan.stages.flatMap(rowsOf);
  const hostWidth = Math.max(0, ...rows.map((row) => row.hosts.length));
  const digits = Math.max(2, String(rows.length).length);
  const last = rows.findIndex((row) => row.pointOfNoReturn);
  return rows.flatMap((row, index) => {
    const number = String(index + 1).padStart(digits, "0");
    const undo = row.undo ? `   undo: ${row.undo}` : "";
    const line = `${number} ${row.hosts.padEnd(hostWidth)}  ${row.says}${undo}`;
    return index === last ? [noReturn, line] : [line];
  });
}

const NO_RETURN = "-- from here on the way back is a copy in the other direction --";

/** What is done on one host, or the same on several side by side. */
export interface PlanRow {
  readonly phase: Phase;
  readonly hosts: string;
  readonly says: string;
  readonly undo?: string;
  readonly pointOfNoReturn: boolean;
}

export function rowsOfPlan(plan: Plan): PlanRow[] {
  return plan.stages.flatMap(rowsOf);
}

function rowsOf(stage: Stage): PlanRow[] {
  const rows = new Map<string, { hosts: string[]; undo?: string; pointOfNoReturn: boolean }>();
  for (const step of stage.steps) {
    const row = rows.get(step.says);
    if (row) row.hosts.push(step.host);
    else {
      rows.set(step.says, {
        hosts: [step.host],
        undo: step.undo,
        pointOfNoReturn: step.pointOfNoReturn === true,
      });
    }
  }
  return [...rows].map(([says, row]) => ({
    ...row,
    phase: stage.phase,
    says,
    hosts: row.hosts.join(", "),
  }));
}

/** SHA-256 over the canonical JSON (keys sorted), hex. */
export function fingerprint(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(canonical(value as Json)))
    .digest("hex");
}

function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  const object = value as { readonly [key: string]: Json | undefined };
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .flatMap((key) => (object[key] === undefined ? [] : [[key, canonical(object[key])]])),
  );
}
