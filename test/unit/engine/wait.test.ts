/** Waits are measured, not read off a clock: one that jumps neither ends nor prolongs them. */
import { waitFor } from "../../../core/engine/wait";
import { setOperatorClock } from "../../operator-clock";

const HOUR_MS = 3_600_000;

afterEach(() => jest.useRealTimers());

test("the clock jumps ahead: what takes a few looks is still waited for", async () => {
  let looks = 0;
  const look = async () => {
    setOperatorClock(HOUR_MS * looks++);
    return { done: looks === 4, found: `look ${looks}` };
  };
  expect(await waitFor(look, { timeoutMs: 60_000, everyMs: 1 })).toEqual({ done: true, found: "look 4" });
});

test("the clock jumps back: the bound stays as it was", async () => {
  let looks = 0;
  const look = async () => {
    setOperatorClock(-HOUR_MS * looks++);
    return { done: false, found: looks > 1 ? "some looks" : "one look" };
  };
  expect(await waitFor(look, { timeoutMs: 50, everyMs: 1 })).toEqual({ done: false, found: "some looks" });
});
