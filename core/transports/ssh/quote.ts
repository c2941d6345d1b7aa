/**
 * Arguments as text that a POSIX shell gives back unchanged.
 *
 * sshd hands every command to the login shell as one string, so each argument is put in single quotes, where
 * the shell reads nothing at all; a single quote itself leaves the quotes for one backslashed character. All
 * arguments are quoted, harmless ones too: a list of harmless characters is a list that can be wrong.
 */

/** `argv` as one command line. The leading `exec` keeps built-ins, functions and aliases out, and saves a process. */
export function commandLine(argv: readonly string[], sudo: boolean): string {
  const [program] = argv;
  if (!program || program.startsWith("-")) throw new TypeError(`not a program: ${JSON.stringify(program)}`);
  return `exec ${[...(sudo ? ["sudo", "-n", "--"] : []), ...argv].map(quote).join(" ")}`;
}

/** One argument in single quotes. Throws for a NUL character, which no argument can hold. */
export function quote(argument: string): string {
  if (argument.includes("\0")) throw new TypeError("an argument cannot contain a NUL character");
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** `argv` as a person would type it, for messages: first line only, shortened. */
export function sayCommand(argv: readonly string[]): string {
  const text = argv.map((each) => (/^[\w@%+=:,./-]+$/.test(each) ? each : quote(each))).join(" ");
  const [line = ""] = text.split("\n");
  return line.length > 160 || line !== text ? `${line.slice(0, 160)}…` : line;
}
