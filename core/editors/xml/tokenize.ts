/**
 * Cuts XML into tokens that know where they lie.
 *
 *     document  = (text | comment | cdata | instruction | doctype | open | close)*
 *     comment   = "<!--" anything without "--" "-->"
 *     open      = "<" name (space name "=" quoted)* space? "/"? ">"
 *
 * A real tokenizer, since an element name inside a comment, a CDATA section or an attribute value must not be
 * taken for the element, and commented-out ensembles are the rule in metrika.xml rather than the exception.
 * Every character belongs to exactly one token. Messages give lines and no names: what looks like a tag may be a
 * piece of a password that somebody forgot to escape. Linear in the length of the text.
 */
import { MalformedXml } from "../errors";
import { lineAt } from "../text";

export interface Attribute {
  readonly name: string;
  /** As it stands in the file, character references and all. */
  readonly value: string;
  /** Where the value begins, behind its quote. */
  readonly valueStart: number;
}

interface Place {
  readonly start: number;
  /** Just behind the last character. */
  readonly end: number;
}

export interface OpenTag extends Place {
  readonly kind: "open";
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly selfClosing: boolean;
}

export interface CloseTag extends Place {
  readonly kind: "close";
  readonly name: string;
}

export interface Piece extends Place {
  readonly kind: "text" | "comment" | "cdata" | "instruction" | "doctype";
}

export type Token = OpenTag | CloseTag | Piece;

/** @throws MalformedXml with the line of the first mistake. */
export function* tokenize(text: string): Generator<Token> {
  refuseControlCharacters(text);
  let at = 0;
  while (at < text.length) {
    const token = next(text, at);
    yield token;
    at = token.end;
  }
}

function next(text: string, start: number): Token {
  if (text[start] !== "<") {
    const end = text.indexOf("<", start);
    return { kind: "text", start, end: end < 0 ? text.length : end };
  }
  if (text.startsWith("<!--", start)) return comment(text, start);
  if (text.startsWith("<![CDATA[", start)) return enclosed(text, "cdata", start, 9, "]]>");
  if (text.startsWith("<?", start)) return enclosed(text, "instruction", start, 2, "?>");
  if (text.startsWith("<!DOCTYPE", start)) return doctype(text, start);
  return text[start + 1] === "/" ? closeTag(text, start) : openTag(text, start);
}

const NAME = "[A-Za-z_:\\u0080-\\uffff][^ \\t\\r\\n<>/=\"'&!?\\[\\]]*";
const TAG_NAME = new RegExp(NAME, "y");
const ATTRIBUTE = new RegExp(`[ \\t\\r\\n]+(${NAME})[ \\t\\r\\n]*=[ \\t\\r\\n]*("[^"<]*"|'[^'<]*')`, "y");
const OPEN_END = /[ \t\r\n]*(\/?)>/y;
const CLOSE_END = /[ \t\r\n]*>/y;

function openTag(text: string, start: number): OpenTag {
  const name = match(TAG_NAME, text, start + 1)?.[0];
  if (name === undefined) throw malformed(text, start, "a < that starts no tag");
  const attributes: Attribute[] = [];
  const seen = new Set<string>();
  let at = start + 1 + name.length;
  for (let found = match(ATTRIBUTE, text, at); found; found = match(ATTRIBUTE, text, at)) {
    const [whole, attribute = "", quoted = ""] = found;
    if (seen.has(attribute)) throw malformed(text, at, "an attribute twice in one tag");
    seen.add(attribute);
    at += whole.length;
    attributes.push({ name: attribute, value: quoted.slice(1, -1), valueStart: at - quoted.length + 1 });
  }
  const end = match(OPEN_END, text, at);
  if (!end)
    throw malformed(text, start, 'a tag that is not closed, or has attributes that are not name="value"');
  return { kind: "open", start, end: at + end[0].length, name, attributes, selfClosing: end[1] === "/" };
}

function closeTag(text: string, start: number): CloseTag {
  const name = match(TAG_NAME, text, start + 2)?.[0];
  const end = name === undefined ? undefined : match(CLOSE_END, text, start + 2 + name.length);
  if (name === undefined || !end) throw malformed(text, start, "a closing tag that is no </name>");
  return { kind: "close", start, end: start + 2 + name.length + end[0].length, name };
}

function comment(text: string, start: number): Piece {
  const dashes = text.indexOf("--", start + 4);
  if (dashes < 0) throw malformed(text, start, "a comment that is never closed");
  if (text[dashes + 2] !== ">") throw malformed(text, dashes, "-- inside a comment");
  return { kind: "comment", start, end: dashes + 3 };
}

function enclosed(
  text: string,
  kind: "cdata" | "instruction",
  start: number,
  skip: number,
  last: string,
): Piece {
  const end = text.indexOf(last, start + skip);
  if (end < 0)
    throw malformed(text, start, `a ${kind === "cdata" ? "CDATA section" : "<?"} that is never closed`);
  return { kind, start, end: end + last.length };
}

/** Skips the declaration with its internal subset, in which quotes and comments may hold any bracket. */
function doctype(text: string, start: number): Piece {
  let depth = 0;
  for (let at = start + 9; at < text.length; at++) {
    const character = text[at];
    if (character === '"' || character === "'") {
      at = text.indexOf(character, at + 1);
      if (at < 0) break;
    } else if (character === "<" && text.startsWith("<!--", at)) at = comment(text, at).end - 1;
    else if (character === "[" || character === "<") depth++;
    else if (character === "]") depth--;
    else if (character === ">" && depth-- === 0) return { kind: "doctype", start, end: at + 1 };
  }
  throw malformed(text, start, "a <!DOCTYPE that is never closed");
}

/** NUL and its like are not XML; a NUL mostly means UTF-16, of which every second byte is one. */
function refuseControlCharacters(text: string): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 9 && code !== 10 && code !== 13)
      throw malformed(text, at, code === 0 ? "a NUL (is the file UTF-16?)" : `the control character ${code}`);
  }
}

export function malformed(text: string, offset: number, found: string): MalformedXml {
  return new MalformedXml(lineAt(text, offset), found);
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
