/** The life of a `ConsumerRepoint`: a thin layer between Pulumi's calls and `run/repoint.ts`. */
import { isDeepStrictEqual } from "node:util";
import { Refusal, UserError } from "../engine/errors";
import { migrationId, readArguments, repointSchema } from "../run/desired";
import { repointOrRollBack } from "../run/migration";
import { progressFor } from "../run/progress";
import { reported } from "../run/report";
import { awaitsRepointing, reviewRepoint } from "../run/repoint";
import type { Lifecycle, Properties } from "./lifecycle";
import {
  accepted,
  argumentsOf,
  initError,
  outputs,
  plainError,
  readDesired,
  readForCheck,
  refused,
  refuseNewerState,
  urnOf,
} from "./lifecycle";

export const repoint: Lifecycle = {
  async check(olds, news) {
    const read = readForCheck(repointSchema, news);
    if ("answer" in read) return read.answer;
    const before = readArguments(repointSchema, argumentsOf(olds));
    if (
      olds["plan"] !== undefined &&
      "desired" in before &&
      isDeepStrictEqual(before.desired, read.desired)
    ) {
      return accepted(news, { plan: olds["plan"] });
    }
    try {
      return accepted(news, { plan: await reviewRepoint(read.desired) });
    } catch (error) {
      if (error instanceof Refusal) return refused(news, error.complaints);
      throw plainError(error);
    }
  },

  async diff(_id, olds, news) {
    const same = isDeepStrictEqual(argumentsOf(olds), argumentsOf(news));
    if (!same || olds["incomplete"] === true) return { changes: true };
    const desired = readDesired(repointSchema, news);
    if (desired.migration.finalized) return { changes: false };
    // A repointing the other way that was killed leaves the state as it was.
    try {
      return { changes: await awaitsRepointing(desired) };
    } catch (error) {
      throw plainError(error);
    }
  },

  async create(inputs) {
    const { consumer, migration } = readDesired(repointSchema, inputs);
    const id = `${migrationId(migration)}-${consumer.name}`;
    return { id, outs: await bring(id, inputs) };
  },

  async update(id, _olds, news) {
    return { outs: await bring(id, news) };
  },

  async read(id, props) {
    return { id, props };
  },

  /**
   * Pulumi deletes a repointing before its migration. Fenced here already, the consumer would wait for all that the way
   * back can do while writes go on.
   */
  async delete(_id, props) {
    try {
      refuseNewerState(props);
      const { consumer, migration } = readDesired(repointSchema, props);
      progressFor(urnOf(props)).say(
        migration.finalized
          ? "the migration is finalized: no host is touched"
          : `no host is touched: ${consumer.name} works on, and goes back together with the migration's data`,
      );
    } catch (error) {
      throw plainError(error);
    }
  },
};

async function bring(id: string, inputs: Properties): Promise<Properties> {
  try {
    const desired = readDesired(repointSchema, inputs);
    const progress = progressFor(urnOf(inputs));
    const { value, report } = await reported({ desired: desired.migration, progress }, () =>
      repointOrRollBack(desired, progress),
    );
    const { timeline, writePauseSeconds } = value;
    return outputs({
      ...inputs,
      timeline,
      writePauseSeconds,
      report,
      rollbackPlan: "the migration's way back fences it, puts the configuration back and releases it",
    });
  } catch (error) {
    // The consumer may have been touched: the resource is kept, so that destroy can put it back.
    throw error instanceof UserError ? initError(error, id, inputs) : error;
  }
}
