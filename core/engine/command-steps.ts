/**
 * Commands of the user's own as steps: pause the writers, resume them, the business's checks.
 * What a command did cannot be looked at, so only the journal knows; on resuming it may run once more, and the
 * documentation asks for commands that can stand it.
 */
import { isTakenOut, UserError } from "./errors";
import type { Handler, Step } from "./step";

export interface Command {
  readonly run: string;
  readonly on?: string;
  readonly timeoutSeconds?: number;
  readonly expect?: string;
}

interface CommandWorld {
  command(command: Command): Promise<{ readonly code: number; readonly stdout: string }>;
}

/** One step a command, in order; `undo` are the commands that take the whole list back. */
export function commandSteps(
  purpose: string,
  commands: readonly Command[],
  options: { readonly undo?: readonly Command[]; readonly proves?: string } = {},
): Step[] {
  const { undo = [], proves } = options;
  return commands.map((command, index) => ({
    id: `${purpose} ${index + 1}`,
    host: command.on ?? "ops",
    kind: "user.command",
    // The first command's undo resumes everything: walking back, it is the last to be taken back.
    args: { command: { ...command }, undo: index === 0 ? undo.map((one) => ({ ...one })) : [] },
    says: `${purpose}: ${command.run}`,
    ...(proves === undefined ? {} : { proves }),
    undo: index === 0 && undo.length > 0 ? undo.map((one) => one.run).join("; ") : undefined,
  }));
}

export const commandHandlers: Readonly<Record<string, Handler<CommandWorld>>> = {
  "user.command": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "it succeeded" : "not run by this process",
    }),
    async apply({ step, world }) {
      const command = step.args["command"] as unknown as Command;
      const { code, stdout } = await world.command(command);
      return {
        exitCode: code,
        ...(command.expect === undefined ? {} : sayMatch(command.expect, stdout)),
      };
    },
    // Each by itself: a host that is gone must not keep the writers of the others paused.
    async undo({ step, world, say }) {
      const failures: Error[] = [];
      for (const command of (step.args["undo"] ?? []) as unknown as Command[]) {
        try {
          await world.command(command);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          const isGone = command.on !== undefined && isTakenOut(error, command.on);
          say(isGone ? `not run, ${command.on} is declared no longer: ${command.run}` : error.message);
          if (!isGone) failures.push(error);
        }
      }
      if (failures[0]) throw failures[0];
    },
  },
};

/** For the report: what matched, and no more of the output, which is the user's. */
function sayMatch(expect: string, stdout: string): { expected: string; matched: string } {
  return { expected: `/${expect}/`, matched: (new RegExp(expect).exec(stdout)?.[0] ?? "").slice(0, 200) };
}
