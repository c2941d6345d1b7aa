/**
 * What asking a Pegasus shell can come to: an answer, or one of the ways in which there is none.
 *
 * The shell ends with exit code 0 whatever happened, so nothing here is decided by the code alone;
 * `shell.ts` judges the text. The ways are told apart because each calls for something else:
 * ERR_UNDER_RECOVERY is waited out, USAGE is a fault of ours, an abort is a fault of the machine's.
 */
import { UserError } from "../../engine/errors";

/** Why there is no answer. `says` is the shell's own words, on one line. */
export type ShellFailure =
  /** A meta server answered with an error code, or could not be asked (ERR_NETWORK_FAILURE, ERR_TIMEOUT). */
  | { readonly kind: "server-error"; readonly code: string; readonly says: string }
  /** The shell did not accept the arguments. */
  | { readonly kind: "usage"; readonly says: string }
  /** The shell does not know the command; Pegasus 2.6 aborts in the middle of its help then. */
  | { readonly kind: "unknown-command"; readonly says: string }
  /** The shell refused before it asked a server: a file that is not there, a node that does not resolve. */
  | { readonly kind: "refused-locally"; readonly says: string }
  /** The shell ended before it was done: an assertion, a signal, a time limit. */
  | { readonly kind: "aborted"; readonly exitCode: number; readonly says: string }
  /** What ran was no Pegasus shell: a wrong path, a missing library. */
  | { readonly kind: "not-a-shell"; readonly exitCode: number; readonly says: string }
  /** An answer, but not one of this command. */
  | { readonly kind: "unreadable"; readonly says: string };

/** What the shell says about itself before it answers. */
export interface Preamble {
  /** For example "2.6.0-SNAPSHOT". */
  readonly version: string;
  readonly clusterName?: string;
  /** Meta servers that the shell will ask, as `host:port`. */
  readonly metaServers: readonly string[];
}

export type ShellAnswer<T> =
  | { readonly ok: true; readonly value: T; readonly preamble: Preamble }
  | { readonly ok: false; readonly failure: ShellFailure };

/** The text is complete, but it is not what the command prints. Thrown by every reader in this folder. */
export class UnreadableAnswer extends UserError {
  constructor(
    readonly expected: string,
    readonly found: string,
  ) {
    super(`expected ${expected}, found ${shorten(found)}`);
  }
}

/** One line for a person. */
export function sayShellFailure(failure: ShellFailure): string {
  switch (failure.kind) {
    case "server-error":
      return failure.says.includes(failure.code) ? failure.says : `${failure.code}: ${failure.says}`;
    case "usage":
      return `the shell did not accept the arguments: ${failure.says}`;
    case "unknown-command":
      return `the shell does not know the command: ${failure.says}`;
    case "refused-locally":
      return `the shell refused: ${failure.says}`;
    case "aborted":
      return `the shell ended early with exit code ${failure.exitCode}: ${failure.says}`;
    case "not-a-shell":
      return `no Pegasus shell ran (exit code ${failure.exitCode}): ${failure.says}`;
    case "unreadable":
      return `the shell's answer cannot be read: ${failure.says}`;
  }
}

/** Puts text on one line of at most 200 characters. */
export function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  if (line === "") return "nothing";
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
