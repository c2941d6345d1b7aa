/**
 * A run's turn on a host: between two runs nothing of the first may still be at work.
 *
 * sshd does not end a command whose connection is lost: what a killed run had begun goes on, while its lock is gone
 * already. So every command that changes something holds a shared flock for as long as it runs; whoever takes the
 * turn waits for those to end and writes its name into the file, and a command of anybody else's does not begin any
 * more, however late it arrives.
 *
 * Files are read once the turn is taken, since what is read decides what is done, and a command that was still on its way
 * would change it afterwards. Readers do not hold the flock, and the lock itself needs no turn: a reader that is stuck on
 * a dead connection would keep the next run waiting for nothing.
 */
import { UserError } from "../../engine/errors";
import type { TurnOptions } from "../contract";
import type { Starter, Turn } from "./program";
import { run } from "./run";

/** Long enough for an orderly stop of a server; what takes longer is named. */
const PATIENCE_SECONDS = 120;
/** A command of a run that was just killed mostly ends within this. */
const AT_ONCE_SECONDS = 2;

/** A command of an earlier run does not end. */
export class StillAtWork extends UserError {
  constructor(host: string, what: string, seconds: number) {
    super(
      `${host}: ${what}: begun by an earlier run, and still at work after ${seconds} s; expected its end, since nothing ` +
        "may change under this run, which has done nothing on that host. Wait for it, or end it there (kill PID), and run " +
        "the same command again.",
    );
  }
}

export class HostTurn implements Turn {
  private taking: Promise<void> | undefined;

  /** @param host without a turn */
  constructor(
    private readonly host: Starter,
    private readonly options: TurnOptions,
  ) {}

  taken(): Promise<void> {
    this.taking ??= this.take().catch((error: unknown) => {
      this.taking = undefined;
      throw error;
    });
    return this.taking;
  }

  command(argv: readonly string[]): string[] {
    return ["sh", "-c", `${ENTER}${CARRY_OUT}`, "sh", this.options.file, this.options.owner, ...argv];
  }

  get args(): [file: string, owner: string] {
    return [this.options.file, this.options.owner];
  }

  private async take(): Promise<void> {
    const { name } = this.host.connection;
    const { say, patienceSeconds = PATIENCE_SECONDS } = this.options;
    const first = await this.tryTake(Math.min(AT_ONCE_SECONDS, patienceSeconds));
    if (first === undefined) return;
    say?.(`${name}  waiting for a command of an earlier run, which is still at work: ${first}`);
    const second = await this.tryTake(patienceSeconds);
    if (second !== undefined) throw new StillAtWork(name, second, patienceSeconds);
  }

  /** @returns what is still at work, if anything is */
  private async tryTake(seconds: number): Promise<string | undefined> {
    const { file, owner } = this.options;
    const { code, stdout } = await run(this.host, ["sh", "-c", TAKE, "sh", file, owner, String(seconds)], {
      timeoutMs: (seconds + 30) * 1000,
      accept: [0, 75],
    });
    return code === 0 ? undefined : stdout.trim().split("\n").join("; ") || "a command";
  }
}

/** For scripts: $1 file $2 owner. Descriptor 9 holds the flock from here on. */
export const ENTER = `
exec 9>>"$1"
flock -s 9 || exit 1
read -r owner < "$1" || :
[ "$owner" = "$2" ] || { echo "another run has begun on this host since: $owner" >&2; exit 75; }
`;

/** The shell stays, holding the flock, which what it starts must not inherit: a server would never let it go. */
const CARRY_OUT = `
shift 2
"$@" 9>&-
exit $?`;

/**
 * $1 file $2 owner $3 seconds. The name is written over the last one, which a full disk does not keep it from, and
 * synced: after a power cut the run goes on with its turn. Of what is still at work the shell's child is printed, as
 * `PID ARGS`.
 */
const TAKE = `
mkdir -p -m 0700 "\${1%/*}" || exit 1
exec 9>>"$1" || exit 1
if ! flock -w "$3" 9; then
  for shell in $(find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | cut -d / -f 3 | sort -u); do
    [ "$shell" = $$ ] || ps -o pid=,args= --ppid "$shell" | head -n 1 | cut -c 1-160
  done
  exit 75
fi
printf '%-255s\\n' "$2" 1<> "$1" || exit 1
sync "$1"`;
