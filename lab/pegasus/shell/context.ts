/** What a shell command works with: the metas to ask, where to print, and the file that `-o` names. */
import { writeFileSync } from "node:fs";
import { type Table, tableText, tablesJson, tablesText } from "../answers/tables";
import type { Release } from "../server/config";
import { type Calls, type ClusterView, type ErrorCode, type Reply, callLeader } from "../server/protocol";

export interface ShellContext {
  readonly clusterName: string;
  readonly metas: readonly string[];
  readonly release: Release;
  /** What `use` was last told. */
  currentApp?: string;
}

/** Result of a command: `usage` makes the shell print how it is called. */
export type Outcome = "done" | "usage";

export function out(text: string): void {
  process.stdout.write(text);
}

export function err(text: string): void {
  process.stderr.write(text);
}

/** An error in the shell's bold red, whether or not a terminal listens. */
export function red(text: string): void {
  err(`\u001b[1m\u001b[38;2;255;000;000mERROR: ${text}\n\u001b[0m`);
}

export function ask<K extends keyof Calls>(
  context: ShellContext,
  name: K,
  body: Calls[K]["request"],
  timeoutMs?: number,
): Promise<Reply<K>> {
  return callLeader(context.metas, name, body, timeoutMs);
}

/** The cluster as the leader sees it, or the error in the words of the command. */
export async function view(
  context: ShellContext,
  task: string,
  complain: (code: ErrorCode) => string,
): Promise<ClusterView | undefined> {
  const reply = await ask(context, "view", { task });
  if (reply.err === "ERR_OK" && reply.view !== undefined) return reply.view;
  err(`${complain(reply.err)}\n`);
  return undefined;
}

/** Prints tables, or writes them to the file; a single one stands without a blank line behind it. */
export function print(
  tables: readonly Table[],
  options: { json: boolean; output?: string | undefined; single?: boolean },
): void {
  const [only] = tables;
  const asText = options.single && only !== undefined ? tableText(only) : tablesText(tables);
  const text = options.json ? `${JSON.stringify(tablesJson(tables), null, 4)}\n` : asText;
  if (options.output === undefined) out(text);
  else writeFileSync(options.output, text);
}
