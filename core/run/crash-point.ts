/**
 * Where the crash explorer ends this process: `PULUMI_ZOOKEEPER_CRASH_AT=12` kills it with SIGKILL at the twelfth
 * moment between a journal entry and what follows. Without that variable nothing here does anything.
 */
import { kill, pid } from "node:process";

const crashAt = Number(process.env["PULUMI_ZOOKEEPER_CRASH_AT"] ?? "0");
let moments = 0;

/** Counts a moment of the run: an intent was written, or a step was carried out and not yet written done. */
export function onEntry(): void {
  moments += 1;
  if (moments === crashAt) kill(pid, "SIGKILL");
}
