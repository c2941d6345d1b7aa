/**
 * Loads a dump (dump-format.ts) into an ensemble that has nothing at its roots.
 *
 * The dump is read twice: first as a whole against its checksum, so that of a damaged one nothing is written, then
 * to write it. All multis go over one session, several in flight: a session's requests are carried out in their
 * order, and in the dump parents stand before their children.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Refusal } from "../../engine/errors";
import type { Acl, Operation } from "../../transports/zkwire";
import { letsIn, openedFor } from "./acl";
import { Carrier } from "./carry";
import { parseLine, type DumpEnd, type DumpHeader, type DumpLine, type DumpZnode } from "./dump-format";
import { at, type Endpoint, type Identity } from "./endpoint";
import { createEmptyParents } from "./parents";
import { everCreated } from "./read";
import { TreeWriter } from "./write";

export interface DumpContents {
  readonly from: string;
  readonly roots: readonly string[];
  readonly znodes: number;
  /** Of data. */
  readonly bytes: number;
}

/** The dump's bytes from their beginning, as often as it is called. */
export type OpenDump = () => AsyncIterable<Buffer> | Promise<AsyncIterable<Buffer>>;

/** Reads a dump to its end. @throws Refusal when it is damaged or not one */
export async function checkDump(name: string, open: OpenDump): Promise<DumpContents> {
  const sum = createHash("sha256");
  let header: DumpHeader | undefined;
  let end: DumpEnd | undefined;
  let found = "";
  try {
    for await (const text of lines(await open())) {
      const line = parseLine(text);
      if (!line || end) throw new Error(end ? "bytes after its end" : "a line that is none of a dump's");
      if (!header && !("format" in line)) throw new Error("no header of this format and version");
      if ("format" in line) header = line;
      if ("end" in line) end = line.end;
      else sum.update(`${text}\n`);
    }
    if (!end) found = "no end: it was cut off";
    else if (sum.digest("hex") !== end.sha256) found = "another SHA-256 than it says";
  } catch (error) {
    found = (error as Error).message;
  }
  if (header && end && found === "") return { ...header, znodes: end.znodes, bytes: end.bytes };
  throw new Refusal([
    {
      where: name,
      found,
      expected: "a whole tree dump",
      next: "Take another copy of it; nothing was written.",
    },
  ]);
}

/**
 * @param name of the dump in errors, for example its path
 * @throws Refusal for a damaged dump, or where a root is there already; nothing was written then
 * @throws TreeStopped, and what the wire client throws, on the way: clear the roots with `removeTree`, load again
 */
export async function loadTree(name: string, open: OpenDump, target: Endpoint): Promise<DumpContents> {
  const contents = await checkDump(name, open);
  const writer = await TreeWriter.open(target, 1);
  try {
    const present = await presentRoots(writer, contents.roots);
    const identities = (await target.identities?.()) ?? [];
    const load = new Load(writer, identities, present);
    for (const root of contents.roots) await createEmptyParents(writer, root);
    for await (const text of lines(await open())) {
      const line = parseLine(text);
      if (line) await load.take(line);
    }
    await load.finish();
    return contents;
  } finally {
    await writer.close();
  }
}

const BATCH = 500;
const BATCH_BYTES = 512 * 1024;
const IN_FLIGHT = 8;

class Load {
  private operations: Operation[] = [];
  private bytes = 0;
  private readonly sent: Promise<void>[] = [];
  private readonly late = new Map<string, readonly Acl[]>();
  private readonly carrier: Carrier;

  constructor(
    private readonly writer: TreeWriter,
    private readonly identities: readonly Identity[],
    /** The root `/`, which is always there, and how many children it has ever had. */
    private readonly present: ReadonlyMap<string, number>,
  ) {
    this.carrier = new Carrier(writer);
  }

  async take(line: DumpLine): Promise<void> {
    if ("done" in line) {
      const pairs = Math.max(0, line.pairs - (this.present.get(line.done) ?? 0));
      this.carrier.add({ path: line.done, pairs, acl: this.late.get(line.done) });
      this.late.delete(line.done);
    }
    if ("path" in line) this.create(line);
    if (this.operations.length >= BATCH || this.bytes >= BATCH_BYTES) await this.flush();
    if (!this.carrier.due) return;
    // Sent behind the creates of their parents, on the same session.
    await this.flush();
    while (this.carrier.due) await this.carrier.next(true);
  }

  async finish(): Promise<void> {
    await this.flush();
    await Promise.all(this.sent.splice(0));
    for (let piece = this.carrier.next(false); piece; piece = this.carrier.next(false)) await piece;
  }

  private create({ path, data, acl: entries, children }: DumpZnode): void {
    const final = entries.map(([perms, scheme, id]) => ({ perms, scheme, id }));
    const late = children === true && !letsIn(final, this.identities);
    const acl = late ? openedFor(final, this.identities) : final;
    const content = data === null ? null : Buffer.from(data, "base64");
    if (this.present.has(path)) this.operations.push({ kind: "setData", path, data: content });
    else this.operations.push({ kind: "create", path, data: content, acl });
    if (late || this.present.has(path)) this.late.set(path, final);
    this.bytes += path.length + (content?.length ?? 0);
  }

  private async flush(): Promise<void> {
    const { operations } = this;
    this.operations = [];
    this.bytes = 0;
    const written = this.writer.apply(operations);
    // Told of by the await below; until then it is not to count as unhandled.
    written.catch(() => {});
    this.sent.push(written);
    if (this.sent.length >= IN_FLIGHT) await this.sent.shift();
  }
}

/** @throws Refusal for a root that is there */
async function presentRoots(writer: TreeWriter, roots: readonly string[]): Promise<Map<string, number>> {
  const stats = await Promise.all(roots.map((root) => writer.stat(root)));
  const present = new Map<string, number>();
  const complaints = roots.flatMap((root, index) => {
    const stat = stats[index];
    if (!stat) return [];
    const top = at(writer.endpoint, root) === "/";
    present.set(root, everCreated(stat));
    // The top cannot be removed, and always has the server's own child.
    if (top && stat.numChildren <= 1) return [];
    return {
      where: `${writer.endpoint.name}: ${at(writer.endpoint, root)}`,
      found: `a znode with ${stat.numChildren} children`,
      expected: top ? "no children but /zookeeper" : "nothing there",
      next: "Set what is there aside with a dump of its own, remove it, and load again.",
    };
  });
  if (complaints.length > 0) throw new Refusal(complaints);
  return present;
}

async function* lines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const source = Readable.from(bytes);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  gunzip.on("close", () => source.destroy());
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of source.pipe(gunzip)) {
    const [first = "", ...others] = decoder.decode(chunk as Buffer, { stream: true }).split("\n");
    if (others.length === 0) {
      rest += first;
      continue;
    }
    yield rest + first;
    rest = others.pop() ?? "";
    yield* others;
  }
  if (rest !== "") yield rest;
}
