/**
 * One program on a host, from its start to its end, whatever is done with its streams meanwhile.
 *
 * A lost connection looks to ssh2 like the end of the output, without an exit code. So an end counts only
 * together with an exit code; without one the link's loss is what is reported.
 */
import type { ClientChannel } from "ssh2";
import { CommandFailed, HostUnreachable } from "../../engine/errors";
import { sayMs, type Deadline } from "../deadline";
import type { HostConnection } from "./connection";
import type { Link, Session } from "./link";
import { commandLine, sayCommand } from "./quote";

export interface Program {
  /** Standard input and output. */
  readonly channel: ClientChannel;
  /** The command as messages show it. */
  readonly said: string;
  /** The exit code (128 + n for signal n), once all output was read. Rejects when the connection is lost. */
  readonly ended: Promise<number>;
  /** What came on standard error so far, its last 64 KiB. */
  stderr(): string;
  /** The error for an end with this code; what was printed is its explanation. */
  failure(code: number, stdout?: Buffer): CommandFailed;
  /** Gives the program up: asks it to end and closes its channel. It may still run. */
  abandon(): void;
  /** The error for a program that took too long. */
  late(deadline: Deadline): HostUnreachable;
}

/** Of a run on its host, see turn.ts. */
export interface Turn {
  /** Waits until no earlier run is at work on the host. Once; a host that could not be reached is tried again. */
  taken(): Promise<void>;
  /** `argv` as a command that runs in this turn alone. */
  command(argv: readonly string[]): string[];
  /** For scripts that enter it by themselves. */
  readonly args: readonly [file: string, owner: string];
}

export interface Starter {
  readonly connection: HostConnection;
  readonly sudo: boolean;
  /** Of the run whose commands these are. */
  readonly turn?: Turn;
}

/**
 * Starts `argv`, in the turn of its run where there is one. The deadline is made once the connection stands, bounds
 * the start, and is handed back for what follows.
 */
export async function start(
  { connection, sudo, turn }: Starter,
  argv: readonly string[],
  newDeadline: () => Deadline,
): Promise<{ program: Program; deadline: Deadline }> {
  await turn?.taken();
  const said = sayCommand(argv);
  const command = commandLine(turn?.command(argv) ?? argv, sudo);
  const link = await connection.open();
  const deadline = newDeadline();
  const session = await link.session(command, said, deadline);
  const { channel } = session;
  let stderr = "";
  channel.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-65536);
  });
  channel.on("error", () => {});
  const ended = ending(session, link, connection.name, said);
  ended.catch(() => {});
  const program: Program = {
    channel,
    said,
    ended,
    stderr: () => stderr,
    failure: (code, stdout) =>
      failure(connection.name, said, code, stderr.trim() || stdout?.toString("utf8") || ""),
    abandon: () => {
      // Without this an unread rest would keep the channel from ever reporting its end.
      channel.removeAllListeners("data").resume();
      channel.signal("TERM");
      channel.close();
      session.free();
    },
    late: () =>
      new HostUnreachable(
        connection.name,
        `\`${said}\` did not end within ${sayMs(deadline.ms)} and was given up`,
        "It may still run there: look with ps before running it again.",
      ),
  };
  return { program, deadline };
}

function ending(session: Session, link: Link, name: string, said: string): Promise<number> {
  return new Promise((resolve, reject) => {
    session.channel.on("close", () => {
      const code = session.exitCode();
      if (code !== undefined) resolve(code);
      else if (link.lost.aborted) reject(link.lost.reason);
      else
        reject(
          new HostUnreachable(
            name,
            `the SSH server closed the channel of \`${said}\``,
            "Look whether it was carried out.",
          ),
        );
    });
  });
}

/** Whether sudo, not the program, ended: whatever exit code is accepted, the program never ran. */
export function asksForPassword(stderr: string): boolean {
  return /^sudo: .*password is required/m.test(stderr);
}

function failure(name: string, said: string, code: number, output: string): CommandFailed {
  const hint = asksForPassword(output)
    ? "\nAllow this user to run it without a password (NOPASSWD in sudoers), or log in as root."
    : "";
  return new CommandFailed(name, said, code, output + hint);
}
