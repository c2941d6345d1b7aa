/**
 * Proves an edit of nodes with a reader that is not ours.
 *
 * `xml2js` would rewrite the file, so it never writes here; but it reads the text before and after with code that
 * shares nothing with our tokenizer. If a mistake of ours made us edit the wrong place, the two readings disagree
 * and nothing is written.
 */
import { isDeepStrictEqual } from "node:util";
import { Parser } from "xml2js";
import { EditNotProven } from "../errors";
import { type Element, children } from "./tree";
import { type WantedNode, findEnsemble, isNode } from "./find-ensemble";

/** @throws EditNotProven unless `after` differs from `before` in the nodes of `path` alone, and they are `wanted`. */
export function crossCheckNodes(
  before: string,
  after: string,
  path: string,
  wanted: readonly WantedNode[],
): void {
  const was = findEnsemble(before, path);
  const is = findEnsemble(after, path);
  const asWanted = is.nodes.every(({ host, port, secure }, at) => {
    const node = wanted[at];
    return node?.host === host && node.port === port && (node.secure ?? secure) === secure;
  });
  if (is.nodes.length !== wanted.length || !asWanted)
    throw new EditNotProven("our own reader", "other nodes");

  const steps = stepsTo(was.element);
  if (!isDeepStrictEqual(steps, stepsTo(is.element)))
    throw new EditNotProven("our own reader", "another element");
  const sameCount = was.nodes.length === is.nodes.length;
  const [seenBefore] = split(read(before), steps, sameCount);
  const [seenAfter, nodes] = split(read(after), steps, sameCount);
  if (!isDeepStrictEqual(seenBefore, seenAfter))
    throw new EditNotProven("xml2js", "a change outside the nodes");
  const asked = wanted.map(({ host, port }) => `${host} ${port}`).sort();
  if (!isDeepStrictEqual([...nodes].sort(), asked)) throw new EditNotProven("xml2js", "other nodes");
}

interface Step {
  readonly name: string;
  /** Which one of the siblings of that name. */
  readonly at: number;
}

/** The way from the root down to the element. */
function stepsTo(element: Element): Step[] {
  const { parent, name } = element;
  if (!parent) return [{ name, at: 0 }];
  const at = children(parent)
    .filter((sibling) => sibling.name === name)
    .indexOf(element);
  return [...stepsTo(parent), { name, at }];
}

type Reading = { [name: string]: unknown };

function read(text: string): Reading {
  const parser = new Parser({ explicitArray: true, explicitCharkey: true, trim: true, normalize: true });
  let failed = false;
  let result: unknown;
  // Without the `async` option xml2js calls back before it returns.
  // It knows the byte order mark as one character only, not as the three that Latin-1 makes of it.
  parser.parseString(text.replace(/^\u00ef\u00bb\u00bf/, ""), (error: Error | null, parsed: unknown) => {
    failed ||= error !== null;
    result = parsed;
  });
  // Its message is left out: it may quote the file.
  if (failed || !isReading(result)) throw new EditNotProven("xml2js", "text that it cannot read");
  return result;
}

/** Takes the nodes out of a reading (host and port of each), and returns what is left of it beside them. */
function split(
  reading: Reading,
  steps: readonly Step[],
  keepShape: boolean,
): [rest: unknown, nodes: string[]] {
  // The root is the only element that is not in an array.
  let ensemble: unknown = { ...reading, [steps[0]?.name ?? ""]: [reading[steps[0]?.name ?? ""]] };
  for (const { name, at } of steps) {
    const siblings: unknown = isReading(ensemble) ? ensemble[name] : undefined;
    ensemble = Array.isArray(siblings) ? siblings[at] : undefined;
  }
  if (!isReading(ensemble)) throw new EditNotProven("xml2js", "no such element");

  const nodes: string[] = [];
  for (const name of Object.keys(ensemble).filter((key) => isNode({ name: key }))) {
    const group: unknown = ensemble[name];
    for (const node of Array.isArray(group) ? group : []) {
      if (!isReading(node)) throw new EditNotProven("xml2js", "a node without content");
      nodes.push(`${content(node["host"]) ?? ""} ${content(node["port"]) ?? "2181"}`);
      for (const changed of ["host", "port", "secure"]) delete node[changed];
    }
    if (!keepShape) delete ensemble[name];
  }
  return [reading, nodes];
}

function content(elements: unknown): string | undefined {
  const first: unknown = Array.isArray(elements) ? elements[0] : undefined;
  return isReading(first) && typeof first["_"] === "string" ? first["_"] : undefined;
}

function isReading(value: unknown): value is Reading {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
