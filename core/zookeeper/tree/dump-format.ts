/**
 * A subtree as a file: gzip of JSON lines, parents before their children, sealed by a SHA-256 at the end.
 *
 *   {"format":"pulumi-zookeeper tree dump","version":1,"from":"zk-old","roots":["/a"]}
 *   {"path":"/a","data":"aGVsbG8=","acl":[[31,"world","anyone"]]}       data in base64; null where there is none
 *   {"path":"/a/b","data":null,"acl":[…],"children":true}                it has, or had, children: a "done" follows
 *   {"done":"/a/b","pairs":3}                                            after its last child: its counter is 3 ahead
 *   {"end":{"znodes":2,"bytes":5,"sha256":"…"}}                          hex, of all bytes before this line
 *
 * The children of a znode stand anywhere between its own line and its "done". Without the end line, or with another
 * sum, a dump counts as damaged and nothing of it is loaded.
 */
import { z } from "zod";

export const DUMP_FORMAT = "pulumi-zookeeper tree dump";
export const DUMP_VERSION = 1;

const header = z.object({
  format: z.literal(DUMP_FORMAT),
  version: z.literal(DUMP_VERSION),
  from: z.string(),
  roots: z.array(z.string()),
});
const znode = z.object({
  path: z.string(),
  data: z.string().nullable(),
  acl: z.array(z.tuple([z.number(), z.string(), z.string()])),
  children: z.literal(true).optional(),
});
const done = z.object({ done: z.string(), pairs: z.number() });
const end = z.object({ end: z.object({ znodes: z.number(), bytes: z.number(), sha256: z.string() }) });

const line = z.union([znode, done, end, header]);

export type DumpLine = z.infer<typeof line>;
export type DumpHeader = z.infer<typeof header>;
export type DumpZnode = z.infer<typeof znode>;
export type DumpEnd = z.infer<typeof end>["end"];

export function formatLine(record: DumpLine): string {
  return `${JSON.stringify(record)}\n`;
}

/** Undefined for what is no line of a dump. */
export function parseLine(text: string): DumpLine | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
