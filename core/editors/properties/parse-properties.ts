/**
 * Reads zoo.cfg and log4j.properties as `java.util.Properties.load` does.
 *
 *     logical line = natural line, continued while it ends with an odd number of backslashes
 *     entry        = space? key space? ("=" | ":")? space? value
 *
 * A backslash alone on its line is a blank line (as a file's
 * last, Java makes an entry with an empty key of it, which no program asks for). `#` or `!` as the first character makes a comment, which never continues. A backslash escapes `=`, `:`, space,
 * itself; `\t \n \r \f \uXXXX` are what they are in Java, before any other character it vanishes. The *last* of two
 * equal keys wins. ZooKeeper (QuorumPeerConfig) trims keys and values afterwards; this reader does not.
 *
 * Java reads the bytes as Latin-1. Text that was decoded as UTF-8 gives the same entries with legible values.
 */
import { MalformedProperties } from "../errors";

export interface Property {
  readonly key: string;
  readonly value: string;
  /** Where the line's own characters begin, indentation included. */
  readonly start: number;
  /** Just behind the line's terminator, or the end of the text. */
  readonly end: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  /** Before the line's terminator. */
  readonly valueEnd: number;
}

/**
 * Every entry in file order, doubles included.
 * @throws MalformedProperties for a `\u` without four hexadecimal digits, which `load` refuses.
 */
export function parseProperties(text: string): Property[] {
  const found: Property[] = [];
  let number = 1;
  for (let start = 0; start < text.length;) {
    const line = logicalLine(text, start);
    if (line.from < line.to) found.push(property(text, start, line, number));
    number += line.naturalLines;
    start = line.end;
  }
  return found;
}

/**
 * The entries as the program sees them, in the order in which their keys first appear.
 * @throws MalformedProperties
 */
export function readProperties(text: string): Map<string, string> {
  return new Map(parseProperties(text).map(({ key, value }) => [key, value]));
}

interface LogicalLine {
  /** The first character that is no white space; equal to `to` for a blank line or a comment. */
  readonly from: number;
  readonly to: number;
  readonly end: number;
  readonly naturalLines: number;
}

function logicalLine(text: string, start: number): LogicalLine {
  let to = endOfLine(text, start);
  let end = behindTerminator(text, to);
  const from = skipSpace(text, start, to);
  const blank = from === to || (text[from] === "\\" && from + 1 === to);
  if (blank || text[from] === "#" || text[from] === "!") return { from: to, to, end, naturalLines: 1 };
  let naturalLines = 1;
  while (continues(text, from, to) && end < text.length) {
    naturalLines++;
    to = endOfLine(text, end);
    end = behindTerminator(text, to);
  }
  return { from, to, end, naturalLines };
}

function property(text: string, start: number, { from, to, end }: LogicalLine, line: number): Property {
  let keyEnd = from;
  while (keyEnd < to && !isSpace(text[keyEnd]) && text[keyEnd] !== "=" && text[keyEnd] !== ":")
    keyEnd = skipEscape(text, keyEnd, to);
  let valueStart = skipSeparatorSpace(text, keyEnd, to);
  if (valueStart < to && (text[valueStart] === "=" || text[valueStart] === ":"))
    valueStart = skipSeparatorSpace(text, valueStart + 1, to);
  const key = unescape(text.slice(from, keyEnd), line);
  const value = unescape(text.slice(valueStart, to), line);
  return { key, value, start, end, keyEnd, valueStart, valueEnd: to };
}

/** Behind one character of a key: an escaped one counts as one, and a line continuation with its indentation as none. */
function skipEscape(text: string, at: number, to: number): number {
  if (text[at] !== "\\") return at + 1;
  const joined = skipContinuation(text, at, to);
  return joined ?? Math.min(at + 2, to);
}

function skipSeparatorSpace(text: string, start: number, to: number): number {
  for (let at = start; ;) {
    if (at < to && isSpace(text[at])) at++;
    else {
      const joined = skipContinuation(text, at, to);
      if (joined === undefined) return at;
      at = joined;
    }
  }
}

/** Behind a backslash, line terminator and the indentation that follows; undefined when there is none at `at`. */
function skipContinuation(text: string, at: number, to: number): number | undefined {
  if (at >= to || text[at] !== "\\") return undefined;
  if (at + 1 === to) return to;
  const behind = behindTerminator(text, at + 1);
  return behind === at + 1 ? undefined : Math.min(skipSpace(text, behind, to), to);
}

function unescape(raw: string, line: number): string {
  return raw.replace(/\\(?:(\r\n|\r|\n)[ \t\f]*|u([0-9a-fA-F]{4})|([^])|$)/g, (_, joined, hex, other) => {
    if (typeof joined === "string") return "";
    if (typeof hex === "string") return String.fromCharCode(parseInt(hex, 16));
    if (typeof other !== "string") return "";
    if (other === "u") throw new MalformedProperties(line, "a \\u without four hexadecimal digits");
    return SPECIAL[other] ?? other;
  });
}

const SPECIAL: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

function continues(text: string, from: number, to: number): boolean {
  let backslashes = 0;
  while (to - backslashes > from && text[to - backslashes - 1] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function endOfLine(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

function behindTerminator(text: string, at: number): number {
  if (text[at] === "\r") return text[at + 1] === "\n" ? at + 2 : at + 1;
  return text[at] === "\n" ? at + 1 : at;
}

function skipSpace(text: string, start: number, to: number): number {
  let at = start;
  while (at < to && isSpace(text[at])) at++;
  return at;
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\f";
}
