/**
 * Set-up from a fresh clone, with nothing installed: `node scripts/setup.mjs [--for unit|pulumi|lab]`.
 *
 * Plain Node without dependencies, since node_modules is the first thing it makes. `unit` is enough to compile and
 * run the unit tests, `pulumi` adds the Pulumi CLI, `lab` (the default) the servers of the lab. It may be run at
 * any time: what is there is reused, one line for each. The slow part, the Pulumi CLI, is made beside the rest.
 */
import { pathToFileURL } from "node:url";
import { labPackages, machineTools, refuseWithoutDebian } from "./setup/debian.mjs";
import { nativeClient, nodeModules } from "./setup/node-modules.mjs";
import { pulumi } from "./setup/pulumi.mjs";
import { alone, SetupStop, step } from "./setup/steps.mjs";
import { zookeeperReleases } from "./setup/zookeeper.mjs";

const PURPOSES = ["unit", "pulumi", "lab"];

/** Everything for one purpose; each includes the earlier ones. */
export async function setUp(purpose) {
  if (purpose === "lab") refuseWithoutDebian();
  await modules();
  if (purpose === "unit") return;
  const cli = alone("pulumi", () => step("pulumi", pulumi));
  await together(purpose === "lab" ? [cli, labParts()] : [cli]);
}

/** What the lab itself needs. The servers run without Pulumi, so nobody waits for its build to boot them. */
export async function setUpLabOnly() {
  refuseWithoutDebian();
  await modules();
  await labParts();
}

const modules = () => alone("node_modules", () => step("node_modules", nodeModules));

async function labParts() {
  await alone("lab", async () => {
    await step("zookeeper npm", nativeClient);
    await step("machine", machineTools);
    await step("lab packages", labPackages);
    await step("zookeeper", zookeeperReleases);
  });
}

/** Waits for all before it reports a failure, so that none is cut off in the middle. */
async function together(parts) {
  const failed = (await Promise.allSettled(parts)).filter((part) => part.status === "rejected");
  if (failed.length > 0) throw failed[0].reason;
}

/** Runs `work` as a program: a stop is one sentence and exit code 1, a bug keeps its stack. */
export async function asProgram(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof SetupStop ? `\nsetup: ${error.message}` : error);
    process.exitCode = 1;
  }
}

function purposeOf(args) {
  const at = args.indexOf("--for");
  const purpose = at < 0 ? "lab" : args[at + 1];
  if (args.length !== (at < 0 ? 0 : 2) || !PURPOSES.includes(purpose)) {
    throw new SetupStop(
      `found "${args.join(" ")}"; expected --for ${PURPOSES.join("|")}, or nothing for all of it.`,
    );
  }
  return purpose;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await asProgram(() => setUp(purposeOf(process.argv.slice(2))));
}
