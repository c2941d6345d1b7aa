/**
 * Reads config.ini as Pegasus does (`dsn::configuration::load`, utils/configuration.cpp).
 *
 *     line     = space? (comment | "[" section "]" anything | key ("=" value)?) comment?
 *     comment  = ("#" | ";") anything, anywhere in a line; `^#` and `^;` are the characters themselves
 *
 * No quotes, no continuation lines, no includes. Keys keep their case. The first of two equal keys wins (with a
 * warning in the log); a section that comes twice, a key before any section, and a line that starts with `[` and
 * holds `=` keep the server from starting, so they are errors here too. `%name%` as a whole value reads as empty;
 * `%{name}` is a placeholder of the deployment tools and stays as it is.
 */
import { MalformedIni } from "../errors";

export interface IniEntry {
  readonly key: string;
  /** As the server sees it. */
  readonly value: string;
  readonly line: number;
  /** An earlier line of the section has the same key, so the server skips this one. */
  readonly shadowed: boolean;
  readonly keyStart: number;
  readonly keyEnd: number;
  /** Where `=` stands; undefined for a key alone, which has the empty value. */
  readonly equals: number | undefined;
  /** The value as written, without the space around it; just behind `=` when it is empty. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Behind the line feed, or the end of the text. */
  readonly lineEnd: number;
}

export interface IniSection {
  readonly name: string;
  readonly line: number;
  /** Behind the line feed of the header, or the end of the text. */
  readonly headerEnd: number;
  readonly entries: readonly IniEntry[];
}

/** What a key is to become. */
export interface IniChange {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** @throws MalformedIni where Pegasus would not load the file. */
export function parseIni(text: string): IniSection[] {
  if (text === "") throw new MalformedIni(1, "an empty file");
  const sections = new Map<string, Growing>();
  let current: Growing | undefined;
  let line = 0;
  for (let start = 0; start < text.length;) {
    line++;
    const feed = text.indexOf("\n", start);
    const lineEnd = feed < 0 ? text.length : feed + 1;
    const [from, to] = meaningful(text, start, feed < 0 ? text.length : feed);
    start = lineEnd;
    if (from === to) continue;

    const equals = text.slice(from, to).indexOf("=");
    if (text[from] === "[") {
      if (equals >= 0) throw new MalformedIni(line, "a line that starts with [ and holds =");
      const name = sectionName(text.slice(from, to), line);
      if (sections.has(name)) throw new MalformedIni(line, `the section [${name}] for the second time`);
      current = { name, line, headerEnd: lineEnd, entries: [], keys: new Set() };
      sections.set(name, current);
    } else {
      if (!current) throw new MalformedIni(line, "a key before any section (or a byte order mark)");
      const entry = readEntry(
        text,
        from,
        to,
        equals < 0 ? undefined : from + equals,
        line,
        lineEnd,
        current.keys,
      );
      current.keys.add(entry.key);
      current.entries.push(entry);
    }
  }
  return [...sections.values()].map(({ name, line, headerEnd, entries }) => ({
    name,
    line,
    headerEnd,
    entries,
  }));
}

/**
 * The value that the server reads; undefined when section or key is not there.
 * @throws MalformedIni
 */
export function getIniValue(text: string, section: string, key: string): string | undefined {
  const found = parseIni(text).find(({ name }) => name === section);
  return found?.entries.find((entry) => entry.key === key && !entry.shadowed)?.value;
}

/** What the server reads from a value as written. */
export function evaluateIni(raw: string): string {
  const value = trimIni(unescape(raw));
  return value.length > 2 && value.startsWith("%") && value.endsWith("%") ? "" : value;
}

/** Trims what Pegasus' `trim_string` trims. */
export function trimIni(text: string): string {
  return text.replace(/^[ \t\r\n]+/, "").replace(/(?<![ \t\r\n])[ \t\r\n]+$/, "");
}

interface Growing extends IniSection {
  readonly entries: IniEntry[];
  readonly keys: Set<string>;
}

/** The part of a line before its comment, without the space around it. A NUL ends a C string, and so the line. */
function meaningful(text: string, start: number, end: number): [from: number, to: number] {
  let from = start;
  while (from < end && " \t\r".includes(text[from] ?? "x")) from++;
  let to = from;
  for (; to < end; to++) {
    const character = text[to];
    if (character === "\0") break;
    if ((character === "#" || character === ";") && (to === from || text[to - 1] !== "^")) break;
  }
  while (to > from && " \t\r".includes(text[to - 1] ?? "x")) to--;
  return [from, to];
}

function sectionName(content: string, line: number): string {
  const right = unescape(content).indexOf("]");
  if (right < 0) throw new MalformedIni(line, "a [ without ]");
  const name = trimIni(unescape(content).slice(1, right));
  if (name === "") throw new MalformedIni(line, "a section without a name");
  return name;
}

function readEntry(
  text: string,
  from: number,
  to: number,
  equals: number | undefined,
  line: number,
  lineEnd: number,
  earlier: ReadonlySet<string>,
): IniEntry {
  let keyEnd = equals ?? to;
  while (keyEnd > from && " \t\r".includes(text[keyEnd - 1] ?? "x")) keyEnd--;
  const key = trimIni(unescape(text.slice(from, keyEnd)));
  if (key === "") throw new MalformedIni(line, "a = without a key");
  let valueStart = equals === undefined ? keyEnd : equals + 1;
  while (valueStart < to && " \t\r".includes(text[valueStart] ?? "x")) valueStart++;
  const empty = equals === undefined || valueStart === to;
  if (empty) valueStart = equals === undefined ? keyEnd : equals + 1;
  const valueEnd = empty ? valueStart : to;
  const value = evaluateIni(text.slice(valueStart, valueEnd));
  return {
    key,
    value,
    line,
    shadowed: earlier.has(key),
    keyStart: from,
    keyEnd,
    equals,
    valueStart,
    valueEnd,
    lineEnd,
  };
}

function unescape(raw: string): string {
  return raw.replace(/\^([#;])/g, "$1");
}
