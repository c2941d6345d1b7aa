/** `npm run chaos -- …`: makes sure that the lab's parts are there, then hands over to chaos/main.ts. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT } from "./setup/paths.mjs";
import { asProgram, setUpLabOnly } from "./setup.mjs";

await asProgram(async () => {
  await setUpLabOnly();
  const argv = ["--import", "tsx", join(CHECKOUT, "chaos/main.ts"), ...process.argv.slice(2)];
  const child = spawn(process.execPath, argv, { cwd: CHECKOUT, stdio: "inherit" });
  process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
});
