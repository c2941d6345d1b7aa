/**
 * Programs that are run to their end, with their output as text; and programs that are held.
 */
import { HostUnreachable } from "../../engine/errors";
import type { Held, RunOptions, RunResult } from "../contract";
import { Deadline } from "../deadline";
import { asksForPassword, start, type Program, type Starter } from "./program";

/** More output than this is a mistake in the command, and would fill this process's memory. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** {@link HostAccess.run}. The time starts when the connection stands. */
export async function run(
  host: Starter,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { code, stdout, stderr } = await collect(host, argv, options);
  return { code, stdout: stdout.toString("utf8"), stderr };
}

export interface Collected {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly failure: Program["failure"];
}

/** As {@link run}, with standard output as bytes. Output beyond `limit` is an error. */
export async function collect(
  host: Starter,
  argv: readonly string[],
  options: RunOptions = {},
  limit = OUTPUT_LIMIT,
): Promise<Collected> {
  const { program, deadline } = await start(host, argv, () => new Deadline(options.timeoutMs ?? 30_000));
  const chunks: Buffer[] = [];
  let size = 0;
  const overflow = new Promise<never>((_, reject) => {
    program.channel.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) reject(tooMuch(host.connection.name, program, limit));
    });
  });
  program.channel.end(options.stdin);
  try {
    const code = await deadline.race(Promise.race([program.ended, overflow]), () => program.late(deadline));
    const { accept = [0] } = options;
    const stdout = Buffer.concat(chunks);
    const accepted = accept === "any" || accept.includes(code);
    if (!accepted || (host.sudo && asksForPassword(program.stderr()))) throw program.failure(code, stdout);
    return { code, stdout, stderr: program.stderr(), failure: program.failure };
  } catch (error) {
    program.abandon();
    throw error;
  }
}

/** A dot on standard input, so that a program can tell a connection that is cut from one that has nothing to say. */
const HEARTBEAT_MS = 5_000;

/**
 * {@link HostAccess.hold}: starts `argv`, resolves at its first line, and keeps its standard input open until
 * release. The program has to end when its input does, or stays silent: that is what ends it when this process, or its
 * network, dies.
 * @param timeoutMs until the first line.
 */
export async function hold(host: Starter, argv: readonly string[], timeoutMs = 30_000): Promise<Held> {
  const { program, deadline } = await start(host, argv, () => new Deadline(timeoutMs));
  const losing = new AbortController();
  let released = false;
  const early = program.ended.then((code) => {
    throw program.failure(code);
  });
  early.catch((error: unknown) => {
    if (!released) losing.abort(error);
  });
  const heart = setInterval(() => program.channel.write("."), HEARTBEAT_MS);
  heart.unref();
  void program.ended.catch(() => undefined).then(() => clearInterval(heart));
  try {
    const firstLine = await deadline.race(Promise.race([line(program), early]), () => program.late(deadline));
    return { firstLine, lost: losing.signal, release };
  } catch (error) {
    program.abandon();
    throw error;
  }

  async function release(): Promise<void> {
    if (losing.signal.aborted) return;
    released = true;
    clearInterval(heart);
    program.channel.end();
    const patience = new Deadline(10_000);
    try {
      await patience.race(
        program.ended.then(() => {}),
        () => program.late(patience),
      );
    } catch (error) {
      program.abandon();
      throw error;
    }
  }
}

function line(program: Program): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    // The listener stays: output that nobody reads would stop the program.
    program.channel.setEncoding("utf8").on("data", (chunk: string) => {
      if (text.includes("\n")) return;
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

function tooMuch(name: string, program: Program, limit: number): HostUnreachable {
  return new HostUnreachable(
    name,
    `\`${program.said}\` printed more than ${limit / 1024 / 1024} MiB`,
    "It was given up: this is more than such a command should print.",
  );
}
