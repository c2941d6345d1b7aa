/** The stand-in's three programs as files that start at once: a switchover asks the shell a dozen times. */
import { join } from "node:path";
import { bundle } from "../bundle";
import { checkout } from "../layout";

/** In the checkout, so that the native ZooKeeper client is found from there; `bin/` looks there too. */
export const BUNDLE = join(checkout(), ".lab/pegasus-stand-in");

/** Makes `meta.cjs`, `replica.cjs` and `shell.cjs` in {@link BUNDLE} anew. */
export async function bundlePegasus(): Promise<void> {
  const programs = ["meta", "replica", "shell"].map((program) => join(__dirname, `${program}.ts`));
  await bundle(programs, BUNDLE, ["--external:zookeeper"]);
}
