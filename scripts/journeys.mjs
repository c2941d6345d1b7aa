/**
 * Runs the journeys two at a time, each file on a lab of its own (`PULUMI_ZOOKEEPER_LAB`): most of a journey is
 * waiting, for elections, leases and sessions. A file's output comes in one piece, when it has ended; that of one that
 * failed comes last, so that the end of a log has what failed and why.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { CHECKOUT, withPulumi } from "./setup/paths.mjs";

const FOLDER = "test/journeys";
/** The longest first, so that none of them is left for the end; those that wait beside those that work. */
const FIRST = ["forward-back-forward", "pegasus-pulumi", "night", "faults.long", "pegasus-traps.long"];
/** Memory of one lab with its Pulumi CLI. */
const LAB_BYTES = 6 * 2 ** 30;

/** The labs' disks in memory, where there is enough for two: see lab/ground.ts. */
export function disksInMemory() {
  return totalmem() > 2 * LAB_BYTES ? { PULUMI_ZOOKEEPER_LAB_IN_MEMORY: "1" } : {};
}

/**
 * @param project `journeys` or `long`: Jest's
 * @returns {Promise<boolean>} whether all of them passed
 */
export async function runJourneys(project) {
  const waiting = namesOf(project);
  const lanes = Math.max(1, Math.min(2, availableParallelism(), Math.floor(totalmem() / LAB_BYTES)));
  console.log(`${waiting.length} journeys, ${lanes} at a time`);
  const results = [];
  const lane = async (lab) => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const began = Date.now();
      const { code, output } = await runOne(project, name, lab);
      const seconds = Math.round((Date.now() - began) / 1000);
      results.push({ name, code, seconds, output });
      const shown = code === 0 ? `${output}\n` : "";
      console.log(`${shown}${said({ name, code, seconds })}; ${waiting.length} not begun\n`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lab) => lane(lab)));
  const failed = results.filter(({ code }) => code !== 0);
  for (const { output } of failed) console.log(output);
  console.log(results.map(said).sort().join("\n"));
  return failed.length === 0;
}

function namesOf(project) {
  const names = readdirSync(join(CHECKOUT, FOLDER)).flatMap(
    (file) => /^(.*)\.test\.ts$/.exec(file)?.[1] ?? [],
  );
  const mine = names.filter((name) => name.endsWith(".long") === (project === "long"));
  const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return mine.sort((one, other) => rank(one) - rank(other));
}

function runOne(project, name, lab) {
  const args = ["--runInBand", "--verbose", "--selectProjects", project];
  const jest = ["node_modules/jest/bin/jest.js", ...args, "--runTestsByPath", `${FOLDER}/${name}.test.ts`];
  const env = { ...withPulumi(), ...disksInMemory(), PULUMI_ZOOKEEPER_LAB: String(lab) };
  const child = spawn(process.execPath, jest, { cwd: CHECKOUT, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function said({ name, code, seconds }) {
  return `${code === 0 ? "passed" : "FAILED"}  ${name.padEnd(24)} ${String(seconds).padStart(4)} s`;
}
