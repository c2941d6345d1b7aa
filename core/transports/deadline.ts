/**
 * A point in time by which a call has answered or failed. One deadline covers all parts of a call
 * (waiting for a free channel, opening it, the command itself), so that the bound a caller sees is the one
 * that was asked for, and not its multiple.
 */
export class Deadline {
  private readonly end: number;

  constructor(readonly ms: number) {
    this.end = performance.now() + ms;
  }

  /** Milliseconds left, never below 0. */
  remaining(): number {
    return Math.max(0, this.end - performance.now());
  }

  /** `work`'s outcome, or a rejection with `late()` once the time is up. `work` itself is not stopped: the caller does that. */
  async race<T>(work: Promise<T>, late: () => Error): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late()), this.remaining());
    });
    try {
      return await Promise.race([work, expiry]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Milliseconds as a person says them: `300 ms`, `30 s`. */
export function sayMs(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
