/**
 * `tsx chaos/mover.ts target|source|destroy FOLDER`: one command of the operator's, in a process that can be killed.
 *
 * FOLDER holds arguments.json and the stack's state. It ends with 0 when all went well, and then says how many crash
 * points it came by; with 1, and the message that the user would read, otherwise.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crashPointsPassed } from "../core/run/crash-point";
import type { Arguments } from "../lab/arguments";
import { State } from "./resources";

async function main(command: string, folder: string): Promise<void> {
  const args = JSON.parse(readFileSync(join(folder, "arguments.json"), "utf8")) as Arguments;
  const state = new State(join(folder, "state.json"));
  await (command === "destroy" ? state.destroy() : state.up({ ...args, active: command }));
  console.log(`crash points: ${crashPointsPassed()}`);
}

const [command = "", folder = ""] = process.argv.slice(2);
main(command, folder).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
