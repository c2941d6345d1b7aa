/**
 * The one error of everything here that reads ZooKeeper's files.
 *
 * A snapshot or a log comes from a host that may have lost power, from a copy that may have been cut short, or
 * from a disk that flips bits. Whoever reads it must learn which file, where, and what stood there, because the
 * next decision (older snapshot, other server, stop) depends on the kind. Anything else that these readers throw
 * is a bug of ours, or the stream's own error (a host that went away), which is passed on untouched.
 */
import { UserError } from "../../engine/errors";

/** Why a file cannot be used: it ends early, is not what its name says, was changed, or makes no sense. */
export type Breakage = "truncated" | "bad-magic" | "bad-checksum" | "bad-structure" | "bad-compression";

/** A file whose content is not what ZooKeeper writes. */
export class BrokenFile extends UserError {
  constructor(
    readonly file: string,
    readonly kind: Breakage,
    /** Bytes from the start of the (uncompressed) file. */
    readonly offset: number,
    readonly found: string,
    readonly expected: string,
  ) {
    super(`${file}: ${kind} at byte ${offset}: found ${found}; expected ${expected}`);
  }
}
