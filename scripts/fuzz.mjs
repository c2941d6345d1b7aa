/**
 * `npm run fuzz`: hostile input for every reader, 10 000 cases of each kind, with a seed of its own that it says.
 * `npm run fuzz -- 371` repeats the run of that seed.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT } from "./setup/paths.mjs";
import { asProgram, setUp } from "./setup.mjs";
import { SetupStop } from "./setup/steps.mjs";

const CASES = "10000";

await asProgram(async () => {
  const [seed = String(Date.now() % 1_000_000), ...more] = process.argv.slice(2);
  if (!/^\d+$/.test(seed) || more.length > 0) {
    throw new SetupStop(
      `found "${[seed, ...more].join(" ")}"; expected a seed, which is a number, or nothing.`,
    );
  }
  await setUp("unit");
  console.log(`${CASES} cases of each kind, seed ${seed}`);
  const jest = [join(CHECKOUT, "node_modules/jest/bin/jest.js"), "--selectProjects", "unit"];
  const { status } = spawnSync(
    process.execPath,
    [...jest, "--testPathPatterns", "test/unit/fuzz/", "--verbose"],
    {
      cwd: CHECKOUT,
      stdio: "inherit",
      env: { ...process.env, PULUMI_ZOOKEEPER_FUZZ_RUNS: CASES, PULUMI_ZOOKEEPER_FUZZ_SEED: seed },
    },
  );
  process.exitCode = status ?? 1;
});
