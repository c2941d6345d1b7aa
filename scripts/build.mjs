/** Compiles the package into dist/, unless dist/ is of these very sources. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { hashSources } = require("./sources-hash.cjs");
const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}/dist/.sources`;

const hash = hashSources();
if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) {
  console.log("build: reused dist/, it is of these sources");
} else {
  const tsc = require.resolve("typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
  writeFileSync(stamp, hash);
  console.log("build: compiled dist/");
}
