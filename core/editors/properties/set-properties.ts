/**
 * Changes zoo.cfg and log4j.properties by editing their lines, and writes new ones.
 *
 * The last of two equal keys is the one that counts, so that one is edited, and all of them are removed: taking
 * away only the last would bring an older value back to life. Written in ASCII with `\uXXXX`, since Java reads
 * the file as Latin-1 whatever it was written as.
 */
import { isDeepStrictEqual } from "node:util";
import { type Edit, applyEdits } from "../edit";
import { EditNotProven } from "../errors";
import { lineEnding } from "../text";
import { type Property, parseProperties, readProperties } from "./parse-properties";

/**
 * The edits after which the program reads the wanted values; none when it does already. Keys that are not there
 * are added at the end, in the order given.
 * @throws MalformedProperties, EditNotProven
 */
export function setProperties(text: string, wanted: Iterable<readonly [key: string, value: string]>): Edit[] {
  const entries = lastOfEach(parseProperties(text));
  const values = new Map(wanted);
  const edits: Edit[] = [];
  const missing: string[] = [];
  for (const [key, value] of values) {
    const entry = entries.get(key);
    if (!entry) missing.push(line(key, value));
    else if (entry.value !== value) edits.push(replace(text, entry, value));
  }
  if (missing.length > 0) edits.push(append(text, missing));

  const expected = readProperties(text);
  for (const [key, value] of values) expected.set(key, value);
  return proven(text, edits, expected);
}

/**
 * The edits after which the program does not see these keys. Comments stay, also those above a removed line.
 * @throws MalformedProperties, EditNotProven
 */
export function removeProperties(text: string, keys: Iterable<string>): Edit[] {
  const removed = new Set(keys);
  const entries = parseProperties(text).filter(({ key }) => removed.has(key));
  const expected = readProperties(text);
  for (const key of removed) expected.delete(key);
  return proven(
    text,
    entries.map(({ start, end }) => ({ offset: start, length: end - start, content: "" })),
    expected,
  );
}

/** A new file: one `key=value` a line, after a comment line for each of `comments`. */
export function renderProperties(
  entries: Iterable<readonly [key: string, value: string]>,
  comments: readonly string[] = [],
): string {
  const heading = comments
    .flatMap((comment) => comment.split(/\r\n|\r|\n/))
    .map((text) => `# ${ascii(text)}`);
  return [...heading, ...Array.from(entries, ([key, value]) => line(key, value))]
    .map((text) => `${text}\n`)
    .join("");
}

function replace(text: string, { keyEnd, valueStart, valueEnd }: Property, value: string): Edit {
  // A key alone, or one whose separator is nothing but the line's end, needs one before it can have a value.
  const separated = /[=: \t\f]/.test(text.slice(keyEnd, valueStart));
  return {
    offset: valueStart,
    length: valueEnd - valueStart,
    content: (separated ? "" : "=") + escapeValue(value),
  };
}

function append(text: string, lines: readonly string[]): Edit {
  const ending = lineEnding(text);
  const close = text !== "" && !/[\r\n]$/.test(text) ? ending : "";
  // A last line that ends with a backslash would swallow the first of ours; a blank line between ends it.
  const probe = parseProperties(`${text}${close}x`).at(-1);
  const blank = probe?.start === text.length + close.length ? "" : ending;
  return {
    offset: text.length,
    length: 0,
    content: close + blank + lines.map((added) => added + ending).join(""),
  };
}

function line(key: string, value: string): string {
  return `${escapeKey(key)}=${escapeValue(value)}`;
}

function escapeKey(key: string): string {
  return ascii(key.replace(/[\\ \t\n\r\f=:#!]/g, escapeCharacter));
}

/** Within a value only leading white space would be lost; line ends and backslashes must be escaped anywhere. */
function escapeValue(value: string): string {
  return ascii(value.replace(/[\\\n\r\f\t]|^ /g, escapeCharacter));
}

function escapeCharacter(character: string): string {
  return `\\${ESCAPES[character] ?? character}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\t": "t", "\n": "n", "\r": "r", "\f": "f" };

/** Everything beyond printable ASCII as `\uXXXX`, UTF-16 unit by unit, as Java counts. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function lastOfEach(entries: readonly Property[]): Map<string, Property> {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

function proven(text: string, edits: Edit[], expected: ReadonlyMap<string, string>): Edit[] {
  if (!isDeepStrictEqual(readProperties(applyEdits(text, edits)), expected))
    throw new EditNotProven("our own reader", "something else");
  return edits;
}
