/**
 * A tree as clients see it, read with the C client: what checks the product must not share its code.
 */
import type { ZooKeeperSession } from "../../../lab/zookeeper-session";
import { openZooKeeper } from "../../../lab/zookeeper-session";

export type Tree = Readonly<Record<string, string>>;

/** Every persistent znode outside /zookeeper: path → data and ACL. */
export async function readTree(connectString: string, root = "/"): Promise<Tree> {
  return withZooKeeper(connectString, async (session) => {
    await session.sync("/");
    const tree: Record<string, string> = {};
    const visit = async (path: string): Promise<void> => {
      if (path === "/zookeeper") return;
      const [{ data, ephemeral }, acl, children] = await Promise.all([
        session.get(path),
        session.getAcl(path),
        session.children(path),
      ]);
      if (ephemeral) return;
      tree[path] = `${data.toString("base64")} ${JSON.stringify(acl)}`;
      await Promise.all(children.map((child) => visit(`${path === "/" ? "" : path}/${child}`)));
    };
    await visit(root);
    return tree;
  });
}

export async function withZooKeeper<T>(
  connectString: string,
  act: (session: ZooKeeperSession) => Promise<T>,
): Promise<T> {
  const session = await openZooKeeper(connectString);
  try {
    return await act(session);
  } finally {
    await session.close();
  }
}

/** Creates `count` znodes below `parent` (made when it is not there), and answers their paths. */
export async function write(connectString: string, parent: string, count: number): Promise<string[]> {
  return withZooKeeper(connectString, async (session) => {
    await session.create(parent, "").catch(() => parent);
    const paths = Array.from({ length: count }, (_, at) => `${parent}/n${at}`);
    await Promise.all(paths.map((path) => session.create(path, `written as ${path}`)));
    return paths;
  });
}
