/**
 * Writes the plan of a migration as a page: the move, what each consumer does after it, and the installation before
 * it, with every diff. Changes no host.
 */
import type { Complaint } from "../engine/errors";
import type { Progress } from "../engine/execute";
import { rowsOfPlan } from "../engine/plan-text";
import type { Plan, Stage } from "../engine/step";
import { conceal, secretsIn } from "../report/conceal";
import type { Diff, Fact } from "../report/model";
import type { PlanReview } from "../report/page/plan-page";
import { planPage } from "../report/page/plan-page";
import type { ObservedConsumer } from "./consumers";
import type { MigrationDesired } from "./desired";
import { migrationId } from "./desired";
import { repointStages } from "./plan-data";
import { reviewEnsemble } from "./ensemble";
import { acceptedBy, factsOf, onCallOf, wayBackOf } from "./report-facts";
import { writePage } from "./report-files";
import { sidesOf } from "./sides";

export interface PlanToShow {
  readonly desired: MigrationDesired;
  /** Absent where it is refused. */
  readonly plan?: Plan;
  /** What was found, by name. */
  readonly found?: Readonly<Record<string, unknown>>;
  readonly complaints?: readonly Complaint[];
  readonly consumers?: readonly ObservedConsumer[];
}

/** @returns absolute path of the page; undefined where it cannot be written, which is said and stops no preview */
export async function writePlanPage(shown: PlanToShow, progress: Progress): Promise<string | undefined> {
  const { desired } = shown;
  const review = conceal(await reviewOf(shown), secretsIn(desired));
  try {
    const page = { html: planPage(review), data: review };
    const path = await writePage(desired, `plan-${migrationId(desired)}`, page);
    progress.say(`plan as a page: ${path}`);
    return path;
  } catch (error) {
    progress.say(`the plan could not be written as a page: ${(error as Error).message}`);
    return undefined;
  }
}

async function reviewOf({
  desired,
  plan,
  found,
  complaints,
  consumers = [],
}: PlanToShow): Promise<PlanReview> {
  const forward = desired.active === "target";
  const install = forward ? await reviewEnsemble(desired.target) : undefined;
  const { to } = sidesOf(desired, desired.active);
  const chapters = [
    { title: "Install the new ensemble", stages: install?.plan?.stages ?? [] },
    { title: "Move the data", stages: plan?.stages ?? [] },
    ...consumers.map((one) => ({
      title: `Repoint ${one.consumer.name}`,
      stages: plan ? repointStages(desired, one, desired.active) : [],
    })),
  ];
  return {
    migration: migrationId(desired),
    title: plan?.title ?? `move to the ${desired.active}`,
    facts: factsOf(desired, desired.active),
    found: factsIn(found ?? {}),
    refused: [...(complaints ?? []), ...(install?.complaints ?? [])],
    accepted: acceptedBy(desired),
    chapters: chapters.filter(({ stages }) => stages.length > 0).map(chapterOf),
    diffs: consumers.flatMap((one) => diffsIn(one.diffs(to))),
    ...wayBackOf(desired, desired.active, desired.finalized),
    onCall: onCallOf(desired),
    written: new Date().toISOString(),
  };
}

function chapterOf({ title, stages }: { title: string; stages: readonly Stage[] }) {
  return { title, rows: rowsOfPlan({ title, operation: "", stages }) };
}

/** Texts and lists of texts; steps and sums of files have a place of their own. */
function factsIn(found: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(found).flatMap(([name, value]): Fact[] => {
    if (name === "steps") return [];
    if (typeof value === "string") return [[name, value]];
    return Array.isArray(value) && value.length > 0 ? [[name, value.map(String).join("\n")]] : [];
  });
}

function diffsIn(diffs: Readonly<Record<string, readonly string[]>>): Diff[] {
  return Object.entries(diffs).map(([where, lines]) => ({ where, lines }));
}
