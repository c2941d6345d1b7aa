/** What a copy came to, in numbers. */
export interface CopyCounts {
  /** Visited on the source and now on the target. */
  znodes: number;
  /** Of their data. */
  bytes: number;
  created: number;
  /** Data written to znodes that were there. */
  changed: number;
  /** ACLs set on znodes that were there. */
  aclsChanged: number;
  /** Left behind. */
  ephemerals: number;
  /** Only on the target, ephemerals and what lies below each not counted: left there. */
  extras: number;
  /** Only on the target, and removed. */
  removed: number;
  /** Children created and deleted to carry counters. */
  sequencePairs: number;
  /**
   * Znodes (the first 100) whose counter on the target is beyond the source's: it cannot be set back. No number is
   * given twice; delete them there and copy again, if the numbers have to be the same.
   */
  ahead: string[];
}

export const NO_COUNTS: Omit<CopyCounts, "ahead"> = {
  znodes: 0,
  bytes: 0,
  created: 0,
  changed: 0,
  aclsChanged: 0,
  ephemerals: 0,
  extras: 0,
  removed: 0,
  sequencePairs: 0,
};
