/** In a checkout: refuses to run a build that is older than its sources. An installed package has no sources. */
import { existsSync, readFileSync } from "node:fs";
import { RunError } from "@pulumi/pulumi";
import { join } from "node:path";

export function refuseStale(): void {
  const dist = join(__dirname, "..");
  const script = join(dist, "..", "scripts", "sources-hash.cjs");
  if (!existsSync(script)) return;
  const { hashSources } = require(script) as { hashSources(): string };
  const stamp = join(dist, ".sources");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hashSources()) return;
  throw new RunError("dist/ was not built from these sources. Run: npm run build");
}
