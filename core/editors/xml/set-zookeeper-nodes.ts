/**
 * Points one ZooKeeper ensemble of a ClickHouse configuration file at other servers.
 *
 * Edits text rather than writing a document, since every XML writer drops comments or rewrites white space, and
 * the file belongs to its owners. Nodes are matched by position: where old and new are both there, only host,
 * port and `secure` change inside the node, so that comments, indices and indentation stay. Surplus nodes go with
 * the white space before them; missing ones are copies of the last. Nothing outside the named element is touched.
 *
 * Setting other nodes and then the old ones gives the old bytes, as long as their number is the same or grew in
 * between, and the old values were plain (no character references, no `<port>` left out,
 * no `<secure>` taken away).
 */
import { type Edit, applyEdits } from "../edit";
import { NotExpressible } from "../errors";
import { escapeText, replaceText, spaceBefore } from "./character-data";
import { crossCheckNodes } from "./cross-check";
import { DEFAULT_PORT, type FoundNode, type WantedNode, findEnsemble } from "./find-ensemble";
import { attribute, isElement } from "./tree";

/**
 * The edits that make `wanted` the nodes of `element`; none when they are already.
 *
 * The result has been read back, by our reader and by `xml2js`: it holds exactly the wanted nodes, and nothing
 * else differs.
 * @param element as for `readZooKeeperNodes`.
 * @throws what `readZooKeeperNodes` throws; NotExpressible for a host or port that is none; EditNotProven.
 */
export function setZooKeeperNodes(text: string, element: string, wanted: readonly WantedNode[]): Edit[] {
  wanted.forEach(refuseUnfit);
  const { nodes } = findEnsemble(text, element);
  const last = nodes.at(-1);
  if (wanted.length === 0 || !last) throw new NotExpressible("an empty list of nodes", "at least one server");

  const edits = [
    ...nodes.flatMap((node, at) => {
      const next = wanted[at];
      return next ? rewrite(text, node, next) : [withSpace(text, node.element)];
    }),
    ...append(text, nodes, last, wanted.slice(nodes.length)),
  ];
  if (edits.length > 0) crossCheckNodes(text, applyEdits(text, edits), element, wanted);
  return edits;
}

function rewrite(text: string, node: FoundNode, wanted: WantedNode): Edit[] {
  const { hostElement, portElement, secureElement } = node;
  const edits: Edit[] = [];
  const indent = text.slice(spaceBefore(text, hostElement.start), hostElement.start);
  const insertions: string[] = [];

  if (wanted.host !== node.host) edits.push(replaceText(text, hostElement, wanted.host));
  if (wanted.port !== node.port) {
    if (portElement) edits.push(replaceText(text, portElement, String(wanted.port)));
    else insertions.push(`${indent}<port>${wanted.port}</port>`);
  }
  if (wanted.secure !== undefined && wanted.secure !== node.secure) {
    if (!wanted.secure && secureElement) edits.push(withSpace(text, secureElement));
    else if (secureElement) edits.push(replaceText(text, secureElement, "1"));
    else insertions.push(`${indent}<secure>1</secure>`);
  }
  if (insertions.length > 0)
    edits.push({ offset: (portElement ?? hostElement).end, length: 0, content: insertions.join("") });
  return edits;
}

function append(
  text: string,
  nodes: readonly FoundNode[],
  last: FoundNode,
  wanted: readonly WantedNode[],
): Edit[] {
  if (wanted.length === 0) return [];
  const separator = text.slice(spaceBefore(text, last.element.start), last.element.start);
  const serial = highestSerial(nodes);
  const copies = wanted.map((next, at) => separator + copy(text, last, next, serial + at + 1));
  return [{ offset: last.element.end, length: 0, content: copies.join("") }];
}

/** The text of `node` with other values, without its comments and without settings that are that server's own. */
function copy(text: string, node: FoundNode, wanted: WantedNode, serial: number): string {
  const { element, hostElement, portElement, secureElement } = node;
  const kept = [hostElement, portElement, secureElement];
  const edits = [...rewrite(text, node, wanted), ...renumber(text, node, serial)];
  for (const item of element.content) {
    const own = isElement(item) ? !kept.includes(item) : item.kind !== "text";
    if (own) edits.push(withSpace(text, item));
  }
  const shifted = edits.map((edit) => ({ ...edit, offset: edit.offset - element.start }));
  return applyEdits(text.slice(element.start, element.end), shifted);
}

/** `index="3"` becomes `index="4"`, `<node3>` becomes `<node4>`; anything without a number stays. */
function renumber(text: string, { element }: FoundNode, serial: number): Edit[] {
  const edits: Edit[] = [];
  const index = attribute(element, "index");
  if (index && NUMBER.test(index.value))
    edits.push({ offset: index.valueStart, length: index.value.length, content: escapeText(String(serial)) });
  const digits = NUMBERED.exec(element.name)?.[1];
  if (digits !== undefined) {
    const at = "<node".length;
    edits.push({ offset: element.start + at, length: digits.length, content: String(serial) });
    edits.push({ offset: element.contentEnd + at + 1, length: digits.length, content: String(serial) });
  }
  return edits;
}

const NUMBER = /^[0-9]{1,9}$/;
const NUMBERED = /^node([0-9]{1,9})$/;

function highestSerial(nodes: readonly FoundNode[]): number {
  const serials = nodes.flatMap(({ index, element }) => [index, NUMBERED.exec(element.name)?.[1]]);
  return Math.max(
    0,
    ...serials.map((serial) => (serial !== undefined && NUMBER.test(serial) ? Number(serial) : 0)),
  );
}

function withSpace(text: string, { start, end }: { readonly start: number; readonly end: number }): Edit {
  const offset = spaceBefore(text, start);
  return { offset, length: end - offset, content: "" };
}

/** White space and control characters are in no host name; everything else is escaped and stays data. */
function refuseUnfit({ host, port }: WantedNode): void {
  // \p{C}: control, format and unassigned characters, and halves of surrogate pairs.
  if (host === "" || /[\s\p{C}]/u.test(host))
    throw new NotExpressible(
      "a host that is empty or holds white space or control characters",
      "a host name or address",
    );
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new NotExpressible(
      `the port ${port} of ${host}`,
      `a number from 1 to 65535, such as ${DEFAULT_PORT}`,
    );
}
