/**
 * `npm run chaos -- …`: makes sure that the lab's parts are there, then hands over to chaos/main.ts, or for
 * `npm run chaos -- mutants` to chaos/mutants.ts.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { disksInMemory } from "./journeys.mjs";
import { CHECKOUT } from "./setup/paths.mjs";
import { asProgram, setUpLabOnly } from "./setup.mjs";

await asProgram(async () => {
  await setUpLabOnly();
  const [first, ...rest] = process.argv.slice(2);
  const [program, args] = first === "mutants" ? ["mutants.ts", rest] : ["main.ts", process.argv.slice(2)];
  const argv = ["--import", "tsx", join(CHECKOUT, "chaos", program), ...args];
  const child = spawn(process.execPath, argv, {
    cwd: CHECKOUT,
    env: { ...process.env, ...disksInMemory() },
    stdio: "inherit",
  });
  // ^C reaches the child too, which then ends in its own time.
  process.on("SIGINT", () => undefined);
  process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
});
