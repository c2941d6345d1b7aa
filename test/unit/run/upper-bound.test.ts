/** Counts in a review are bounds, so that live writes do not change what was reviewed. */
import fc from "fast-check";
import { upperBound } from "../../../core/run/review";

test.each([
  [0, 1],
  [1, 2],
  [9, 10],
  [10, 20],
  [20_134, 50_000],
  [99_999, 100_000],
  [100_000, 200_000],
])("%i is under %i", (value, bound) => expect(upperBound(value)).toBe(bound));

test("always above, never by more than two and a half times, and of 1, 2, 5 and zeros", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), (value) => {
      const bound = upperBound(value);
      expect(bound).toBeGreaterThan(value);
      expect(bound).toBeLessThanOrEqual(value * 2.5);
      expect(String(bound)).toMatch(/^[125]0*$/);
    }),
  );
});
