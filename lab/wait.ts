/** Waiting for a condition of the lab, with the reason it is not met when the time is up. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/**
 * Calls `look` every 50 ms until it answers undefined; its answer, or what it throws, is why it is not so yet.
 * @param timeoutMs by default 60 s, far beyond what a healthy lab takes
 */
export async function until(
  what: string,
  look: () => Promise<string | undefined>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const reason = await look().catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (reason === undefined) return;
    if (performance.now() > deadline) throw new Error(`${what}: not after ${timeoutMs / 1000} s: ${reason}`);
    await sleep(POLL_MS);
  }
}
