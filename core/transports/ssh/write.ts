/**
 * Writes a file so that its name shows the old content or the whole new one, never a part.
 *
 * Order: a temporary name in the same directory, the bytes, owner and mode, sync, the sum as the host reads it
 * back; then, only when that is the sum of what was sent, the rename and a sync of the directory. The sum is sent
 * behind the content: to `cat` a lost connection looks like the end of it, and what was cut off does not end with its
 * own sum. So one script does it all, and whatever it loses on its way, it puts the file in place or leaves nothing.
 *
 * A run's turn is entered for the rename alone: content that does not come to its end would keep the next run waiting.
 *
 * The temporary name starts with a dot: ZooKeeper loads anything that starts with `snapshot.` or `log.`.
 */
import { createHash, randomBytes } from "node:crypto";
import { Refusal } from "../../engine/errors";
import type { FileOptions, Written } from "../contract";
import { Deadline } from "../deadline";
import { start, type Program, type Starter } from "./program";
import { ENTER } from "./turn";

/** $1 path, $2 suffix, $3 mode, $4 owner, $5 and $6 of a turn, if any. Prints the sum that it read. */
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
sent=$(tail -c 64 "$tmp")
truncate -s -64 "$tmp"
if [ -n "$4" ]; then chown -- "$4" "$tmp"; fi
chmod -- "$3" "$tmp"
sync "$tmp"
dd if="$tmp" iflag=nocache count=0 2>/dev/null || :
sum=$(sha256sum < "$tmp")
sum=\${sum%% *}
printf '%s\\n' "$sum"
[ "$sent" = "$sum" ] || exit 22
[ $# = 4 ] || enter "$5" "$6"
mv -f -- "$tmp" "$path"
sync "$dir"
`;

/**
 * {@link HostAccess.writeFile} and {@link HostAccess.writeStream}. A link at `path` is followed: what it points to is
 * replaced, not the link.
 * @param stallMs how long the host may take no byte, and how long it may sync.
 */
export async function write(
  host: Starter,
  path: string,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  { mode = "0644", owner = "" }: FileOptions,
  stallMs: number,
): Promise<Written> {
  const suffix = `.pulumi-zookeeper-${randomBytes(6).toString("hex")}`;
  const { turn, ...outside } = host;
  await turn?.taken();
  const argv = ["sh", "-c", RECEIVE, "receive", path, suffix, mode, owner, ...(turn?.args ?? [])];
  const { program } = await start(outside, argv, () => new Deadline(stallMs));
  let printed = "";
  program.channel.setEncoding("utf8").on("data", (text: string) => (printed += text));
  try {
    const written = await pump(program, content, stallMs);
    program.channel.end(written.sha256);
    const deadline = new Deadline(stallMs);
    const code = await deadline.race(program.ended, () => program.late(deadline));
    if (code === 22) throw damaged(`${host.connection.name}:${path}`, written, printed.trim());
    if (code !== 0) throw program.failure(code);
    return written;
  } catch (error) {
    // The script removes its temporary file when it is told to end, and when what it got does not end with its sum.
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
