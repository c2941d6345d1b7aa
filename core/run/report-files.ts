/** Where reports and plan pages lie on the operator's machine: a page, and the same as JSON beside it. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { MigrationDesired } from "./desired";

/**
 * Writes both files, whole or not at all.
 * @param name without extension
 * @returns absolute path of the page
 */
export async function writePage(
  { reports }: Pick<MigrationDesired, "reports">,
  name: string,
  page: { readonly html: string; readonly data: unknown },
): Promise<string> {
  const folder = resolve(reports);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.html`);
  await replace(join(folder, `${name}.json`), `${JSON.stringify(page.data, undefined, 2)}\n`);
  await replace(path, page.html);
  return path;
}

async function replace(path: string, content: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, content);
  await rename(part, path);
}
