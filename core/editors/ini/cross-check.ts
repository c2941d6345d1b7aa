/**
 * Compares an edited config.ini with its original by a reader that is not ours.
 *
 * npm's `ini` speaks another dialect: the *last* of two equal keys wins, quotes and backslashes mean something,
 * a header with a comment behind it is none, `a.b` nests below `a` (so a key `b` of `[a]` and a section `[a.b]` can hide each other), `^#` is no escape and
 * `key[]` is an array. It is therefore not asked what a value *is*, but whether two texts differ anywhere but in
 * the asked keys, which its dialect cannot hide. The wanted value is compared only where `ini` had read the old
 * one as Pegasus does.
 */
import { decode } from "ini";
import { EditNotProven } from "../errors";
import { type IniChange, getIniValue } from "./parse-ini";

/** @throws EditNotProven */
export function crossCheckWithIni(before: string, after: string, changes: readonly IniChange[]): void {
  const was = flatten(decode(before));
  const is = flatten(decode(after));
  const asked = new Map(changes.map((change) => [`${change.section}.${change.key}`, change]));
  // A header that `ini` does not know as one, such as `[a] ; comment`, leaves its keys in the section before.
  const unseen = changes.filter(({ section, key }) => !is.has(`${section}.${key}`)).map(({ key }) => key);
  for (const path of new Set([...was.keys(), ...is.keys()])) {
    const change = asked.get(path);
    const seen = is.get(path);
    if (!change) {
      if (seen === was.get(path) || unseen.some((key) => path === key || path.endsWith(`.${key}`))) continue;
      throw new EditNotProven("npm's ini", "a change of another key");
    }
    const understood = was.has(path) && was.get(path) === getIniValue(before, change.section, change.key);
    if (understood && seen !== change.value && !DIALECT.test(change.value))
      throw new EditNotProven("npm's ini", "another value");
  }
}

/** Values that `ini` reads in its own way: quotes, escapes, comments. */
const DIALECT = /["'\\#;]/;

/** Every leaf by its dotted path; `true` for a key alone and the like as text, as Pegasus has only text. */
function flatten(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (typeof value !== "object" || value === null) return found.set(path, String(value));
  for (const [key, child] of Object.entries(value))
    flatten(child, path === "" ? key : `${path}.${key}`, found);
  return found;
}
