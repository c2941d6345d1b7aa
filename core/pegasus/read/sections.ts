/**
 * Reads Pegasus's tables, as text and as JSON, into one shape.
 *
 *     answer  = section *( blank section )
 *     section = "[" name "]" NL ( pairs | grid )
 *     pairs   = 1*( key 2*SP ":" SP value NL *continuation )    ; a value may run over lines: `{` … `}`
 *     grid    = header NL *row                                   ; cells stand at least two blanks apart
 *
 * JSON (`-j`, and all of HTTP): an object of sections; a section's values are all strings (pairs), or
 * all objects keyed by their first column (a grid). Every number is a string in both forms.
 * Cells hold no blanks, except that a totals row has an empty first cell.
 */
import { UnreadableAnswer } from "./answer";

export type Row = Readonly<Record<string, string>>;

/** `pairs` and `rows` are both empty when JSON left open which of the two an empty section is. */
export interface Section {
  readonly pairs: Row;
  readonly rows: readonly Row[];
}

export type Sections = ReadonlyMap<string, Section>;

/** Reads every section of an answer. @throws UnreadableAnswer when any line belongs to none */
export function readSections(body: string): Sections {
  return body.trimStart().startsWith("{") ? fromJson(parseObject(body)) : fromText(body);
}

/** The section's rows; the section must be there. */
export function rowsOf(sections: Sections, name: string): readonly Row[] {
  return section(sections, name).rows;
}

/** The section's pairs; the section must be there. */
export function pairsOf(sections: Sections, name: string): Row {
  return section(sections, name).pairs;
}

/** Parses JSON that must be an object. */
export function parseObject(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new UnreadableAnswer("JSON", body);
  }
  if (!isObject(value)) throw new UnreadableAnswer("a JSON object", body);
  return value;
}

/** A JSON object whose values are all strings. */
export function rowFrom(value: unknown, what: string): Row {
  if (!isObject(value)) throw new UnreadableAnswer(`${what} as an object`, JSON.stringify(value));
  const row: Record<string, string> = {};
  for (const [key, cell] of Object.entries(value)) {
    if (typeof cell !== "string") throw new UnreadableAnswer(`${what}.${key} as text`, JSON.stringify(cell));
    row[key] = cell;
  }
  return row;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function section(sections: Sections, name: string): Section {
  const found = sections.get(name);
  if (found === undefined) {
    throw new UnreadableAnswer(
      `a section [${name}]`,
      `sections ${[...sections.keys()].join(", ") || "none"}`,
    );
  }
  return found;
}

function fromJson(json: Readonly<Record<string, unknown>>): Sections {
  const sections = new Map<string, Section>();
  for (const [name, value] of Object.entries(json)) {
    if (!isObject(value)) throw new UnreadableAnswer(`section ${name} as an object`, JSON.stringify(value));
    const entries = Object.values(value);
    const isGrid = entries.length > 0 && entries.every(isObject);
    sections.set(
      name,
      isGrid
        ? { pairs: {}, rows: entries.map((entry) => rowFrom(entry, name)) }
        : { pairs: rowFrom(value, name), rows: [] },
    );
  }
  return sections;
}

const SECTION_NAME = /^\[([\w.]+)\]$/;
const PAIR = /^(\S+)\s+:(?: (.*))?$/;

function fromText(body: string): Sections {
  const sections = new Map<string, Section>();
  const lines = body.split("\n").map((line) => line.trimEnd());
  let at = 0;
  while (at < lines.length) {
    if (lines[at] === "") {
      at++;
      continue;
    }
    const name = SECTION_NAME.exec(lines[at] ?? "")?.[1];
    if (name === undefined) throw new UnreadableAnswer("a line [section]", lines[at] ?? "");
    if (sections.has(name)) throw new UnreadableAnswer(`one section [${name}]`, "two");
    const start = ++at;
    while (at < lines.length && lines[at] !== "" && !SECTION_NAME.test(lines[at] ?? "")) at++;
    sections.set(name, sectionFrom(name, lines.slice(start, at)));
  }
  return sections;
}

function sectionFrom(name: string, lines: readonly string[]): Section {
  const [first, ...rest] = lines;
  if (first === undefined) throw new UnreadableAnswer(`lines below [${name}]`, "none");
  if (PAIR.test(first)) return { pairs: pairsFrom(lines), rows: [] };
  const columns = first.split(/\s+/);
  return { pairs: {}, rows: rest.map((line) => gridRow(name, columns, line)) };
}

function pairsFrom(lines: readonly string[]): Row {
  const pairs: Record<string, string> = {};
  let key = "";
  for (const line of lines) {
    const pair = PAIR.exec(line);
    if (pair?.[1] !== undefined) {
      key = pair[1];
      pairs[key] = (pair[2] ?? "").trim();
    } else {
      pairs[key] = `${pairs[key] ?? ""}\n${line}`;
    }
  }
  return pairs;
}

function gridRow(name: string, columns: readonly string[], line: string): Row {
  const cells = line.trim().split(/\s+/);
  const complete = cells.length === columns.length - 1 && line.startsWith(" ") ? ["", ...cells] : cells;
  if (complete.length !== columns.length) {
    throw new UnreadableAnswer(`${columns.length} cells in each row of [${name}]`, line);
  }
  return Object.fromEntries(columns.map((column, index) => [column, complete[index] ?? ""]));
}
