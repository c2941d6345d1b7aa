/**
 * Sets values in a Pegasus config.ini by editing its lines.
 *
 * The real file is half comments, and npm's `ini` writes none of them back, so only the characters of a value are
 * replaced: indentation, comments behind the value, line endings and a missing last line feed stay. Of two equal
 * keys the first is edited, since that is the one the server reads. A key that is not there follows the last one
 * of its section, written like it.
 */
import { isDeepStrictEqual } from "node:util";
import { type Edit, applyEdits } from "../edit";
import { EditNotProven, NotExpressible, SectionNotFound } from "../errors";
import { lineEnding } from "../text";
import { crossCheckWithIni } from "./cross-check";
import { type IniChange, type IniEntry, type IniSection, evaluateIni, parseIni, trimIni } from "./parse-ini";

export interface IniEdits {
  readonly edits: readonly Edit[];
  /** What a reviewer should know: keys that stand twice, placeholders that are replaced. Holds no values. */
  readonly warnings: readonly string[];
}

/**
 * The edits after which the server reads the wanted values; none when it does already.
 *
 * The result has been read back, by our reader and, as far as its dialect goes, by npm's `ini`.
 * @param options.createSections add a section that is not there at the end of the file. Default: refuse.
 * @throws MalformedIni, SectionNotFound, NotExpressible, EditNotProven
 */
export function setIniValues(
  text: string,
  changes: readonly IniChange[],
  options: { readonly createSections?: boolean } = {},
): IniEdits {
  changes.forEach(refuseUnfit);
  refuseTwice(changes);
  const sections = parseIni(text);
  const edits: Edit[] = [];
  const warnings: string[] = [];
  const appended: string[] = [];
  for (const [name, wanted] of bySection(changes)) {
    const section = sections.find((candidate) => candidate.name === name);
    if (section) {
      edits.push(...wanted.flatMap((change) => replace(text, section, change, warnings)));
      edits.push(...insert(text, section, wanted));
    } else if (options.createSections) appended.push(newSection(name, wanted, lineEnding(text)));
    else throw new SectionNotFound(name);
  }
  if (appended.length > 0) edits.push(atEnd(text, appended));
  if (edits.length > 0) prove(text, applyEdits(text, edits), changes);
  return { edits, warnings };
}

function replace(text: string, section: IniSection, change: IniChange, warnings: string[]): Edit[] {
  const [entry, ...others] = section.entries.filter(({ key }) => key === change.key);
  if (!entry) return [];
  if (others.length > 0) {
    const lines = others.map(({ line }) => line).join(", ");
    warnings.push(`[${section.name}] ${entry.key}: line ${entry.line} counts, Pegasus skips line ${lines}`);
  }
  if (entry.value === change.value) return [];
  const { valueStart, valueEnd, keyEnd, equals } = entry;
  const raw = text.slice(valueStart, valueEnd);
  if (raw.includes("%{"))
    warnings.push(
      `[${section.name}] ${entry.key}: line ${entry.line} held a placeholder: is this a template?`,
    );
  let content = escape(change.value);
  if (equals === undefined) content = ` = ${content}`;
  else if (raw === "" && equals > keyEnd) content = ` ${content}`;
  return [{ offset: valueStart, length: valueEnd - valueStart, content }];
}

/** All missing keys of a section in one insertion, in the order asked for. */
function insert(text: string, section: IniSection, wanted: readonly IniChange[]): Edit[] {
  const missing = wanted.filter((change) => !section.entries.some(({ key }) => key === change.key));
  if (missing.length === 0) return [];
  const model = section.entries.at(-1);
  const offset = model?.lineEnd ?? section.headerEnd;
  const [indent, between] = model ? style(text, model) : ["  ", " = "];
  const ending = lineEnding(text);
  const lines = missing.map(({ key, value }) => `${indent}${key}${between}${escape(value)}`);
  const ended = text[offset - 1] === "\n";
  const content = ended ? lines.map((line) => line + ending) : lines.map((line) => ending + line);
  return [{ offset, length: 0, content: content.join("") }];
}

function style(
  text: string,
  { keyStart, keyEnd, equals, valueStart }: IniEntry,
): [indent: string, between: string] {
  const indent = text.slice(text.lastIndexOf("\n", keyStart - 1) + 1, keyStart).replaceAll("\r", "");
  if (equals === undefined) return [indent, " = "];
  const before = text.slice(keyEnd, equals);
  const after = text.slice(equals + 1, valueStart);
  return [indent, `${before}=${after === "" && before !== "" ? " " : after}`];
}

function newSection(name: string, wanted: readonly IniChange[], ending: string): string {
  return (
    [`[${name}]`, ...wanted.map(({ key, value }) => `  ${key} = ${escape(value)}`)].join(ending) + ending
  );
}

/** New sections go behind everything else, and so behind an insertion at the end of a file without a last line feed. */
function atEnd(text: string, sections: readonly string[]): Edit {
  const ending = lineEnding(text);
  const open = !text.endsWith("\n");
  return { offset: text.length, length: 0, content: (open ? ending : "") + ending + sections.join(ending) };
}

function escape(value: string): string {
  return value.replace(/[#;]/g, "^$&");
}

function refuseUnfit({ section, key, value }: IniChange): void {
  const unfit = /[\0-\x1f\x7f]/;
  if (section !== trimIni(section) || section === "" || unfit.test(section) || /[\]=#;]/.test(section))
    throw new NotExpressible("such a section name", "a name without ], =, #, ; and control characters");
  if (key !== trimIni(key) || key === "" || unfit.test(key) || /^\[|[=#;]/.test(key))
    throw new NotExpressible(`such a key in [${section}]`, "a name without =, #, ; and control characters");
  if (unfit.test(value) || evaluateIni(escape(value)) !== value)
    throw new NotExpressible(
      `the value for [${section}] ${key}`,
      "one line without space around it, control characters, or % on both sides (Pegasus reads that as empty)",
    );
}

function refuseTwice(changes: readonly IniChange[]): void {
  const seen = new Set<string>();
  for (const { section, key } of changes) {
    const name = JSON.stringify([section, key]);
    if (seen.has(name))
      throw new NotExpressible(`two values for [${section}] ${key}`, "one value for each key");
    seen.add(name);
  }
}

function bySection(changes: readonly IniChange[]): Map<string, IniChange[]> {
  const grouped = new Map<string, IniChange[]>();
  for (const change of changes) grouped.set(change.section, [...(grouped.get(change.section) ?? []), change]);
  return grouped;
}

function prove(before: string, after: string, changes: readonly IniChange[]): void {
  const expected = read(before);
  for (const { section, key, value } of changes)
    expected.set(section, (expected.get(section) ?? new Map<string, string>()).set(key, value));
  if (!isDeepStrictEqual(read(after), expected)) throw new EditNotProven("our own reader", "something else");
  crossCheckWithIni(before, after, changes);
}

function read(text: string): Map<string, Map<string, string>> {
  return new Map(
    parseIni(text).map(({ name, entries }) => [
      name,
      new Map(entries.flatMap(({ key, value, shadowed }) => (shadowed ? [] : [[key, value] as const]))),
    ]),
  );
}
