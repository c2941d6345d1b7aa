/**
 * What a ClickHouse configuration file says about one ZooKeeper ensemble.
 */
import { type FoundEnsemble, findEnsemble } from "./find-ensemble";
import { readText } from "./character-data";
import { children } from "./tree";

export interface ZooKeeperNode {
  readonly host: string;
  readonly port: number;
  /** TLS to ZooKeeper. */
  readonly secure: boolean;
  /** The `index` attribute; it means nothing to ClickHouse, people use it. */
  readonly index?: string;
}

export interface ZooKeeperEnsembleConfig {
  readonly nodes: readonly ZooKeeperNode[];
  /** The chroot that ClickHouse puts before every path. */
  readonly root?: string;
  /** Milliseconds, as written; ClickHouse's default is 30000. */
  readonly sessionTimeoutMs?: number;
  /** Milliseconds, as written; ClickHouse's default is 10000. */
  readonly operationTimeoutMs?: number;
  /** ClickHouse authenticates, and sets ACLs that only this identity passes. The identity itself is not read. */
  readonly hasIdentity: boolean;
}

/**
 * Reads the nodes of `element`, in file order, and the settings beside them.
 * @param element name or path of the ensemble's element; see {@link findEnsemble} for how it is looked for.
 * @throws ElementNotFound, ElementFoundTwice, NoNodes, NodesElsewhere, MalformedNode, MalformedXml
 */
export function readZooKeeperNodes(text: string, element: string): ZooKeeperEnsembleConfig {
  const ensemble = findEnsemble(text, element);
  const root = setting(text, ensemble, "root");
  return {
    nodes: ensemble.nodes.map(({ host, port, secure, index }) => ({
      host,
      port,
      secure,
      ...(index === undefined ? {} : { index }),
    })),
    ...(root === undefined ? {} : { root }),
    ...milliseconds("sessionTimeoutMs", setting(text, ensemble, "session_timeout_ms")),
    ...milliseconds("operationTimeoutMs", setting(text, ensemble, "operation_timeout_ms")),
    hasIdentity: children(ensemble.element).some(({ name }) => name === "identity"),
  };
}

function setting(text: string, ensemble: FoundEnsemble, name: string): string | undefined {
  const element = children(ensemble.element).find((child) => child.name === name);
  return element ? readText(text, element) : undefined;
}

function milliseconds<Name extends string>(
  name: Name,
  value: string | undefined,
): { [key in Name]?: number } {
  return value !== undefined && /^[0-9]{1,12}$/.test(value)
    ? ({ [name]: Number(value) } as { [key in Name]?: number })
    : {};
}
