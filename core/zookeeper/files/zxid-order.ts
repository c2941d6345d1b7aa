/**
 * Which zxid may follow which: the one rule behind every claim that nothing is missing.
 *
 * A zxid is (epoch << 32) | counter. Within an epoch every transaction, failed ones included, gets the next number
 * and a log record; a new leader starts a new epoch at counter 1. What stands at the end of an epoch cannot be told
 * from the files of one server: that is why changes of epoch are reported and not just passed over.
 */
const COUNTER = 0xffff_ffffn;

export function epochOf(zxid: bigint): bigint {
  return zxid >> 32n;
}

export function counterOf(zxid: bigint): bigint {
  return zxid & COUNTER;
}

/** How `next` stands to `previous`, the transaction read (or covered by a snapshot) before it. */
export type Step = "next" | "new-epoch" | "gap" | "backwards";

export function stepBetween(previous: bigint, next: bigint): Step {
  if (next === previous + 1n) return "next";
  if (next <= previous) return "backwards";
  return epochOf(next) > epochOf(previous) && counterOf(next) === 1n ? "new-epoch" : "gap";
}
