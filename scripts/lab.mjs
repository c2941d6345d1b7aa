/**
 * `npm run lab -- …`: makes sure that the lab's parts are there, then hands over to lab/cli.ts.
 *
 * Only `up` needs the parts checked; the other commands must work, and at once, when something has gone wrong.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT } from "./setup/paths.mjs";
import { asProgram, setUpLabOnly } from "./setup.mjs";

await asProgram(async () => {
  const args = process.argv.slice(2);
  if (args.includes("up")) await setUpLabOnly();
  const tsx = join(CHECKOUT, "node_modules/tsx/dist/cli.mjs");
  const child = spawn(process.execPath, [tsx, join(CHECKOUT, "lab/cli.ts"), ...args], { stdio: "inherit" });
  process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
});
