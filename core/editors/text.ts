/**
 * Bytes of a configuration file as text that can be edited and turned back into the same bytes.
 *
 * A file that is valid UTF-8 is read as UTF-8, so that comments in Chinese stay legible in a diff and offsets
 * count characters. Anything else (GBK comments are common in old metrika.xml files) is read as Latin-1: one
 * character per byte, so nothing is lost and nothing is guessed. All grammars here turn on ASCII characters
 * below `@`, which no UTF-8, Latin-1 or GBK sequence contains as a part, except `[ \ ] ^` in GBK, where the
 * products themselves read byte by byte, as Latin-1 does. A byte order mark stays the first character.
 */
import { type Edit, applyEdits } from "./edit";
import { NotEncodable } from "./errors";

export type Encoding = "utf8" | "latin1";

export interface FileText {
  readonly text: string;
  readonly encoding: Encoding;
}

/** Decodes without loss: `encodeText(decodeText(bytes))` equals `bytes`, whatever they are. */
export function decodeText(bytes: Buffer): FileText {
  const text = bytes.toString("utf8");
  if (Buffer.from(text, "utf8").equals(bytes)) return { text, encoding: "utf8" };
  return { text: bytes.toString("latin1"), encoding: "latin1" };
}

/** @throws NotEncodable when a Latin-1 text holds a character above U+00FF, which would lose its upper bits. */
export function encodeText({ text, encoding }: FileText): Buffer {
  if (encoding === "latin1") {
    for (const character of text) {
      const codePoint = character.codePointAt(0) ?? 0;
      if (codePoint > 0xff) throw new NotEncodable(codePoint);
    }
  }
  return Buffer.from(text, encoding);
}

/** Carries an editor over bytes: decode, edit, encode. Gives the very same bytes when there is nothing to edit. */
export function editBytes(bytes: Buffer, edit: (text: string) => readonly Edit[]): Buffer {
  const { text, encoding } = decodeText(bytes);
  const edits = edit(text);
  return edits.length === 0 ? bytes : encodeText({ text: applyEdits(text, edits), encoding });
}

/** What ends the lines of `text`: that of its first line, `\n` when there is none. */
export function lineEnding(text: string): "\n" | "\r\n" {
  const first = text.indexOf("\n");
  return first > 0 && text[first - 1] === "\r" ? "\r\n" : "\n";
}

/** The line an offset lies on, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
