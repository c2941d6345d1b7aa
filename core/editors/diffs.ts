/** What an edit would change in the same file of several hosts, as a reviewer reads it. Pure. */
import { unifiedDiff, type FindSecrets } from "./edit";
import { EditError } from "./errors";
import { decodeText } from "./text";

/**
 * @param edit the text that is wanted instead
 * @returns a unified diff for each `host:path`, secrets masked; none where nothing would change, or there is no file
 */
export function diffsOf(
  path: string,
  hosts: readonly { readonly name: string; readonly config?: Buffer }[],
  edit: (config: Buffer) => string,
  findSecrets: FindSecrets,
): Record<string, string[]> {
  const diffs: Record<string, string[]> = {};
  for (const { name, config } of hosts) {
    if (config === undefined) continue;
    const where = `${name}:${path}`;
    try {
      const before = decodeText(config).text;
      const after = edit(config);
      if (after !== before) diffs[where] = unifiedDiff(where, before, after, findSecrets);
    } catch (error) {
      // Already among the complaints; a file that cannot be edited has no diff.
      if (!(error instanceof EditError)) throw error;
    }
  }
  return diffs;
}
