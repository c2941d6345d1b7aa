/** Creates the znodes above a root on the target: empty, and as closed as those above it on the source. */
import { OPEN_ACL } from "../../transports/zkwire";
import { isMasked } from "./acl";
import { at, splitPath } from "./endpoint";
import { TreeStopped } from "./errors";
import type { TreeReader } from "./read";
import type { TreeWriter } from "./write";

/** Parents are matched from the root upwards, since the chroots may differ; beyond the source's top they are open. */
export async function createParents(from: TreeReader, writer: TreeWriter, root: string): Promise<void> {
  const wanted = ancestors(at(writer.endpoint, root));
  const like = ancestors(at(from.endpoint, root));
  const missing = await writer.single(async (client) => {
    const stats = await Promise.all(wanted.map((path) => client.exists(path)));
    return wanted.filter((_, index) => !stats[index]);
  });
  for (const path of missing.reverse()) {
    const model = like[wanted.indexOf(path)];
    const acl = model === undefined ? OPEN_ACL : await from.aclOnServer(model);
    if (isMasked(acl)) throw maskedAbove(from.endpoint.name, model ?? "/");
    await writer.single((client) => client.create(path, null, { acl }));
  }
}

/** Where no source tells how closed they were. */
export async function createEmptyParents(writer: TreeWriter, root: string): Promise<void> {
  for (const path of ancestors(at(writer.endpoint, root)).reverse()) {
    await writer.single(async (client) => {
      if (!(await client.exists(path))) await client.create(path, null);
    });
  }
}

/** Nearest first. */
function ancestors(path: string): string[] {
  const above: string[] = [];
  for (let { parent } = splitPath(path); parent !== ""; { parent } = splitPath(parent)) above.push(parent);
  return above;
}

function maskedAbove(name: string, path: string): TreeStopped {
  return new TreeStopped({
    where: `${name}: ${path}`,
    found: "an ACL with a digest that the server hides from us",
    expected: "to read it, because the parents of the copied root are created with the ACLs they have",
    next: "Give the digest of its owner or of `super` for this side, or create the parents on the target.",
  });
}
