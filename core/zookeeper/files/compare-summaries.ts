/**
 * Says where two trees differ, field by field, and never just "no".
 *
 * Digest and counts of the trees are compared, and the ACLs, which the server's digest leaves out. Nodes below
 * /zookeeper/ are in neither digest (a new ensemble writes its own /zookeeper/config), but their data counts:
 * compare summaries of copies of one snapshot, or give `likeServers` to leave the counts of bytes and zxids out.
 */
import { showZxid } from "./file-name";
import type { TreeSummary } from "./tree-summary";

export interface Difference {
  readonly what:
    "znodes" | "dataBytes" | "digest" | "aclDigest" | "maxZxid" | "containers" | "ttls" | "ephemerals";
  readonly left: string;
  readonly right: string;
}

/** @returns one entry per field that differs; none when the trees are equal */
export function compareSummaries(
  left: TreeSummary,
  right: TreeSummary,
  options: { readonly likeServers?: boolean } = {},
): readonly Difference[] {
  const sayLeft = say(left);
  const sayRight = say(right);
  return FIELDS.filter((what) => !(options.likeServers && OF_ONE_COPY.has(what)))
    .filter((what) => sayLeft[what] !== sayRight[what])
    .map((what) => ({ what, left: sayLeft[what], right: sayRight[what] }));
}

type What = Difference["what"];
const FIELDS: readonly What[] = [
  "znodes",
  "dataBytes",
  "digest",
  "aclDigest",
  "maxZxid",
  "containers",
  "ttls",
  "ephemerals",
];
const OF_ONE_COPY: ReadonlySet<What> = new Set<What>(["znodes", "dataBytes", "maxZxid"]);

function say(tree: TreeSummary): Readonly<Record<What, string>> {
  return {
    znodes: String(tree.znodes),
    dataBytes: String(tree.dataBytes),
    digest: tree.digest,
    aclDigest: tree.aclDigest,
    maxZxid: showZxid(tree.maxZxid),
    containers: String(tree.containers.count),
    ttls: String(tree.ttls.count + tree.ttls353.count),
    ephemerals: String(tree.ephemerals.count),
  };
}
