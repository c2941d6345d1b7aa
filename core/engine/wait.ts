/** Waiting for a condition of the world: asked again and again, at a short interval, up to a bound. */
import { setTimeout as pause } from "node:timers/promises";
import type { Sight } from "./step";

export interface WaitOptions {
  readonly timeoutMs: number;
  /** @default 100 */
  readonly everyMs?: number;
}

/** Looks until the look says done or time is up; returns the last sight either way. */
export async function waitFor<S extends Sight>(look: () => Promise<S>, options: WaitOptions): Promise<S> {
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    const sight = await look();
    if (sight.done || performance.now() >= end) return sight;
    await pause(options.everyMs ?? 100);
  }
}
