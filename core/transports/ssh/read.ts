/**
 * Reads files: small ones whole, large ones as a stream of exactly the bytes that were there at the start.
 *
 * A stream ends well only when the remote program ended with code 0 and all announced bytes came; anything
 * else destroys it with the error, since a truncated snapshot must not look like a short one.
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import { HostUnreachable, Refusal } from "../../engine/errors";
import type { ReadOptions } from "../contract";
import { Deadline } from "../deadline";
import { start, type Program, type Starter } from "./program";
import { collect } from "./run";

const MIB = 1024 * 1024;
const LIMIT = 64 * MIB;

/** {@link HostAccess.readFile}. */
export async function readFile(host: Starter, path: string, stallMs: number): Promise<Buffer | undefined> {
  // One byte more than allowed shows that there is more, without reading it all. LC_ALL: the message is judged.
  const argv = ["env", "LC_ALL=C", "head", "-c", String(LIMIT + 1), "--", path];
  const { code, stdout, stderr, failure } = await collect(
    host,
    argv,
    { timeoutMs: stallMs, accept: "any" },
    LIMIT + 1,
  );
  if (code === 1 && /: No such file or directory\s*$/.test(stderr)) return undefined;
  if (code !== 0) throw failure(code);
  if (stdout.length <= LIMIT) return stdout;
  const where = `${host.connection.name}:${path}`;
  const next = "Look whether the path is the right one.";
  throw new Refusal([{ where, found: "a file above 64 MiB", expected: "a configuration file", next }]);
}

/**
 * {@link HostAccess.readStream}. Resolves once the host has opened the file, so a missing one rejects here.
 * @param stallMs how long no byte may come while the reader waits for one.
 */
export async function readStream(
  host: Starter,
  path: string,
  { start: from = 0, withoutPadding = false }: ReadOptions,
  stallMs: number,
): Promise<Readable> {
  const argv = ["sh", "-c", SEND, "send", path, String(from), withoutPadding ? "1" : ""];
  const { program, deadline } = await start(host, argv, () => new Deadline(stallMs));
  program.channel.end();
  const announced = new Promise<number>((resolve) => {
    const look = () => {
      const length = announcement(program.stderr());
      if (length !== undefined) resolve(length);
    };
    program.channel.stderr.on("data", look);
    look();
  });
  const stream = new RemoteReadable(host.connection.name, path, program, announced, stallMs);
  try {
    const failed = once(stream, "error").then(([error]: unknown[]) => Promise.reject(error));
    await deadline.race(Promise.race([announced, failed]), () => program.late(deadline));
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/**
 * $1 path, $2 offset, $3 whether to leave padding out. Announces the length on standard error, then sends that many
 * bytes.
 *
 * Padding: the zeros at the end, but for less than 64 of them, found by halving. A log that is written to meanwhile is
 * sent as it was when it was looked at: of zeros that were sent along, a later part would be read with what came since,
 * and look like data behind the log's end. cmp (GNU, for -i and -n) ends with 0 for equal, 1 for different, and above for
 * a failed read.
 */
const SEND = `
set -eu
exec < "$1"
size=$(stat -L -c %s -- /dev/fd/0)
length=$((size - $2))
if [ $length -lt 0 ]; then length=0; fi
data=0
while [ -n "$3" ] && [ $((length - data)) -gt 64 ]; do
  middle=$(((data + length) / 2))
  code=0
  cmp -s -n $((length - middle)) -i $(($2 + middle)):0 -- /dev/fd/0 /dev/zero || code=$?
  case $code in
    0) length=$middle ;;
    1) data=$middle ;;
    *) echo "cmp ended with $code" >&2; exit $code ;;
  esac
done
echo "length=$length" >&2
exec dd bs=256K iflag=skip_bytes,count_bytes,fullblock skip="$2" count=$length status=none
`;

function announcement(stderr: string): number | undefined {
  const found = /^length=(\d+)\n/m.exec(stderr);
  return found ? Number(found[1]) : undefined;
}

class RemoteReadable extends Readable {
  private received = 0;
  private stalled: NodeJS.Timeout | undefined;

  constructor(
    host: string,
    path: string,
    private readonly program: Program,
    announced: Promise<number>,
    private readonly stallMs: number,
  ) {
    super({ highWaterMark: MIB });
    program.channel.on("data", (chunk: Buffer) => {
      this.received += chunk.length;
      clearTimeout(this.stalled);
      if (!this.push(chunk)) program.channel.pause();
    });
    program.ended.then(
      async (code) => {
        clearTimeout(this.stalled);
        if (code !== 0) return this.destroy(program.failure(code));
        const length = await announced;
        if (this.received !== length) this.destroy(shortened(host, path, this.received, length));
        else this.push(null);
        return undefined;
      },
      (error: Error) => this.destroy(error),
    );
  }

  override _read(): void {
    clearTimeout(this.stalled);
    this.stalled = setTimeout(
      () => this.destroy(this.program.late(new Deadline(this.stallMs))),
      this.stallMs,
    );
    this.program.channel.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.stalled);
    if (!this.readableEnded) this.program.abandon();
    callback(error);
  }
}

function shortened(host: string, path: string, received: number, length: number): HostUnreachable {
  return new HostUnreachable(
    host,
    `${path} was cut while it was read: ${received} of ${length} bytes came`,
    "Something on the host truncates the file: read it again when that has ended.",
  );
}
