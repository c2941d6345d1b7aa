/**
 * `node scripts/tool.mjs NAME`: one of the checks that package.json names, after the part of set-up that it needs.
 *
 * Set-up comes first because a fresh clone has no node_modules; where they are there, it takes no time.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CHECKOUT } from "./setup/paths.mjs";
import { asProgram, setUp } from "./setup.mjs";
import { SetupStop } from "./setup/steps.mjs";

const SOURCES = ["index.ts", "components", "providers", "stacks", "core", "lab", "bench", "chaos", "test"];

const TOOLS = {
  types: ["typescript/bin/tsc", "--noEmit"],
  lint: ["eslint/bin/eslint.js", "--max-warnings=0", "."],
  imports: [
    "dependency-cruiser/bin/dependency-cruise.mjs",
    "--config",
    ".dependency-cruiser.cjs",
    ...SOURCES,
  ],
  "dead-code": ["knip/bin/knip.js"],
  format: ["prettier/bin/prettier.cjs", "--write", "--log-level=warn", "."],
  "format:check": ["prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."],
};

await asProgram(async () => {
  const [name, ...more] = process.argv.slice(2);
  const tool = TOOLS[name];
  if (!tool)
    throw new SetupStop(`found "${name}"; expected the name of a check: ${Object.keys(TOOLS).join(", ")}.`);
  await setUp("unit");
  const [program, ...args] = tool;
  const { status } = spawnSync(
    process.execPath,
    [join(CHECKOUT, "node_modules", program), ...args, ...more],
    { cwd: CHECKOUT, stdio: "inherit" },
  );
  process.exitCode = status ?? 1;
});
