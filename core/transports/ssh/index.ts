/**
 * Opens a host over SSH: the {@link HostAccess} of the product in production.
 *
 * Arguments are judged at once, the network is used at the first call. Errors: {@link Refusal} (arguments, host
 * key), {@link HostUnreachable} (no way in, lost, too late), {@link CommandFailed} (a program's exit code),
 * {@link DialFailed}. The login shell has to be POSIX-like (sh, bash, dash, ksh, zsh).
 */
import { Refusal } from "../../engine/errors";
import type { Host, HostAccess } from "../contract";
import { Deadline } from "../deadline";
import { ChannelSocket } from "./channel-socket";
import { HostConnection } from "./connection";
import { complainConnection } from "./login";
import type { Starter } from "./program";
import { readFile, readStream } from "./read";
import { hold, run } from "./run";
import { HostTurn } from "./turn";
import { write } from "./write";

export interface OpenHostOptions {
  /** The argument's path for messages. @default `hosts.${name}` */
  readonly where?: string;
  /** Milliseconds of silence after which a host counts as dead. @default 10000 */
  readonly deadAfterMs?: number;
  /** Milliseconds for a dial from the host, and for a held program's first line. @default 10000 */
  readonly dialTimeoutMs?: number;
  /** Milliseconds without progress after which a file transfer is given up. @default 60000 */
  readonly stallMs?: number;
}

/** Rejects with a {@link Refusal} holding every complaint about `host.connection`; dials nothing yet. */
export async function openHost(name: string, host: Host, options: OpenHostOptions = {}): Promise<HostAccess> {
  const { deadAfterMs = 10_000, dialTimeoutMs = 10_000, stallMs = 60_000 } = options;
  const where = `${options.where ?? `hosts.${name}`}.connection`;
  const complaints = complainConnection(host.connection, where);
  if (complaints.length > 0) throw new Refusal(complaints);

  const connection = new HostConnection(name, host.connection, where, deadAfterMs);
  const reader: Starter = { connection, sudo: host.sudo ?? false };
  const address = host.address ?? host.connection.host;
  const accessOf = (writer: Starter): HostAccess => ({
    name,
    address,
    run: (argv, runOptions) => run(writer, argv, runOptions),
    script: (text, args = [], runOptions) => run(writer, ["sh", "-c", text, "sh", ...args], runOptions),
    readFile: async (path) => {
      const from = absolute(name, path);
      await writer.turn?.taken();
      return readFile(reader, from, stallMs);
    },
    readStream: async (path, readOptions = {}) => {
      const from = absolute(name, path);
      await writer.turn?.taken();
      return readStream(reader, from, readOptions, stallMs);
    },
    writeFile: async (path, content, fileOptions = {}) =>
      write(writer, absolute(name, path), [Buffer.from(content)], fileOptions, stallMs),
    writeStream: async (path, content, fileOptions = {}) =>
      write(writer, absolute(name, path), content, fileOptions, stallMs),
    dial: async (port, target = address) => {
      const link = await connection.open();
      return new ChannelSocket(await link.forward(target, port, new Deadline(dialTimeoutMs)), link.lost);
    },
    hold: (argv) => hold(reader, argv, dialTimeoutMs),
    inTurn: (turn) => accessOf({ ...reader, turn: new HostTurn(reader, turn) }),
    close: () => connection.close(),
  });
  return accessOf(reader);
}

/** A relative path would depend on where the login shell happens to start. */
function absolute(name: string, path: string): string {
  if (path.startsWith("/") && !path.endsWith("/")) return path;
  const next = "Give the full path of a file.";
  throw new Refusal([{ where: `${name}:${path}`, found: "no absolute file path", expected: "/…", next }]);
}
