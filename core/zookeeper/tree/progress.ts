/**
 * How far a walk has come. The total is not known beforehand, and counting it would double the reading: instead each
 * directory's part of the whole is divided evenly among its children, which is right for the trees that clients make
 * (many alike) and mends itself as the walk goes on where they are not.
 */
export interface TreeProgress {
  readonly znodes: number;
  /** Of data. */
  readonly bytes: number;
  /** Since the start. */
  readonly znodesPerSecond: number;
  /** 0 to 1, estimated. */
  readonly fraction: number;
  /** Estimated; undefined while too little is done to tell. */
  readonly secondsLeft?: number;
}

export type OnProgress = (progress: TreeProgress) => void;

const EVERY_MS = 1_000;
/** Below it, the time left would be a guess. */
const TELLING = 0.01;

export class Meter {
  znodes = 0;
  bytes = 0;
  private fraction = 0;
  private readonly began = performance.now();
  private told = performance.now();

  constructor(private readonly onProgress: OnProgress | undefined) {}

  /** @param share of the whole that is done with this */
  done(share: number): void {
    this.fraction += share;
    if (this.onProgress && performance.now() - this.told >= EVERY_MS) this.tell();
  }

  /** Tells the end. */
  finish(): void {
    this.fraction = 1;
    this.tell();
  }

  get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  private tell(): void {
    this.told = performance.now();
    const { seconds, znodes, bytes } = this;
    const fraction = Math.min(1, this.fraction);
    const secondsLeft = fraction < TELLING ? undefined : Math.round((seconds / fraction) * (1 - fraction));
    this.onProgress?.({
      znodes,
      bytes,
      znodesPerSecond: Math.round(znodes / seconds),
      fraction,
      secondsLeft,
    });
  }
}

/** `41 200 znodes (38 %), 12 900/s, about 5 s left` */
export function sayProgress({ znodes, fraction, znodesPerSecond, secondsLeft }: TreeProgress): string {
  const left = secondsLeft === undefined ? "" : `, about ${secondsLeft} s left`;
  return `${spaced(znodes)} znodes (${Math.floor(fraction * 100)} %), ${spaced(znodesPerSecond)}/s${left}`;
}

function spaced(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}
