/** This process' clock, set while it runs: what `Date` says, and nothing that measures. `jest.useRealTimers()` puts it right. */

/** @param offsetMs from the true time; the clock goes on from there */
export function setOperatorClock(offsetMs: number): void {
  jest.useFakeTimers({
    now: performance.timeOrigin + performance.now() + offsetMs,
    advanceTimers: true,
    // All but `Date`.
    doNotFake: [
      "hrtime",
      "performance",
      "nextTick",
      "queueMicrotask",
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "setImmediate",
      "clearImmediate",
    ],
  });
}
