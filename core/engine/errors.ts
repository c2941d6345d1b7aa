/**
 * Errors an SRE may read. Each names the place, what was found, what was expected and what to do next;
 * none of them is printed with a stack trace. Anything else that is thrown is a bug of ours and keeps its trace.
 */

export interface Complaint {
  /** Host, file or argument: `zk-new3`, `ck1:/etc/clickhouse-server/metrika.xml`, `hosts.zk3.connection.host`. */
  readonly where: string;
  readonly found: string;
  readonly expected: string;
  /** The next thing to do, as a sentence or a command. */
  readonly next: string;
}

/** Base of everything that is meant for the user's eyes. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Nothing was changed: the world is not as the plan needs it. Holds every complaint found, not only the first. */
export class Refusal extends UserError {
  constructor(readonly complaints: readonly Complaint[]) {
    super(complaints.map(sayComplaint).join("\n"));
  }
}

/** The host did not let us in, or stopped answering. */
export class HostUnreachable extends UserError {
  constructor(
    readonly host: string,
    readonly reason: string,
    readonly next: string,
  ) {
    super(`${host}: ${reason}. ${next}`);
  }
}

/** A host that nobody declares, or no longer: what is left to do there is not done any more. */
export class UnknownHost extends Refusal {
  constructor(
    readonly host: string,
    known: readonly string[],
  ) {
    super([
      {
        where: host,
        found: "no host of that name",
        expected: `one of ${known.join(", ")}`,
        next: "Correct the name, or add the host.",
      },
    ]);
  }
}

/** A program on a host ended with a code that was not expected. */
export class CommandFailed extends UserError {
  constructor(
    readonly host: string,
    readonly command: string,
    readonly code: number,
    readonly output: string,
  ) {
    super(`${host}: ${command} ended with exit code ${code}: ${lastLines(output) || "(no output)"}`);
  }
}

export function sayComplaint(complaint: Complaint): string {
  return `${complaint.where}: found ${complaint.found}; expected ${complaint.expected}. ${complaint.next}`;
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-6).join("\n");
}

/** What comes of something that is asked of a host; undefined where that is out of reach, and may be. */
export async function ifReachable<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HostUnreachable) return undefined;
    throw error;
  }
}

/** The same of a host that is declared no longer. */
export async function ifDeclared<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UnknownHost) return undefined;
    throw error;
  }
}

/**
 * Whether something could not be done on a consumer's host because the user has taken that out of the arguments, and goes on
 * without it. A server of an ensemble cannot be taken out: with other addresses it is another migration's.
 */
export function isTakenOut(failure: Error, host: string): boolean {
  return failure instanceof UnknownHost && failure.host === host;
}
