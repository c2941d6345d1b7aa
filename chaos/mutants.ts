/**
 * `npm run chaos -- mutants`: bugs put in on purpose, one at a time, each of which the explorer has to find.
 *
 * A mutant lives in a copy of this checkout, which is removed afterwards: the checkout itself is never touched. It ends
 * with 0 when every mutant was caught.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { spawn } from "node:child_process";
import { checkout } from "../lab/layout";
import { FOUND } from "./finding";

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    name: "resuming trusts the journal: what was begun counts as done, and nobody looks",
    file: "core/engine/journal.ts",
    text: "      if (step) begun.set(entry.step, step);\n      results.delete(entry.step);",
    instead: "      if (step) begun.set(entry.step, step);\n      results.set(entry.step, {});",
  },
  {
    name: "a step is written done before it is carried out",
    file: "core/engine/execute.ts",
    text: "    const applied = before.done ?",
    instead:
      '    await execution.journal.write([{ event: "done", step: step.id, found: "planned" }]);\n' +
      "    const applied = before.done ?",
  },
  {
    name: "a move that was killed is forgotten, and planned anew",
    file: "core/run/history.ts",
    text: "      pendingMove = run.outcome === undefined ? run : undefined;\n",
    instead: "",
  },
  {
    name: "a fence is skipped: the source's servers count as stopped, and serve on",
    file: "core/zookeeper/service-steps.ts",
    text: "      return stopped(world.host(step.host), serviceOf(step.args));",
    instead:
      '      if (step.lasting) return { done: true, found: "stopped" };\n' +
      "      return stopped(world.host(step.host), serviceOf(step.args));",
  },
];

/** Not part of what is tried, or rebuilt by itself. */
const LEFT_OUT = new Set(["node_modules", ".git", ".lab", "dist"]);

async function main(args: readonly string[]): Promise<void> {
  let caught = 0;
  for (const mutant of MUTANTS) {
    console.log(`\n== ${mutant.name}`);
    const copy = mkdtempSync(join(tmpdir(), "mutant-"));
    try {
      apply(mutant, copy);
      const found = await explore(copy, args);
      if (found) caught++;
      console.log(found ? "== caught" : "== NOT CAUGHT");
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }
  console.log(`\n${caught} of ${MUTANTS.length} mutants caught`);
  if (caught < MUTANTS.length) process.exitCode = 1;
}

function apply({ file, text, instead }: Mutant, copy: string): void {
  const from = checkout();
  cpSync(from, copy, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(relative(from, path).split("/")[0] ?? ""),
  });
  symlinkSync(join(from, "node_modules"), join(copy, "node_modules"));
  const before = readFileSync(join(copy, file), "utf8");
  if (before.split(text).length !== 2) throw new Error(`${file} no longer holds, once:\n${text}`);
  writeFileSync(
    join(copy, file),
    before.replace(text, () => instead),
  );
}

/** @returns whether the explorer found something wrong; it prints what */
function explore(copy: string, args: readonly string[]): Promise<boolean> {
  const only = ["--only", "up", "--points", "0", "--seed", "1", "--lanes", "1", ...args];
  const child = spawn(process.execPath, ["--import", "tsx", join(copy, "chaos/main.ts"), ...only], {
    cwd: copy,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code === FOUND));
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
