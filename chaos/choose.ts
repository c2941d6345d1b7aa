/**
 * Which crash points, in which order, each with the command that follows.
 *
 * Recoveries alternate from point to point of a direction. The order is a walk: what is begun from where the point
 * before ended costs no switchover that nobody explores, so directions take turns as the states allow. A walk back from
 * `source` needs `active forward`, which is explored as often as the walk passes there.
 */
import fc from "fast-check";
import { DIRECTIONS, type Direction, type Point, type State } from "./explore";

export interface Choice {
  readonly seed: number;
  /** @default all */
  readonly atMost?: number;
  /** Of what was chosen, which part of how many. @default all */
  readonly part?: number;
  readonly parts?: number;
}

export function choosePoints(
  counts: ReadonlyMap<string, number>,
  { seed, atMost, part = 0, parts = 1 }: Choice,
): Point[] {
  const all = DIRECTIONS.flatMap((direction) =>
    Array.from({ length: counts.get(direction.name) ?? 0 }, (_, index): Point => ({
      direction,
      at: index + 1,
      // Both sides of one journal entry, then the other way for the next.
      recovery: (index >> 1) % 2 === 0 ? "again" : "back",
    })),
  );
  const length = Math.min(atMost ?? all.length, all.length);
  const [chosen = []] = fc.sample(fc.shuffledSubarray(all, { minLength: length, maxLength: length }), {
    seed,
    numRuns: 1,
  });
  // By number and not by place in the list: lanes that count a point more or less still share out the same ones.
  return walk(chosen.filter(({ at }) => ((at - 1) >> 2) % parts === part));
}

/**
 * Where a relay is killed, counted in crash points from its last kill. A stage that is gone on with writes all its intents
 * again, and removing an ensemble begins at its first stage, so a run comes further only when it gets through all that:
 * short gaps alone would never end.
 */
export function gapsOf(seed: number): Generator<number, never> {
  const short = fc.integer({ min: 1, max: 12 });
  const long = fc.integer({ min: 1, max: 50 });
  const gap = fc.oneof({ weight: 4, arbitrary: short }, { weight: 1, arbitrary: long });
  return samples(fc.tuple(gap), seed);
}

/**
 * Where ways to and fro are killed: the one anywhere, the one that takes it back soon after it began, since it may be short.
 * @param count crash points of the one
 */
export function gapsToAndFro(seed: number, count: number): Generator<number, never> {
  return samples(fc.tuple(fc.integer({ min: 1, max: count }), fc.integer({ min: 1, max: 12 })), seed);
}

function* samples(some: fc.Arbitrary<number[]>, seed: number): Generator<number, never> {
  for (let round = 0; ; round++) yield* fc.sample(some, { seed: seed + round, numRuns: 50 }).flat();
}

function walk(points: readonly Point[]): Point[] {
  const left = new Map<Direction, Point[]>(
    DIRECTIONS.map((direction) => [direction, points.filter((point) => point.direction === direction)]),
  );
  const walked: Point[] = [];
  let state: State = "nothing";
  while (walked.length < points.length) {
    const here = [...left.entries()].filter(([{ from }, list]) => from === state && list.length > 0);
    const rest = [...left.entries()].filter(([, list]) => list.length > 0);
    const [, list] = (here.length > 0 ? here : rest).reduce((a, b) => (b[1].length > a[1].length ? b : a));
    const point = list.pop() as Point;
    walked.push(point);
    state = endOf(point);
  }
  return walked;
}

/** Where the stack is after a point and its recovery. */
function endOf({ direction, recovery }: Point): State {
  return recovery === "again" ? direction.to : direction.from;
}
