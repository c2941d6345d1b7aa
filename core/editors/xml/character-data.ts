/**
 * The text of an element such as `<host>`: reading it, and changing it in place.
 *
 * Only the characters of the value are replaced. White space and comments around it stay, and so does a CDATA
 * section, so that putting the old value back gives the old bytes back (unless it was written with character
 * references: those come back as the characters themselves).
 */
import type { Edit } from "../edit";
import { MalformedNode, NotExpressible } from "../errors";
import { lineAt } from "../text";
import { type Element, isElement } from "./tree";
import type { Piece } from "./tokenize";

/** @throws MalformedNode when the element holds other elements or a reference that only a DTD could resolve. */
export function readText(text: string, element: Element): string {
  const values = pieces(text, element).map((piece) =>
    piece.kind === "cdata"
      ? text.slice(piece.start + 9, piece.end - 3)
      : decode(text, piece.start, piece.end, element),
  );
  return trimSpace(values.join(""));
}

/** Replaces the value of an element that has one. */
export function replaceText(text: string, element: Element, value: string): Edit {
  const meaningful = pieces(text, element).filter(
    (piece) => piece.kind === "cdata" || trimSpace(text.slice(piece.start, piece.end)) !== "",
  );
  const [first] = meaningful;
  const last = meaningful.at(-1);
  if (!first || !last) {
    const { contentStart, contentEnd } = element;
    return { offset: contentStart, length: contentEnd - contentStart, content: escapeText(value) };
  }
  if (first === last && first.kind === "cdata") {
    if (value.includes("]]>")) throw new NotExpressible("]]> in a CDATA section", "a host name or address");
    return inside(text, first.start + 9, first.end - 3, value);
  }
  return inside(text, first.start, last.end, escapeText(value));
}

/** Escapes everything that could be read as mark-up, in an element or in a quoted attribute. */
export function escapeText(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Trims what XML calls white space, and nothing else. */
export function trimSpace(value: string): string {
  return value.replace(/^[ \t\r\n]+/, "").replace(/(?<![ \t\r\n])[ \t\r\n]+$/, "");
}

/** Where the white space before `offset` begins. */
export function spaceBefore(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && " \t\r\n".includes(text[at - 1] ?? "x")) at--;
  return at;
}

function inside(text: string, start: number, end: number, content: string): Edit {
  const raw = text.slice(start, end);
  const value = trimSpace(raw);
  return { offset: start + raw.indexOf(value), length: value.length, content };
}

function pieces(text: string, element: Element): Piece[] {
  return element.content.flatMap((item) => {
    if (isElement(item))
      throw new MalformedNode(lineAt(text, item.start), `<${item.name}> inside <${element.name}>`);
    return item.kind === "text" || item.kind === "cdata" ? [item] : [];
  });
}

const PREDEFINED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string, start: number, end: number, element: Element): string {
  return text.slice(start, end).replace(/&([^;&]*);?/g, (whole, name: string) => {
    const known = whole.endsWith(";") ? (PREDEFINED[name] ?? numeric(name)) : undefined;
    if (known === undefined)
      throw new MalformedNode(
        lineAt(text, element.start),
        `an entity in <${element.name}> that is not predefined`,
      );
    return known;
  });
}

function numeric(name: string): string | undefined {
  const match = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (!match) return undefined;
  const code = match[1] !== undefined ? parseInt(match[1], 16) : Number(match[2]);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
