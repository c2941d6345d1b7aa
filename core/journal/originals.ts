/**
 * The originals of every file that is edited, kept beside the journal on the same host, with mode and owner.
 *
 * An original is the file as it was just before it was edited to name the target; putting it back gives the very
 * bytes that the user wrote. It is only ever taken from a file that does not name the target yet.
 */
import { Refusal } from "../engine/errors";
import type { HostAccess } from "../transports/contract";
import { folderOf } from "./folder";

/** Keeps the file as it is now, in place of an earlier original. */
export async function keepOriginal(host: HostAccess, migration: string, path: string): Promise<void> {
  await host.script(KEEP, [path, originalOf(migration, path)]);
}

/** The original's bytes, or undefined when none was ever kept. */
export async function readOriginal(
  host: HostAccess,
  migration: string,
  path: string,
): Promise<Buffer | undefined> {
  return host.readFile(originalOf(migration, path));
}

/**
 * The file that is to be edited, as it is now.
 * @param what it is, for the refusal
 * @throws Refusal when there is none
 */
export async function readEdited(host: HostAccess, path: string, what: string): Promise<Buffer> {
  const content = await host.readFile(path);
  if (content) return content;
  const where = `${host.name}:${path}`;
  throw new Refusal([{ where, found: "no such file", expected: what, next: "Put it back." }]);
}

/** Replaces the content of a file; its mode and owner stay. */
export async function replaceContent(host: HostAccess, path: string, content: Buffer): Promise<void> {
  const { stdout } = await host.run(["stat", "-L", "-c", "%a %u:%g", path]);
  const [mode = "644", owner] = stdout.trim().split(" ");
  await host.writeFile(path, content, { mode: mode.padStart(4, "0"), owner });
}

function originalOf(migration: string, path: string): string {
  return `${folderOf(migration)}/originals${path}`;
}

const KEEP = `
set -e
mkdir -p -m 0700 "$(dirname "$2")"
cp -p "$1" "$2.part"
sync "$2.part"
mv "$2.part" "$2"`;
