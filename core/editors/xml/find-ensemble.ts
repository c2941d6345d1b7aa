/**
 * Finds one ZooKeeper ensemble in a ClickHouse configuration file and reads its nodes.
 *
 * ClickHouse reads `<zookeeper>` and the substitutions of metrika.xml as children of the root, so the path is
 * tried from there first (`auxiliary_zookeepers/zookeeper` and `zookeeper` may stand in one file); only when
 * nothing is there, anywhere below. Every child whose name starts with `node` is a node (ZooKeeperArgs: `node`,
 * but also `node1`, `node2`), its port is 2181 and its `secure` false by default.
 */
import { ElementFoundTwice, ElementNotFound, MalformedNode, NoNodes, NodesElsewhere } from "../errors";
import { lineAt } from "../text";
import { readText } from "./character-data";
import { type Element, attribute, children, descendants, parseXml } from "./tree";

/** ClickHouse's default for a node without a `<port>`. */
export const DEFAULT_PORT = 2181;

export interface FoundNode {
  readonly element: Element;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly index: string | undefined;
  readonly hostElement: Element;
  readonly portElement: Element | undefined;
  readonly secureElement: Element | undefined;
}

export interface WantedNode {
  readonly host: string;
  readonly port: number;
  /** Unset: as the node at this position has it now, or the last one for a node that is added. */
  readonly secure?: boolean;
}

export interface FoundEnsemble {
  readonly element: Element;
  readonly nodes: readonly FoundNode[];
}

/**
 * @param path the element's name, or a path like `auxiliary_zookeepers/zookeeper2`.
 * @throws ElementNotFound, ElementFoundTwice, NoNodes, NodesElsewhere, MalformedNode, MalformedXml
 */
export function findEnsemble(text: string, path: string): FoundEnsemble {
  const root = parseXml(text);
  const element = findElement(text, root, path);
  refuseElsewhere(text, element);
  const nodes = children(element).filter(isNode);
  if (nodes.length === 0) throw new NoNodes(path, lineAt(text, element.start));
  return { element, nodes: nodes.map((node) => readNode(text, node)) };
}

/** Whether ClickHouse takes a child of an ensemble for a node. */
export function isNode(element: { readonly name: string }): boolean {
  return element.name.startsWith("node");
}

function findElement(text: string, root: Element, path: string): Element {
  const names = path.split("/");
  const fromRoot = names.reduce<Element[]>(
    (found, name) => found.flatMap((element) => children(element).filter((child) => child.name === name)),
    [root],
  );
  const found =
    fromRoot.length > 0 ? fromRoot : [...descendants(root)].filter((element) => endsWith(element, names));
  const [only] = found;
  if (!only) throw new ElementNotFound(path, ensembles(root));
  if (found.length > 1)
    throw new ElementFoundTwice(
      path,
      found.map((element) => lineAt(text, element.start)),
    );
  return only;
}

function endsWith(element: Element, names: readonly string[]): boolean {
  let at: Element | undefined = element;
  for (const name of [...names].reverse()) {
    if (at?.name !== name) return false;
    at = at.parent;
  }
  return true;
}

/** Names of everything that looks like an ensemble, for the message that has to say what could have been meant. */
function ensembles(root: Element): string[] {
  const found = [...descendants(root)].filter((element) =>
    children(element).some((child) => isNode(child) && children(child).some(({ name }) => name === "host")),
  );
  return found.map((element) =>
    element.parent && element.parent !== root ? `${element.parent.name}/${element.name}` : element.name,
  );
}

const ELSEWHERE = ["incl", "from_zk", "from_env", "remove"];

/** An `incl` on the way down is filled in by ClickHouse, over or beside what stands here. */
function refuseElsewhere(text: string, element: Element): void {
  for (let at: Element | undefined = element; at; at = at.parent) refuseSubstitution(text, at);
  for (const child of children(element)) {
    if (child.name === "include") refuseSubstitution(text, child);
    if (isNode(child)) for (const part of descendants(child)) refuseSubstitution(text, part);
  }
}

function refuseSubstitution(text: string, element: Element): void {
  for (const name of ELSEWHERE) {
    const found = attribute(element, name);
    if (found) throw new NodesElsewhere(element.name, lineAt(text, element.start), name, found.value);
  }
}

function readNode(text: string, element: Element): FoundNode {
  const hostElement = one(text, element, "host");
  if (!hostElement) throw new MalformedNode(lineAt(text, element.start), `<${element.name}> without <host>`);
  const host = readText(text, hostElement);
  if (host === "") throw new MalformedNode(lineAt(text, hostElement.start), "an empty <host>");
  const portElement = one(text, element, "port");
  const secureElement = one(text, element, "secure");
  return {
    element,
    host,
    port: portElement ? readPort(text, portElement) : DEFAULT_PORT,
    secure: secureElement ? /^(?:[1-9][0-9]*|true|yes|on)$/i.test(readText(text, secureElement)) : false,
    index: attribute(element, "index")?.value,
    hostElement,
    portElement,
    secureElement,
  };
}

function one(text: string, element: Element, name: string): Element | undefined {
  const [first, second] = children(element).filter((child) => child.name === name);
  if (second) throw new MalformedNode(lineAt(text, second.start), `<${name}> twice in one <${element.name}>`);
  return first;
}

function readPort(text: string, element: Element): number {
  const value = readText(text, element);
  const port = Number(value);
  if (!/^[0-9]{1,5}$/.test(value) || port < 1 || port > 65535)
    throw new MalformedNode(lineAt(text, element.start), "a <port> that is no number from 1 to 65535");
  return port;
}
