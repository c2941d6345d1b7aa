/**
 * A process that does nothing but copy `/memory` from one ensemble to another, and reports its own peak memory: the
 * process that made the tree would count what it left behind. Started by tree.ts.
 */
import { copyTree, sayProgress } from "../core/zookeeper/tree";
import { endpointAt } from "./tree-seed";

export interface MemoryReport {
  readonly znodes: number;
  readonly seconds: number;
  /** Peak resident set, as the kernel has it: all of Node and of the compiler on the fly included. */
  readonly peakMb: number;
}

async function report(old: string, fresh: string): Promise<MemoryReport> {
  let told = 0;
  const { created, seconds } = await copyTree({
    source: endpointAt("old", old.split(",")),
    target: endpointAt("new", fresh.split(",")),
    roots: ["/memory"],
    options: {
      progress: (progress) => {
        if (++told % 10 === 0) console.log(`  ${sayProgress(progress)}`);
      },
    },
  });
  return { znodes: created, seconds, peakMb: Math.round(process.resourceUsage().maxRSS / 1024) };
}

void report(process.argv[2] ?? "", process.argv[3] ?? "").then(
  (done) => process.send?.(done, () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
