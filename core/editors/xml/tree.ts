/**
 * Tokens as a tree of elements that know where they lie.
 *
 * Built with a stack of its own and refused beyond a depth that no configuration has, so that a hostile file
 * costs a refusal and not the call stack of whatever walks the tree later.
 */
import { lineAt } from "../text";
import { type Attribute, type OpenTag, type Piece, malformed, tokenize } from "./tokenize";

export interface Element {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly parent: Element | undefined;
  readonly content: readonly (Element | Piece)[];
  readonly start: number;
  /** Just behind the opening tag. */
  readonly contentStart: number;
  /** Where the closing tag begins; equal to `contentStart` for `<element/>`. */
  readonly contentEnd: number;
  readonly end: number;
}

const DEPTH_LIMIT = 100;

/** @throws MalformedXml when tags do not pair, or there is not exactly one root. */
export function parseXml(text: string): Element {
  let root: Growing | undefined;
  let open: Growing | undefined;
  for (const token of tokenize(text)) {
    if (token.kind === "open") {
      if (root && !open) throw malformed(text, token.start, "a second root element");
      const element = grow(token, open);
      if (element.depth > DEPTH_LIMIT) throw malformed(text, token.start, `more than ${DEPTH_LIMIT} levels`);
      open?.content.push(element);
      root ??= element;
      if (!token.selfClosing) open = element;
    } else if (token.kind === "close") {
      if (!open || open.name !== token.name)
        throw malformed(
          text,
          token.start,
          open
            ? `a closing tag that is not that of line ${lineAt(text, open.start)}`
            : "a closing tag and nothing open",
        );
      open.contentEnd = token.start;
      open.end = token.end;
      open = open.parent;
    } else if (open) open.content.push(token);
    else if (token.kind === "cdata" || (token.kind === "text" && !isBlank(text, token)))
      throw malformed(text, token.start, "text outside the root element");
  }
  if (open) throw malformed(text, open.start, "an element that is never closed");
  if (!root) throw malformed(text, 0, "no element at all");
  return root;
}

export function isElement(item: Element | Piece): item is Element {
  return "name" in item;
}

export function children(element: Element): Element[] {
  return element.content.filter(isElement);
}

export function attribute(element: Element, name: string): Attribute | undefined {
  return element.attributes.find((candidate) => candidate.name === name);
}

/** The element and everything below it, in document order. */
export function* descendants(element: Element): Generator<Element> {
  yield element;
  for (const child of children(element)) yield* descendants(child);
}

interface Growing extends Element {
  readonly parent: Growing | undefined;
  readonly content: (Element | Piece)[];
  readonly depth: number;
  contentEnd: number;
  end: number;
}

function grow(tag: OpenTag, parent: Growing | undefined): Growing {
  const { name, attributes, start, end } = tag;
  const depth = (parent?.depth ?? 0) + 1;
  return { name, attributes, parent, content: [], start, contentStart: end, contentEnd: end, end, depth };
}

/** White space, or the byte order mark that a UTF-8 file may begin with (three characters when read as Latin-1). */
function isBlank(text: string, piece: Piece): boolean {
  const content = text.slice(piece.start, piece.end);
  return /^[ \t\r\n]*$/.test(
    piece.start === 0 ? content.replace(/^(?:\ufeff|\u00ef\u00bb\u00bf)/, "") : content,
  );
}
