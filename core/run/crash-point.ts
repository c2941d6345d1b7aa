/**
 * Where the crash explorer ends this process: `PULUMI_ZOOKEEPER_CRASH_AT=12` kills it with SIGKILL at the twelfth crash
 * point. There is one before and one after each append to a journal: what was done and is not written down yet, and
 * what was written down and is not done yet. Without that variable nothing here does anything.
 */
import { kill, pid } from "node:process";

const crashAt = Number(process.env["PULUMI_ZOOKEEPER_CRASH_AT"] ?? "0");
let passed = 0;

export function crashPoint(): void {
  passed += 1;
  if (passed === crashAt) kill(pid, "SIGKILL");
}

/** How many crash points this process has come by. */
export function crashPointsPassed(): number {
  return passed;
}
