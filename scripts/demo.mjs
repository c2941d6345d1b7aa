/**
 * `npm run demo [-- --keep]`: sets up what the demo needs, builds the program, and hands over to lab/demo.ts.
 *
 * From a fresh clone this is the only command there is; a second run says what it reuses.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT, withPulumi } from "./setup/paths.mjs";
import { asProgram, setUp } from "./setup.mjs";
import { SetupStop } from "./setup/steps.mjs";

await asProgram(async () => {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== "--keep");
  if (unknown !== undefined) throw new SetupStop(`found "${unknown}"; expected --keep, or nothing.`);
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new SetupStop(
      "the demo's hosts are namespaces of this machine: it needs Linux and root. Run it with sudo.",
    );
  }
  await setUp("lab");
  const env = withPulumi();
  const build = spawnSync(process.execPath, [join(CHECKOUT, "scripts/build.mjs")], { stdio: "inherit", env });
  if (build.status !== 0) throw new SetupStop("the build failed; see above.");
  const demo = ["--import", "tsx", join(CHECKOUT, "lab/demo.ts"), ...args];
  const child = spawn(process.execPath, demo, { cwd: CHECKOUT, stdio: "inherit", env });
  process.exitCode = await new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
});
