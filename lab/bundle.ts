/** Compiles programs, each into one file: from its sources a program takes a second and more to start. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "./shell";

/**
 * Makes `NAME.cjs` of each `NAME.ts` in `folder` anew. What is left out is found from there when it runs, so that the
 * folder has to be in the checkout.
 * @param leftOut flags of esbuild that say which packages stay outside
 */
export async function bundle(
  programs: readonly string[],
  folder: string,
  leftOut: readonly string[],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const half = mkdtempSync(join(folder, "half-"));
  await must([
    require.resolve("esbuild/bin/esbuild"),
    ...programs,
    ...["--bundle", "--platform=node", "--target=node20", "--log-level=error"],
    ...leftOut,
    ...[`--outdir=${half}`, "--out-extension:.js=.cjs"],
  ]);
  // Renamed into place: somebody else may be starting from it.
  for (const file of readdirSync(half)) renameSync(join(half, file), join(folder, file));
  rmSync(half, { recursive: true });
}
