/**
 * Opens the recordings in `recorded/`: takes off what the recorder added (command line, exit status,
 * content of written files) and leaves what the servers printed.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { HttpReply } from "../../../core/pegasus/read/http";
import type { ShellRun } from "../../../core/pegasus/read/shell";

const FOLDER = join(__dirname, "recorded");

export function recordedNames(prefix: string): readonly string[] {
  return readdirSync(FOLDER).filter((name) => name.startsWith(prefix));
}

export function recordedText(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

/** A run of the shell, and the file that the command wrote with `-o`. */
export function recordedRun(name: string): ShellRun & { readonly written: string } {
  const match =
    /^# pegasus_shell .*\n([\s\S]*?)^# exit status: (\d+)\n(?:# --- content of .*\n)?([\s\S]*)$/m.exec(
      recordedText(name),
    );
  if (match === null) throw new Error(`${name} is not a recording of the shell`);
  const [, stdout = "", code = "", written = ""] = match;
  return { stdout, stderr: "", code: Number(code), written };
}

/** A reply as `curl -si` showed it. */
export function recordedReply(name: string): HttpReply {
  const match = /^# curl .*\nHTTP\/1\.1 (\d+) .*\n([\s\S]*?)\n\n([\s\S]*?)\n?# exit status: 0\n$/.exec(
    recordedText(name).replace(/\r/g, ""),
  );
  if (match === null) throw new Error(`${name} is not a recording of curl`);
  const [, status = "", head = "", body = ""] = match;
  const headers = Object.fromEntries(
    head.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    }),
  );
  return { status: Number(status), headers, body };
}

/** What a command printed inside a longer recording, as a run of its own: from the line `from` to the shell's end. */
export function excerptRun(name: string, from: string): ShellRun {
  const text = recordedText(name);
  const start = text.indexOf(from);
  if (start < 0) throw new Error(`${name} holds no line "${from}"`);
  const closing = "dsn exit with code 0\n";
  const bodyStart = start + from.length;
  const body = text.slice(bodyStart, text.indexOf(closing, bodyStart) + closing.length).replace(/^\n/, "");
  return { code: 0, stderr: "", stdout: PREAMBLE + body };
}

/** The lines that the shell prints before every answer. */
export const PREAMBLE = `Pegasus Shell 2.6.0-SNAPSHOT
Type "help" for more information.
Type "Ctrl-D" or "Ctrl-C" to exit the shell.

The config file is: config.ini
The cluster name is: onebox
The cluster meta list is: pg-meta1:34601,pg-meta2:34602
`;
