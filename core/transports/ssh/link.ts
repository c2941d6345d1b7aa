/**
 * One live SSH connection and the channels on it.
 *
 * A link is used until it is lost and never mended: whatever was under way then fails, because nobody can
 * know how far it got. The next call gets a new link (see connection.ts).
 *
 * sshd allows ten sessions on a connection by default (MaxSessions), so programs queue beyond eight. It counts
 * differently from us, though: a program that was given up counts while it runs, and one that just ended until
 * sshd has cleared it away. So a refused session is asked for again until the deadline; it was never started.
 * Forwarded connections do not count.
 */
import { setMaxListeners } from "node:events";
import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { HostUnreachable } from "../../engine/errors";
import { DialFailed, type DialFailure } from "../contract";
import { sayMs, type Deadline } from "../deadline";
import type { Dialled } from "./dial";

const SESSIONS = 8;

/** A program's channel. */
export interface Session {
  readonly channel: ClientChannel;
  /** The exit code (128 + n for signal n), once the host has told it. */
  exitCode(): number | undefined;
  /** Gives the place to the next one; may be called more than once. */
  free(): void;
}

export class Link {
  private readonly losing = new AbortController();
  /** Aborted, with a {@link HostUnreachable} as its reason, once nothing more can be done here. */
  readonly lost: AbortSignal = this.losing.signal;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly dialled: Dialled,
    private readonly name: string,
  ) {
    // Each forwarded connection listens, and there is no limit to those.
    setMaxListeners(0, this.lost);
    let cause = "the SSH connection was closed";
    dialled.client.on("error", (error) => {
      cause = `the SSH connection was lost: ${error.message}`;
    });
    dialled.client.on("close", () => this.lose(cause));
    for (const each of dialled.through) each.on("error", () => {});
  }

  /** Starts `command` through the login shell. Rejects when the link is lost or the deadline passes. */
  async session(command: string, said: string, deadline: Deadline): Promise<Session> {
    const turn = this.place();
    try {
      await deadline.race(turn, () => this.late(`no free channel for \`${said}\``, deadline));
    } catch (error) {
      void turn.then(() => this.next());
      throw error;
    }
    let taken = true;
    const free = () => {
      if (taken) this.next();
      taken = false;
    };
    try {
      for (let refusals = 0; ; refusals++) {
        try {
          const { channel, exitCode } = await this.exec(command, said, deadline);
          channel.once("close", free);
          return { channel, exitCode, free };
        } catch (error) {
          this.lost.throwIfAborted();
          if (!isRefusal(error) || deadline.remaining() === 0) throw this.notStarted(error, said);
        }
        // The first one is free: its answer is a round trip, which is what sshd needs to clear away.
        await delay(Math.min(100, refusals * 10, deadline.remaining()));
      }
    } catch (error) {
      free();
      throw error;
    }
  }

  /** A TCP connection made by the host. Rejects with {@link DialFailed} or the link's loss. */
  async forward(address: string, port: number, deadline: Deadline): Promise<ClientChannel> {
    const target = `${address}:${port}`;
    const { client } = this.dialled;
    const opening = this.open<ClientChannel>((done) =>
      client.forwardOut("127.0.0.1", 0, address, port, done),
    );
    const late = () => this.dialFailed("unanswered", target, `no answer within ${sayMs(deadline.ms)}`);
    try {
      return await deadline.race(opening, late);
    } catch (error) {
      opening.then(abandon, () => {});
      this.lost.throwIfAborted();
      if (!(error instanceof Error) || error instanceof HostUnreachable) throw error;
      throw this.dialFailed(
        failureOf(error),
        target,
        error.message.replace(/^\(SSH\) Channel open failure: /, ""),
      );
    }
  }

  private async exec(command: string, said: string, deadline: Deadline): Promise<Omit<Session, "free">> {
    let code: number | undefined;
    const opening = this.open<ClientChannel>((done) =>
      this.dialled.client.exec(command, (error, channel) => {
        // Here and not after an await: a fast program's exit code is in the same packet as the channel's opening.
        channel?.on("exit", (exit: number | null, signal?: string) => {
          code = exit ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
        });
        done(error, channel);
      }),
    );
    try {
      const channel = await deadline.race(opening, () => this.late(`\`${said}\` was not started`, deadline));
      return { channel, exitCode: () => code };
    } catch (error) {
      opening.then(abandon, () => {});
      throw error;
    }
  }

  /**
   * Ends the connection; resolves when it is gone from here. Not by ssh2's `end`, which waits for the other side's
   * good-bye, a quarter of an hour where it lost its power; once that was called, `destroy` does nothing any more.
   */
  async close(): Promise<void> {
    const { client, through } = this.dialled;
    if (!this.lost.aborted) {
      const gone = new Promise<void>((resolve) => client.once("close", () => resolve()));
      client.destroy();
      await gone;
    }
    for (const each of through) each.destroy();
  }

  private open<T>(start: (done: (error: Error | undefined, channel: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.lost.throwIfAborted();
      // ssh2 throws here when the socket is already half closed.
      start((error, channel) => (error ? reject(error) : resolve(channel)));
    });
  }

  private async place(): Promise<void> {
    if (this.running < SESSIONS) {
      this.running++;
      return;
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private next(): void {
    const waiting = this.waiting.shift();
    if (waiting) waiting();
    else this.running--;
  }

  private lose(cause: string): void {
    const next = "What was under way may or may not have been carried out: look before running it again.";
    this.losing.abort(new HostUnreachable(this.name, cause, next));
    for (const each of this.dialled.through) each.destroy();
    for (const waiting of this.waiting.splice(0)) waiting();
  }

  private late(what: string, deadline: Deadline): HostUnreachable {
    return new HostUnreachable(
      this.name,
      `${what} within ${sayMs(deadline.ms)}`,
      "Look at the load on the host and at what still runs there.",
    );
  }

  private notStarted(error: unknown, said: string): Error {
    if (!(error instanceof Error) || error instanceof HostUnreachable) return error as Error;
    return new HostUnreachable(
      this.name,
      `the SSH server did not start \`${said}\`: ${error.message}`,
      "It was not run. Check MaxSessions (10 are needed) and ForceCommand in sshd_config.",
    );
  }

  private dialFailed(kind: DialFailure, target: string, reason: string): DialFailed {
    return new DialFailed(
      this.name,
      kind,
      `cannot connect to ${target} from the host: ${reason}`,
      NEXT[kind],
    );
  }
}

const NEXT: Readonly<Record<DialFailure, string>> = {
  refused: "Nothing listens there: look whether the server runs.",
  unanswered: "Look for a firewall between the two, and whether the machine is up.",
  forbidden: "Set `AllowTcpForwarding yes` (or `local`) for this user in sshd_config and reload sshd.",
  failed: "Try the same with `nc -vz` on the host.",
};

/** sshd's answer to a session beyond MaxSessions: the channel was not opened, so nothing was run. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && "reason" in error && error.message.startsWith("(SSH) Channel open failure")
  );
}

/** SSH's reason codes (RFC 4254, 5.1): 1 prohibited, 2 connect failed. */
function failureOf(error: Error): DialFailure {
  const reason = "reason" in error ? error.reason : undefined;
  if (reason === 1) return "forbidden";
  if (/refused/i.test(error.message)) return "refused";
  return /timed out/i.test(error.message) ? "unanswered" : "failed";
}

/** Closes a channel that came after its caller had gone. */
function abandon(channel: ClientChannel): void {
  channel.on("error", () => {});
  channel.resume();
  channel.stderr?.resume();
  channel.close();
}
