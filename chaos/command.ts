/** One command of the operator's as a process: ended by itself, killed at a crash point, or given up. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bundle } from "../lab/bundle";
import { checkout } from "../lab/layout";
import { endSession } from "../lab/processes";

/** `target` and `source` are `up` with that side active. */
export type Command = "target" | "source" | "destroy";

export interface Ended {
  readonly how: "well" | "killed" | "failed" | "given up";
  /** How many crash points it came by; only of a command that ended well. */
  readonly crashPoints: number;
  readonly output: string;
}

/** Far beyond what a command takes here, also on a busy machine. */
const GIVEN_UP_AFTER_MS = 240_000;

const PROGRAMS = join(checkout(), ".lab/chaos-programs");
/** What is killed: the product, and what stands in for Pulumi. */
export const MOVER = join(PROGRAMS, "mover.cjs");

/** Makes {@link MOVER}. */
export function bundleMover(): Promise<void> {
  return bundle([join(__dirname, "mover.ts")], PROGRAMS, ["--packages=external"]);
}

/** @param crashAt number of the crash point at which it kills itself; 0 for none */
export function carryOut(command: Command, folder: string, crashAt: number): Promise<Ended> {
  const child = spawn(process.execPath, [MOVER, command, folder], {
    cwd: checkout(),
    env: { ...process.env, PULUMI_ZOOKEEPER_CRASH_AT: String(crashAt) },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let givenUp = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const timer = setTimeout(() => {
    givenUp = true;
    if (child.pid !== undefined) endSession(child.pid);
  }, GIVEN_UP_AFTER_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const how = givenUp ? "given up" : signal === "SIGKILL" ? "killed" : code === 0 ? "well" : "failed";
      resolve({ how, crashPoints: Number(/crash points: (\d+)/.exec(output)?.[1] ?? 0), output });
    });
  });
}
