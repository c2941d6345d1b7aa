/**
 * What a meta wrote that had to be stopped and was started again, as by its host's boot: acknowledged, and younger than the
 * copy. The step that makes sure that it is stopped notes on which ensemble it ran; the copy is brought up to that one.
 */
import { UserError } from "../engine/errors";
import type { Handler, Step, StepContext } from "../engine/step";
import { settleRan } from "../journal/ran";
import type { World } from "../transports/contract";
import { copyAndProve } from "../zookeeper/tree";
import { downId } from "./planned-steps";
import { namesServers } from "./read/judge";

export const copyAgainHandlers: Readonly<Record<string, Handler<World>>> = {
  "pg.copyAgain": {
    async look(context) {
      if (context.applied) return { done: true, found: "copied again" };
      const { elsewhere } = startedSince(context);
      return elsewhere.length === 0
        ? { done: true, found: "no meta was started since the copy" }
        : { done: false, found: `${elsewhere.join(", ")} was started since the copy` };
    },
    async apply(context) {
      const { step, world, say } = context;
      const { elsewhere, joined } = startedSince(context);
      // Carried out without a look where the run has started over.
      if (elsewhere.length === 0) return {};
      const settle = () =>
        Promise.all(
          metasOf(step).map((host) => settleRan(world, { ...step, host }, (on) => !isJoined(step, on))),
        );
      if (joined.length > 0) {
        if (step.args["acceptLost"] === true) {
          say(`left behind, as accepted: what ${elsewhere.join(", ")} may have written elsewhere`);
          await settle();
          return { leftBehind: elsewhere };
        }
        throw new UserError(
          `${elsewhere.join(", ")} ran on ${String(step.args["left"])} and ${joined.join(", ")} on ` +
            `${String(step.args["joined"])} at the same time: found two clusters' metadata, expected one. Compare ` +
            "the tables of both. acceptLost: true goes on with the side that is joined, and leaves behind what is on the other; with " +
            "active: the other side it does so there.",
        );
      }
      say(`${elsewhere.join(", ")} was started since the copy: copying what it may have written`);
      const copied = await copyAndProve(world, step.args, say);
      await settle();
      return copied;
    },
  },
};

function metasOf({ args }: Step): readonly string[] {
  return args["metas"] as readonly string[];
}

/** Metas that were found running: on the ensemble that is joined, and on another, or so early that none could tell. */
function startedSince({ step, result }: StepContext<World>): {
  readonly joined: readonly string[];
  readonly elsewhere: readonly string[];
} {
  const ran = metasOf(step).flatMap((name) => {
    const { ranOn, settled } = result(downId(name));
    if (ranOn === undefined || settled === true) return [];
    return [ranOn].flat().map((on) => ({ name, ranOn: String(on) }));
  });
  return {
    joined: ran.filter(({ ranOn }) => isJoined(step, ranOn)).map(({ name }) => name),
    elsewhere: ran.filter(({ ranOn }) => !isJoined(step, ranOn)).map(({ name }) => name),
  };
}

/** What a meta wrote there is on the side that is gone on with; that it did is to be known until it is repointed. */
function isJoined({ args }: Step, ranOn: string): boolean {
  return namesServers(ranOn, String(args["joined"]));
}
