/** This process' clock, set while it runs: what `Date` says, and nothing that measures. `jest.useRealTimers()` puts it right. */

/** All that Jest could fake but for `Date`. */
const MEASURES = [
  ...(["hrtime", "performance", "nextTick", "queueMicrotask"] as const),
  ...([
    "setTimeout",
    "clearTimeout",
    "setInterval",
    "clearInterval",
    "setImmediate",
    "clearImmediate",
  ] as const),
];

/** @param offsetMs from the true time; the clock goes on from there */
export function setOperatorClock(offsetMs: number): void {
  const now = performance.timeOrigin + performance.now() + offsetMs;
  jest.useFakeTimers({ now, advanceTimers: true, doNotFake: [...MEASURES] });
}
