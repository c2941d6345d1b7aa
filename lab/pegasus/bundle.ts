/**
 * Compiles the stand-in's three programs, each into one file: from its sources a shell would take a second to start,
 * and a switchover asks it a dozen times.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../layout";
import { must } from "../shell";

/** In the checkout, so that the native ZooKeeper client is found from there; `bin/` looks there too. */
export const BUNDLE = join(checkout(), ".lab/pegasus-stand-in");

/** Makes `meta.cjs`, `replica.cjs` and `shell.cjs` in {@link BUNDLE} anew. */
export async function bundlePegasus(): Promise<void> {
  mkdirSync(BUNDLE, { recursive: true });
  const half = mkdtempSync(join(BUNDLE, "half-"));
  await must([
    require.resolve("esbuild/bin/esbuild"),
    ...["meta", "replica", "shell"].map((program) => join(__dirname, `${program}.ts`)),
    ...["--bundle", "--platform=node", "--target=node20", "--external:zookeeper", "--log-level=error"],
    ...[`--outdir=${half}`, "--out-extension:.js=.cjs"],
  ]);
  // Renamed into place: another lab may be starting its servers from it.
  for (const file of readdirSync(half)) renameSync(join(half, file), join(BUNDLE, file));
  rmSync(half, { recursive: true });
}
