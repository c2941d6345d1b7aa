/**
 * Splits a command line and reads its options as the real shell does with getopt: short ones alone or
 * together (`-dj`), long ones with `--`, a value behind or after `=`. An option that is not known is told in
 * getopt's words, and the command then prints its usage.
 */
export interface OptionSpec {
  readonly long: string;
  readonly short: string;
  readonly takesValue: boolean;
}

export type Options =
  | {
      readonly ok: true;
      readonly flags: ReadonlySet<string>;
      readonly values: ReadonlyMap<string, string>;
      readonly rest: readonly string[];
    }
  | { readonly ok: false; readonly complaint: string };

/** `"d:detailed o:output="`: short, long, and `=` for one that takes a value. */
export function optionSpecs(text: string): readonly OptionSpec[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const [short = "", long = ""] = word.split(":");
      return { short, long: long.replace("=", ""), takesValue: long.endsWith("=") };
    });
}

export function readOptions(
  command: string,
  words: readonly string[],
  specs: readonly OptionSpec[],
): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (!word.startsWith("-") || word === "-") {
      rest.push(word);
      continue;
    }
    const isLong = word.startsWith("--");
    const [name = "", inline] = isLong
      ? word.slice(2).split(/=(.*)/s)
      : [word.slice(1, 2), word.slice(2) || undefined];
    const spec = specs.find((candidate) => (isLong ? candidate.long : candidate.short) === name);
    if (spec === undefined) {
      const complaint = isLong ? `unrecognized option '--${name}'` : `invalid option -- '${name}'`;
      return { ok: false, complaint: `${command}: ${complaint}` };
    }
    if (!spec.takesValue) {
      flags.add(spec.long);
      if (!isLong && inline !== undefined) queue.unshift(`-${inline}`);
      continue;
    }
    const value = inline ?? queue.shift();
    if (value === undefined)
      return { ok: false, complaint: `${command}: option requires an argument -- '${name}'` };
    values.set(spec.long, value);
  }
  return { ok: true, flags, values, rest };
}

/** Words of a line; quotes keep blanks together. */
export function splitLine(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}
