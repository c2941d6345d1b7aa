/**
 * Carries out the steps of a Pegasus switchover that ask the cluster: make it blind, wait for its leases, give it its
 * level back, prove it. Its record, metas and files have handlers of their own.
 */
import { ifReachable, UserError } from "../engine/errors";
import type { Handler, JsonObject, Sight, StepContext } from "../engine/step";
import { setTimeout as pause } from "node:timers/promises";
import { waitFor } from "../engine/wait";
import type { World } from "../transports/contract";
import { runCanary } from "./canary";
import { copyAgainHandlers } from "./copy-again-steps";
import { editHandlers } from "./edit-steps";
import { allDown, isDown, metaServiceHandlers } from "./meta-service-steps";
import { sayShellFailure } from "./read/answer";
import { readGetMetaLevel, readSetMetaLevel } from "./read/meta-level";
import { refuseOverwriting } from "./overwriting";
import { downId } from "./planned-steps";
import { fromJson, recordId, recordIn, type ClusterRecord } from "./record";
import { recordHandlers } from "./record-steps";
import { recoverHandlers } from "./recover-steps";
import { askShell, shellOf } from "./shell";
import { proveCluster } from "./verify";

interface MetaPort {
  readonly name: string;
  readonly port: number;
}

const LEVEL_TIMEOUT_MS = 120_000;

export const pegasusHandlers: Readonly<Record<string, Handler<World>>> = {
  ...metaServiceHandlers,
  ...editHandlers,
  ...recoverHandlers,
  ...copyAgainHandlers,
  ...recordHandlers,
  "pg.blind": {
    async look({ step: { args }, world }) {
      if (await allDown(world, args)) return { done: true, found: "no meta runs" };
      return levelIs(world, args, "blind");
    },
    async apply({ step: { args }, world }) {
      // Carried out without a look where the run has started over.
      if (await allDown(world, args)) return;
      // As where one is stopped: what it wrote must not have been copied over by then.
      await refuseOverwriting(world, args, args["metas"] as unknown as readonly MetaPort[]);
      await setLevel(world, args, "blind");
    },
    async undo(context) {
      const { world, step } = context;
      // Whoever starts one gives it the level of a start. One that is out of reach may lead.
      if ((await ifReachable(allDown(world, step.args))) === true) return;
      await bringLevel(world, step.args, recordOf(context));
    },
  },
  "pg.level": {
    look: ({ step: { args }, world }) => levelIs(world, args, recordIn(args).level),
    async apply({ step: { args }, world }) {
      await bringLevel(world, args, recordIn(args));
    },
  },
  "pg.lease": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "every lease has run out" : "not waited for",
    }),
    async apply({ step: { args }, world }) {
      const until = performance.now() + Number(args["seconds"]) * 1000;
      for (;;) {
        await allDownOrFail(world, args);
        const left = until - performance.now();
        if (left <= 0) return;
        await pause(Math.min(left, 1000));
      }
    },
  },
  "pg.canary": {
    look: async ({ applied }) => ({ done: applied, found: applied ? "the canary lived" : "not tried yet" }),
    apply: ({ step: { args }, world, run }) => runCanary(world, shellOf(args), run),
  },
  "pg.healthy": {
    async look(context) {
      return context.applied ? (await proven(context)).sight : { done: false, found: "not proven yet" };
    },
    async apply(context) {
      const { args } = context.step;
      let last = "";
      const sight = await waitFor(
        async () => {
          const { sight } = await proven(context);
          if (!sight.done && sight.found !== last) context.say((last = sight.found));
          return sight;
        },
        { timeoutMs: Number(args["timeoutSeconds"]) * 1000, everyMs: 1000 },
      );
      if (!sight.done) {
        throw new UserError(
          `not healthy ${args["timeoutSeconds"]} s after the metas started: ${sight.found}. ` +
            `Look into the metas' logs and at \`ls -d\`, \`nodes -d\`, \`ddd_diagnose\`.${sayMayChange(args)}`,
        );
      }
      return sight.result;
    },
  },
};

/** A copy carries whatever the tables had become: only whoever changed them can say whether that was wanted. */
function sayMayChange({ mayChange }: JsonObject): string {
  if (mayChange !== false) return "";
  return " Where somebody dropped, made or changed a table meanwhile, acceptLost: true takes the tables as they are.";
}

function proven({ step: { args }, world, result }: StepContext<World>): Promise<{ sight: Sight }> {
  const metas = args["metas"] as unknown as readonly MetaPort[];
  const workedSince = metas.some(({ name }) => result(downId(name))["ranOn"] !== undefined);
  return proveCluster(world, args, { workedSince });
}

async function allDownOrFail(world: World, args: JsonObject): Promise<void> {
  const metas = args["metas"] as unknown as readonly MetaPort[];
  for (const { name, port } of metas) {
    const sight = await isDown(world.host(name), port);
    if (!sight.done)
      throw new UserError(
        `${name}: ${sight.found}: somebody started a meta server while the leases had to run out. Stop it, and run the same command again.`,
      );
  }
}

async function levelIs(world: World, args: JsonObject, level: string): Promise<Sight> {
  const answer = await askShell(world, shellOf(args), "get_meta_level", readGetMetaLevel);
  if (!answer.ok) return { done: false, found: sayShellFailure(answer.failure) };
  return { done: answer.value === level, found: `level ${answer.value}` };
}

/** Waits until a meta leads, and sets the level where it started with another one. */
async function bringLevel(world: World, args: JsonObject, before: ClusterRecord): Promise<void> {
  let seen: Sight = { done: false, found: "not asked" };
  await waitFor(
    async () => {
      seen = await levelIs(world, args, before.level);
      return { ...seen, done: seen.done || seen.found.startsWith("level ") };
    },
    { timeoutMs: LEVEL_TIMEOUT_MS, everyMs: 500 },
  );
  if (!seen.done) await setLevel(world, args, before.level);
}

async function setLevel(world: World, args: JsonObject, level: string): Promise<void> {
  const answer = await askShell(world, shellOf(args), `set_meta_level ${level}`, readSetMetaLevel);
  if (!answer.ok) throw new UserError(`set_meta_level ${level}: ${sayShellFailure(answer.failure)}`);
}

function recordOf(context: StepContext<World>): ClusterRecord {
  const found = fromJson(context.result(recordId(String(context.step.args["consumer"]))));
  if (!found) throw new Error("a record without a primary");
  return found;
}
