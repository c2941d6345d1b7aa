/** The life of a `ZooKeeperMonitoring`: a thin layer between Pulumi's calls and `run/monitoring.ts`. */
import { isDeepStrictEqual } from "node:util";
import { Refusal } from "../engine/errors";
import { monitoringId, monitoringSchema, putMonitoring, reviewMonitoring } from "../run/monitoring";
import { progressFor } from "../run/progress";
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

export const monitoring: Lifecycle = {
  async check(_olds, news) {
    const read = readForCheck(monitoringSchema, news);
    if ("answer" in read) return read.answer;
    try {
      const { files, unwatched } = reviewMonitoring(read.desired);
      const plan = { files: files.map(({ path }) => path), unwatched };
      return accepted(news, { plan });
    } catch (error) {
      if (error instanceof Refusal) return refused(news, error.complaints);
      throw error;
    }
  },

  async diff(_id, olds, news) {
    return { changes: !isDeepStrictEqual(argumentsOf(olds), argumentsOf(news)) };
  },

  async create(inputs) {
    return { id: monitoringId(readDesired(monitoringSchema, inputs)), outs: await put(inputs) };
  },

  async update(_id, _olds, news) {
    return { outs: await put(news) };
  },

  async read(id, props) {
    return { id, props };
  },

  /** The files stay, since the main configuration names them; they watch the side that the roll back leads to. */
  async delete(_id, props) {
    try {
      refuseNewerState(props);
      const desired = readDesired(monitoringSchema, props);
      const progress = progressFor(urnOf(props));
      if (desired.migration.finalized)
        progress.say("the migration is finalized: its monitoring stays as it is");
      else await putMonitoring(desired, "source", progress);
    } catch (error) {
      throw plainError(error);
    }
  },
};

async function put(inputs: Properties): Promise<Properties> {
  try {
    const desired = readDesired(monitoringSchema, inputs);
    const { changed } = await putMonitoring(desired, desired.migration.active, progressFor(urnOf(inputs)));
    return outputs({ ...inputs, changed });
  } catch (error) {
    throw plainError(error);
  }
}
