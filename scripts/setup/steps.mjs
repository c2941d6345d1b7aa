/**
 * How set-up runs: one line per step, with what was done and how long it took, or what was reused.
 *
 * Whatever a step makes is made under a temporary name beside its place and renamed at the end, so a set-up that
 * is interrupted, or run twice at once, never leaves half of anything behind.
 */
import { spawn } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheDir, logDir } from "./paths.mjs";

const HEARTBEAT_MS = 20_000;

/** Something that only the user can mend. Printed as one line, without a stack. */
export class SetupStop extends Error {}

/** Runs a step. `work` returns the text of its line; a text that begins with `reused: ` stands without a time. */
export async function step(title, work) {
  const begun = Date.now();
  const said = await work();
  const took = said.startsWith("reused: ") ? "" : `  (${duration(Date.now() - begun)})`;
  console.log(`  ${title.padEnd(14)} ${said}${took}`);
}

/** Makes `target`, a folder, by `fill(temporaryFolder)`. Whoever finishes second keeps what the first one made. */
export async function makeFolder(target, fill) {
  mkdirSync(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    await fill(temporary);
    if (!existsSync(target)) renameSync(temporary, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Runs a program with its output in a log file, and says every 20 s that it is still at it.
 * @param {{ title: string, cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, remedy?: string }} options
 */
export async function run(command, args, options) {
  mkdirSync(logDir(), { recursive: true });
  const log = join(logDir(), `${options.title.replace(/[^a-z0-9]+/gi, "-")}.log`);
  const sink = createWriteStream(log);
  const begun = Date.now();
  const heartbeat = setInterval(
    () => console.log(`  …              ${options.title}: ${duration(Date.now() - begun)} so far`),
    HEARTBEAT_MS,
  );
  try {
    await new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        timeout: options.timeoutMs,
        killSignal: "SIGKILL",
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stdout.pipe(sink, { end: false });
      child.stderr.pipe(sink, { end: false });
      child.on("error", (cause) => reject(new SetupStop(`${command} does not start: ${cause.message}`)));
      child.on("close", (code, signal) => {
        sink.end(() => {
          if (code === 0) return resolve(undefined);
          const ended = signal ? `was stopped by ${signal}` : `ended with exit code ${code}`;
          const tail = readFileSync(log, "utf8").trim().split("\n").slice(-4).join("\n    ");
          reject(
            new SetupStop(
              `${options.title}: ${command} ${ended}. ${options.remedy ?? ""} Log: ${log}\n    ${tail}`,
            ),
          );
        });
      });
    });
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * Holds the lock of one part of set-up while `work` runs: waits for another set-up that is alive, clears away a dead
 * one's lock. One for each part, so that a lab can be booted while Pulumi is being built.
 */
export async function alone(part, work) {
  const lock = join(cacheDir(), `.lock-${part}`);
  mkdirSync(cacheDir(), { recursive: true });
  for (let said = false; ; said = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0;
    if (holder && !isAlive(holder)) rmSync(lock, { force: true });
    else if (!said) console.log(`  waiting for the set-up of process ${holder} to end`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(lock, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

export function duration(ms) {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
