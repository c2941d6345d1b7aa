/** Compiles the package into dist/, unless dist/ is of these very sources. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CHECKOUT } from "./setup/paths.mjs";
import { asProgram, setUp } from "./setup.mjs";

const require = createRequire(import.meta.url);
const { hashSources } = require("./sources-hash.cjs");
const stamp = join(CHECKOUT, "dist/.sources");

await asProgram(async () => {
  await setUp("unit");
  const hash = hashSources();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) {
    console.log("build: reused dist/, it is of these sources");
    return;
  }
  const tsc = require.resolve("typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: CHECKOUT,
    stdio: "inherit",
  });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  writeFileSync(stamp, hash);
  console.log("build: compiled dist/");
});
