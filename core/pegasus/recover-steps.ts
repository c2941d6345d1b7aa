/**
 * What method "recover" does beside starting and stopping metas: an empty root for them, and `recover` itself.
 */
import { Refusal, UserError } from "../engine/errors";
import type { Handler, StepContext } from "../engine/step";
import { waitFor } from "../engine/wait";
import type { World } from "../transports/contract";
import { dumpTree, endpointOn, keepDump, removeTree, surveyTree, type Endpoint } from "../zookeeper/tree";
import { chrootOf, lockPathOf, readSettings } from "./config";
import { sayShellFailure } from "./read/answer";
import { judgeRecovery } from "./read/judge";
import { recoverNodeList } from "./read/nodes";
import { readRecover, type RecoveryHint } from "./read/recover";
import { recordIn } from "./record";
import { askShellWithFile, shellOf } from "./shell";

/** Lock nodes of metas that were killed live as long as their sessions. */
const SESSIONS_GONE_MS = 120_000;
/** The shell's own default for `recover -w`; what follows is for its start and its end. */
const RECOVER_WAIT_SECONDS = 100;

export const recoverHandlers: Readonly<Record<string, Handler<World>>> = {
  "pg.clearRoot": {
    async look(context) {
      const { endpoint, roots } = await rootsOf(context);
      const { znodes } = await surveyTree(endpoint, roots);
      return {
        done: znodes === 0,
        found:
          znodes === 0 ? `nothing below ${roots.join(", ")}` : `${znodes} znodes below ${roots.join(", ")}`,
      };
    },
    async apply(context) {
      const { endpoint, roots } = await rootsOf(context);
      const sight = await waitFor(
        async () => {
          const { ephemerals } = await surveyTree(endpoint, roots);
          return {
            done: ephemerals === 0,
            found: `${ephemerals} ephemeral znodes below ${roots.join(", ")}`,
          };
        },
        { timeoutMs: SESSIONS_GONE_MS, everyMs: 500 },
      );
      if (!sight.done) throw aliveRoot(endpoint.name, sight.found);
      const host = context.world.host(context.step.host);
      const name = `${String(context.step.args["consumer"])}-root-${context.run}`;
      const { path, bytes, sha256 } = await keepDump(context.world, host, name, dumpTree(endpoint, roots));
      const removed = await removeTree(endpoint, roots);
      context.say(`${removed} znodes set aside in ${path} and removed`);
      return { dump: path, sha256, bytes, removed };
    },
  },
  "pg.recover": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "recovered" : "not asked by this process",
    }),
    async apply({ step: { args }, world, say }) {
      const nodes = recordIn(args).nodes;
      const flags = String(args["flags"]);
      const command = `recover -f FILE -w ${RECOVER_WAIT_SECONDS}${flags}`;
      const answer = await askShellWithFile(world, shellOf(args), command, recoverNodeList(nodes), {
        read: readRecover,
        timeoutSeconds: RECOVER_WAIT_SECONDS + 30,
      });
      if (!answer.ok) throw new UserError(`recover: ${sayShellFailure(answer.failure)}`);
      const verdict = judgeRecovery(answer.value);
      switch (verdict.kind) {
        case "complete":
          return { nodes: nodes.map((node) => node.address) };
        case "complete-with-losses":
          for (const hint of verdict.hints) say(sayHint(hint));
          if (flags === "" && args["acceptLost"] !== true) throw new RecoveredWithLosses(verdict.hints);
          return { nodes: nodes.map((node) => node.address), hints: verdict.hints.map(sayHint) };
        case "may-be-tried-again":
          throw new UserError(
            `recover: ERR_TRY_AGAIN, nothing was written: ${verdict.hints.map(sayHint).join("; ")}. Mend it and run the same command again; ` +
              "or allow it with skipBadNodes: true (-b) or skipLostPartitions: true (-l), which gives up what those hold.",
          );
        case "not-waiting":
          // Asked before, by a run whose answer was not accepted: its hints are gone.
          if (args["acceptLost"] === true) return { already: true };
          throw new UserError(
            "recover: ERR_SERVICE_ALREADY_RUNNING: an earlier try recovered the tables, and what it said to be missing was " +
              "not accepted or not seen. Set acceptLost: true to recover once more from the start, or go back.",
          );
        case "unknown":
          throw new UserError(
            `recover: no answer: the meta has ended, or took longer than ${RECOVER_WAIT_SECONDS} s. Look into its log, then run the same command again.`,
          );
        case "failed":
          throw new UserError(
            `recover: ${verdict.code}: ${verdict.hints.map(sayHint).join("; ")}. Look into the meta's log; a root half written is emptied by the next run.`,
          );
      }
    },
  },
};

/** ERR_OK, and yet something may be missing: only the user can say whether that is well. */
class RecoveredWithLosses extends UserError {
  constructor(hints: readonly RecoveryHint[]) {
    super(
      `recover: ERR_OK, but ${hints.map(sayHint).join("; ")}. The tables are there; what was not collected is not. ` +
        "Go on with acceptLost: true, or go back.",
    );
  }
}

async function rootsOf(context: StepContext<World>): Promise<{ endpoint: Endpoint; roots: string[] }> {
  const { args } = context.step;
  const config = await context.world.host(String(args["configOn"])).readFile(String(args["path"]));
  if (!config) throw new UserError(`${String(args["configOn"])}:${String(args["path"])}: no such file`);
  const root = args["root"] === undefined ? recordIn(args).root : String(args["root"]);
  const lock = lockPathOf(config, root);
  const servers = args["servers"] as readonly string[];
  const endpoint = endpointOn({
    name: servers.join(", "),
    hosts: servers.map((name) => context.world.host(name)),
    port: Number(args["clientPort"]),
    chroot: chrootOf(readSettings(config).hostsList),
  });
  return { endpoint, roots: lock === root || lock.startsWith(`${root}/`) ? [root] : [root, lock] };
}

function aliveRoot(where: string, found: string): Refusal {
  return new Refusal([
    {
      where,
      found,
      expected: "no meta server alive on the root that is about to be emptied",
      next: "Find out whose sessions those are (`cons`), stop them, and run the same command again.",
    },
  ]);
}

function sayHint(hint: RecoveryHint): string {
  switch (hint.kind) {
    case "bad-node":
      return `node ${hint.node} answered ${hint.code}${hint.skipped ? ", skipped" : ""}`;
    case "lost-partition":
      return `partition ${hint.partition} has no replica left${hint.skipped ? ", now empty" : ""}`;
    case "fewer-replicas":
      return `partition ${hint.partition} had only ${hint.has} of ${hint.wants} replicas, writes may be lost`;
    case "other":
      return hint.says;
  }
}
