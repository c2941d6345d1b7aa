/**
 * `node scripts/test.mjs [unit|contract|journeys|long]… [options of jest]`: sets up what the tests need and runs them,
 * the fast ones first. Without a name the first three are run, also after one failed, and the exit code tells of all.
 *
 * Contract tests run one file after the other, since they start servers and measure time; so do journeys with options of
 * Jest, which are otherwise run as scripts/journeys.mjs says.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT, withPulumi } from "./setup/paths.mjs";
import { disksInMemory, runJourneys } from "./journeys.mjs";
import { asProgram, setUp, setUpLabOnly } from "./setup.mjs";

const IN_ORDER = ["--runInBand", "--verbose"];
const ON_LABS = { prepare: prepareJourneys, options: IN_ORDER, run: runJourneys };
const PROJECTS = {
  unit: { prepare: () => setUp("unit"), options: [] },
  contract: { prepare: setUpLabOnly, options: IN_ORDER },
  journeys: ON_LABS,
  long: ON_LABS,
};
const DEFAULT = ["unit", "contract", "journeys"];

await asProgram(async () => {
  const args = process.argv.slice(2);
  const firstOption = args.findIndex((arg) => !(arg in PROJECTS));
  const named = firstOption < 0 ? args : args.slice(0, firstOption);
  const more = firstOption < 0 ? [] : args.slice(firstOption);
  for (const name of named.length > 0 ? named : DEFAULT) {
    const { prepare, options, run } = PROJECTS[name];
    await prepare();
    const passed =
      run && more.length === 0
        ? await run(name)
        : node("node_modules/jest/bin/jest.js", ...options, ...more, "--selectProjects", name) === 0;
    if (!passed) process.exitCode = 1;
  }
});

/** Journeys call the Pulumi CLI, which runs the compiled program. */
async function prepareJourneys() {
  await setUp("lab");
  if (node("scripts/build.mjs") !== 0) throw new Error("the build failed");
}

function node(program, ...args) {
  const options = { cwd: CHECKOUT, stdio: "inherit", env: { ...withPulumi(), ...disksInMemory() } };
  return spawnSync(process.execPath, [join(CHECKOUT, program), ...args], options).status ?? 1;
}
