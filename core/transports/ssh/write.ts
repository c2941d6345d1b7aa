/**
 * Writes a file so that its name shows the old content or the whole new one, never a part.
 *
 * Order: a temporary name in the same directory, the bytes, owner and mode, sync, the sum as the host reads it
 * back; then, only when that is the sum of what was sent, the rename and a sync of the directory. For content
 * that is not known beforehand the rename is a command of its own: to `cat` a lost connection looks like the
 * end of the content, and a script that went on by itself would put half a file in place.
 *
 * A run's turn is entered for the rename alone: content that does not come to its end would keep the next run waiting.
 *
 * The temporary name starts with a dot: ZooKeeper loads anything that starts with `snapshot.` or `log.`.
 */
import { createHash, randomBytes } from "node:crypto";
import { HostUnreachable, Refusal } from "../../engine/errors";
import type { FileOptions, Written } from "../contract";
import { Deadline } from "../deadline";
import { start, type Program, type Starter } from "./program";
import { run } from "./run";
import { ENTER } from "./turn";

/**
 * {@link HostAccess.writeFile}. A link at `path` is followed: what it points to is replaced, not the link.
 * @param stallMs how long the host may take no byte, and how long it may sync.
 */
export async function writeFile(
  host: Starter,
  path: string,
  content: Buffer,
  options: FileOptions,
  stallMs: number,
): Promise<Written> {
  const sum = createHash("sha256").update(content).digest("hex");
  const { written } = await send(host, path, [content], sum, options, stallMs);
  return written;
}

/** {@link HostAccess.writeStream}; else as {@link writeFile}. */
export async function writeStream(
  host: Starter,
  path: string,
  content: AsyncIterable<Buffer>,
  options: FileOptions,
  stallMs: number,
): Promise<Written> {
  const { written, temporary, target } = await send(host, path, content, "", options, stallMs);
  try {
    await run(host, ["sh", "-c", RENAME, "rename", temporary, target], { timeoutMs: stallMs });
  } catch (error) {
    // A host that was lost is not dialled again for this: a name with a dot does no harm.
    if (!(error instanceof HostUnreachable)) await discard(host, temporary);
    throw error;
  }
  return written;
}

/**
 * $1 path, $2 suffix, $3 mode, $4 owner, $5 the expected sum or nothing, $6 and $7 of a turn, if any. Prints sum,
 * temporary name, real name.
 */
const RECEIVE = `
enter() {${ENTER}}
set -eu
umask 077
path=$1
if [ -L "$path" ]; then path=$(readlink -f -- "$path"); fi
if [ -d "$path" ]; then echo "$path is a directory" >&2; exit 21; fi
dir=\${path%/*}/
tmp=$dir.\${path##*/}$2
trap '' PIPE
trap 'exit 1' HUP INT TERM
trap 'code=$?; [ $code = 0 ] || rm -f -- "$tmp"' EXIT
cat > "$tmp"
if [ -n "$4" ]; then chown -- "$4" "$tmp"; fi
chmod -- "$3" "$tmp"
sync "$tmp"
dd if="$tmp" iflag=nocache count=0 2>/dev/null || :
sum=$(sha256sum < "$tmp")
sum=\${sum%% *}
if [ "$5" = "$sum" ]; then
  [ $# = 5 ] || enter "$6" "$7"
  mv -f -- "$tmp" "$path"
  sync "$dir"
fi
printf '%s\\n%s\\n%s\\n' "$sum" "$tmp" "$path"
if [ -n "$5" ] && [ "$5" != "$sum" ]; then exit 22; fi
`;

const RENAME = `set -eu; mv -f -- "$1" "$2"; sync "\${2%/*}/"`;

interface Sent {
  readonly written: Written;
  readonly temporary: string;
  readonly target: string;
}

async function send(
  host: Starter,
  path: string,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  expected: string,
  { mode = "0644", owner = "" }: FileOptions,
  stallMs: number,
): Promise<Sent> {
  const suffix = `.pulumi-zookeeper-${randomBytes(6).toString("hex")}`;
  const { turn, ...outside } = host;
  await turn?.taken();
  const argv = ["sh", "-c", RECEIVE, "receive", path, suffix, mode, owner, expected, ...(turn?.args ?? [])];
  const { program } = await start(outside, argv, () => new Deadline(stallMs));
  let printed = "";
  program.channel.setEncoding("utf8").on("data", (text: string) => (printed += text));
  try {
    const written = await pump(program, content, stallMs);
    program.channel.end();
    const deadline = new Deadline(stallMs);
    const code = await deadline.race(program.ended, () => program.late(deadline));
    if (code !== 0 && code !== 22) throw program.failure(code);
    const [sum = "", temporary = "", target = ""] = printed.split("\n");
    if (sum !== written.sha256) {
      if (temporary) await discard(host, temporary);
      throw damaged(`${host.connection.name}:${path}`, written, sum);
    }
    return { written, temporary, target };
  } catch (error) {
    // The script removes its temporary file when it is told to end, and when nobody hears its answer.
    program.abandon();
    throw error;
  }
}

/** Sends everything; bounded by progress, not by time: a snapshot may take as long as it takes. */
async function pump(
  program: Program,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  stallMs: number,
): Promise<Written> {
  const hash = createHash("sha256");
  let bytes = 0;
  let over: Error | undefined;
  let pending: ((error: Error) => void) | undefined;
  // ssh2 never calls back for a write to a channel that has closed meanwhile: the program's end has to.
  const stop = (error: Error) => {
    over = error;
    pending?.(error);
  };
  program.ended.then((code) => stop(program.failure(code)), stop);
  const stalled = setTimeout(() => {
    if (pending) stop(program.late(new Deadline(stallMs)));
    else stalled.refresh();
  }, stallMs);
  try {
    for await (const chunk of content) {
      if (over) throw over;
      hash.update(chunk);
      bytes += chunk.length;
      stalled.refresh();
      await new Promise<void>((resolve, reject) => {
        pending = reject;
        // A write that fails has no reader any more: why, the program's end tells.
        program.channel.write(chunk, (error) => {
          if (!error) resolve();
        });
      });
      pending = undefined;
    }
  } finally {
    clearTimeout(stalled);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Best effort: the error that led here is the one to report, and the name is one that no program reads. */
async function discard({ connection, sudo }: Starter, temporary: string): Promise<void> {
  await run({ connection, sudo }, ["rm", "-f", "--", temporary]).catch(() => {});
}

function damaged(where: string, { bytes, sha256 }: Written, found: string): Refusal {
  return new Refusal([
    {
      where,
      found: `SHA-256 ${found || "nothing"} after writing ${bytes} bytes`,
      expected: sha256,
      next: "The host's disk or memory damages data: check dmesg there. The file was left as it was.",
    },
  ]);
}
