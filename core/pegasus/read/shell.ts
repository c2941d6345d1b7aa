/**
 * Judges what one run of the Pegasus shell printed: `echo "<command>" | run.sh shell --cluster …`.
 *
 * Order: noise off (colours, log lines that the shell writes to stderr each time), preamble off,
 * errors recognised, and only then the command's own reader. A reader that ran first would take
 * `list nodes failed, error=ERR_UNDER_RECOVERY` for an empty table, and an empty table for "no nodes".
 */
import type { Preamble, ShellAnswer, ShellFailure } from "./answer";
import { UnreadableAnswer, shorten } from "./answer";

/** What a run left behind. The two streams may also have been merged into `stdout`. */
export interface ShellRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Reads the body of one command's answer. Throws {@link UnreadableAnswer} for any other text. */
export type Reader<T> = (body: string) => T;

/**
 * Judges a run of the shell that was given exactly one command.
 * Never throws for what the shell printed: every outcome is part of {@link ShellAnswer}.
 */
export function readShell<T>(run: ShellRun, read: Reader<T>): ShellAnswer<T> {
  const out = clean(run.stdout);
  const err = clean(run.stderr);
  const opened = open(out.lines);
  const asked = opened?.body ?? [];
  const said = [...err.lines, ...(opened ? asked : out.lines)];

  const unknown = said.find((line) => line.startsWith("ERROR: invalid subcommand"));
  if (unknown !== undefined) return fail({ kind: "unknown-command", says: unknown });
  if (opened === undefined) return fail({ kind: "not-a-shell", exitCode: run.code, says: tail(said) });

  const fatal = [...err.fatal, ...out.fatal][0];
  const closing = asked.findIndex((line) => CLOSING.test(line));
  if (run.code !== 0 || fatal !== undefined || asked[closing] !== "dsn exit with code 0") {
    return fail({ kind: "aborted", exitCode: run.code, says: shorten(fatal ?? tail(said)) });
  }
  const answered = asked.slice(0, closing);
  const failure = findFailure([...err.lines, ...answered]);
  if (failure !== undefined) return fail(failure);

  try {
    return { ok: true, value: read(answered.join("\n")), preamble: opened.preamble };
  } catch (error) {
    if (!(error instanceof UnreadableAnswer)) throw error;
    const refused = [...err.lines, ...answered].find((line) => REFUSED_LOCALLY.test(line));
    if (refused !== undefined) return fail({ kind: "refused-locally", says: refused });
    return fail({ kind: "unreadable", says: error.message });
  }
}

/**
 * Error codes as the shell words them: `… failed, error=ERR_X`, `… got error ERR_X`,
 * `… failed, error = ERR_X`, `… failed with error ERR_X`, `ERR_X: create app …`, `ERROR: DDD diagnose failed with err = ERR_X`.
 * `Recover result: ERR_X` and hints (`failed with err(ERR_X)`) are answers, not failures of the shell.
 */
const SERVER_ERROR = /(?:\berror ?= ?|\bwith error |\berr = |\bgot error |^)(ERR_[A-Z_]+)\b/;
const REFUSED_LOCALLY =
  /^(?:ERROR: .+|parse .+ failed|open file .+ failed|no node specified in file .+|can't parse .+|should .*specify .+|invalid \S+ .+)$/;
const CLOSING = /^dsn exit with code -?\d+$/;

function findFailure(lines: readonly string[]): ShellFailure | undefined {
  for (const line of lines) {
    const code = line.startsWith("recover complete with err") ? undefined : SERVER_ERROR.exec(line)?.[1];
    if (code !== undefined && code !== "ERR_OK") return { kind: "server-error", code, says: line.trim() };
  }
  const usage = lines.findIndex((line) => line.startsWith("USAGE:"));
  if (usage < 0) return undefined;
  return {
    kind: "usage",
    says: shorten(lines.slice(0, usage).join(" ").trim() || lines.slice(usage).join(" ")),
  };
}

const PREAMBLE = [
  /^Type ".*" (?:for more information|to exit the shell)\.$/,
  /^log_dir is not set, use /,
  /^The config file is: /,
  /^The cluster name is: /,
  /^The cluster meta list is: /,
  /^\s*$/,
];

/** Splits off what the shell says about itself. What `run.sh` printed before it is dropped. */
function open(lines: readonly string[]): { preamble: Preamble; body: readonly string[] } | undefined {
  const banner = lines.findIndex((line) => /^Pegasus Shell \S+$/.test(line));
  if (banner < 0) return undefined;
  let end = banner + 1;
  while (end < lines.length && PREAMBLE.some((known) => known.test(lines[end] ?? ""))) end++;
  const said = lines.slice(banner, end);
  const after = (start: string) =>
    said
      .find((line) => line.startsWith(start))
      ?.slice(start.length)
      .trim();
  return {
    preamble: {
      version: after("Pegasus Shell ") ?? "",
      clusterName: after("The cluster name is: "),
      metaServers: (after("The cluster meta list is: ") ?? "").split(",").filter((meta) => meta !== ""),
    },
    body: lines.slice(end),
  };
}

const LOG_LINE = /^([DIWEF])\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \(/;

/** Takes off colours and log lines; a fatal log line is kept, it says why the shell ended. */
function clean(text: string): { lines: readonly string[]; fatal: readonly string[] } {
  // Errors come in bold red even when nothing is a terminal; built from text, so that no control character stands here.
  const all = text.replace(new RegExp("\\u001b\\[[0-9;]*m", "g"), "").replace(/\r/g, "").split("\n");
  return {
    lines: all.filter((line) => !LOG_LINE.test(line)),
    fatal: all.filter((line) => LOG_LINE.exec(line)?.[1] === "F"),
  };
}

function tail(lines: readonly string[]): string {
  return shorten(
    lines
      .filter((line) => line.trim() !== "")
      .slice(-3)
      .join(" "),
  );
}

function fail<T>(failure: ShellFailure): ShellAnswer<T> {
  return { ok: false, failure };
}
