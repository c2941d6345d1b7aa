/** The life of a `ZkDataMigration`: a thin layer between Pulumi's calls and `run/migration.ts`. */
import { isDeepStrictEqual } from "node:util";
import { Refusal } from "../engine/errors";
import { describeSteps } from "../engine/plan-text";
import type { MigrationDesired } from "../run/desired";
import { migrationId, migrationSchema, readArguments } from "../run/desired";
import { finalize, reviewFinalize } from "../run/finalize";
import { readHistory } from "../run/history";
import { refuseAnother } from "../run/journals";
import { moveTo, rollBack, WayBackClosed } from "../run/migration";
import { keepersOf, withMigrationWorld } from "../run/open";
import { complainForward, observeForward, planForward, sketchBack } from "../run/move";
import { writePlanPage } from "../run/plan-page";
import { progressFor } from "../run/progress";
import { reported } from "../run/report";
import { reviewForward } from "../run/review";
import { readRuns } from "../run/session";
import { planBack } from "../run/way-back";
import type { Lifecycle, Properties } from "./lifecycle";
import {
  accepted,
  argumentsOf,
  outputs,
  plainError,
  readDesired,
  readForCheck,
  refused,
  refuseNewerState,
  urnOf,
} from "./lifecycle";

export const migration: Lifecycle = {
  async check(olds, news) {
    const read = readForCheck(migrationSchema, news);
    if ("answer" in read) return read.answer;
    const { desired } = read;
    if (isSettled(olds, desired)) {
      return accepted(news, { plan: olds["plan"], planPage: olds["planPage"] });
    }
    const progress = progressFor(urnOf(news));
    try {
      return await withMigrationWorld(desired, async (world) => {
        const history = readHistory(await readRuns(world, keepersOf(desired)));
        await refuseAnother(world, desired, history);
        if (history.pendingMove && !history.isSettledOn(desired.active)) {
          const { operation, stages } = history.pendingMove.plan;
          const steps = describeSteps({ ...history.pendingMove.plan, stages });
          return accepted(news, { plan: { goesOn: `with the move ${operation} begun earlier`, steps } });
        }
        if (history.active === desired.active) {
          if (desired.finalized && !history.finalized) {
            return accepted(news, { plan: reviewFinalize(desired) });
          }
          return accepted(news, { plan: olds["plan"] ?? { moves: `nothing: ${desired.active} is active` } });
        }
        if (history.finalized) throw new WayBackClosed();
        if (desired.active === "source") {
          const plan = await planBack(world, desired, history);
          const found = { moves: plan.title, steps: describeSteps(plan) };
          const page = await writePlanPage({ desired, plan, found }, progress);
          return accepted(news, { plan: found, planPage: page });
        }
        const facts = await observeForward(world, desired, history);
        const complaints = complainForward(desired, facts);
        if (complaints.length > 0) {
          await writePlanPage({ desired, complaints }, progress);
          return refused(news, complaints);
        }
        const plan = planForward(desired, facts);
        const review = await reviewForward(world, desired, facts, plan);
        const shown = { desired, plan, found: { ...review }, consumers: facts.consumers };
        const page = await writePlanPage(shown, progress);
        return accepted(news, { plan: review, planPage: page });
      });
    } catch (error) {
      if (error instanceof Refusal) return refused(news, error.complaints);
      throw plainError(error);
    }
  },

  async diff(_id, olds, news) {
    if (!isDeepStrictEqual(argumentsOf(olds), argumentsOf(news))) return { changes: true };
    const desired = readDesired(migrationSchema, news);
    if (desired.finalized) return { changes: false };
    // The journal is the truth: a roll back that was killed half way leaves the state as it was.
    try {
      return await withMigrationWorld(desired, async (world) => {
        const history = readHistory(await readRuns(world, keepersOf(desired)));
        return { changes: !history.isSettledOn(desired.active) };
      });
    } catch (error) {
      throw plainError(error);
    }
  },

  async create(inputs) {
    const desired = readDesired(migrationSchema, inputs);
    return { id: migrationId(desired), outs: await move(desired, inputs) };
  },

  async update(_id, _olds, news) {
    return { outs: await move(readDesired(migrationSchema, news), news) };
  },

  async read(id, props) {
    return { id, props };
  },

  async delete(_id, props) {
    try {
      refuseNewerState(props);
      const desired = readDesired(migrationSchema, props);
      const progress = progressFor(urnOf(props));
      if (desired.finalized) progress.say("the migration is finalized: no host is touched");
      else await reported({ desired, progress }, () => rollBack(desired, progress));
    } catch (error) {
      throw plainError(error);
    }
  },
};

async function move(desired: MigrationDesired, inputs: Properties): Promise<Properties> {
  try {
    const progress = progressFor(urnOf(inputs));
    const { value: moved, report } = await reported(
      { desired, progress },
      async () => {
        const moved = await moveTo(desired, desired.active, progress);
        if (desired.finalized) await finalize(desired, progress);
        return moved;
      },
      // Fenced consumers wait for their repointing, which files the report of the whole.
      ({ timeline }) => timeline.length > 0 && desired.consumers.length > 0,
    );
    return outputs({
      ...inputs,
      activeSide: moved.active,
      timeline: moved.timeline,
      report,
      rollbackPlan: desired.finalized
        ? ["finalized: destroy removes the resources and touches no host"]
        : describeSteps(sketchBack(desired)),
    });
  } catch (error) {
    throw plainError(error);
  }
}

/** The same arguments as before: whether the world still agrees is asked in `diff`. */
function isSettled(olds: Properties, desired: MigrationDesired): boolean {
  if (olds["plan"] === undefined) return false;
  const before = readArguments(migrationSchema, argumentsOf(olds));
  return "desired" in before && isDeepStrictEqual(before.desired, desired);
}
