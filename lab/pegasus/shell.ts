/**
 * Stand-in for Pegasus's shell: `echo "nodes -d" | tsx lab/pegasus/shell.ts --cluster a:34601,b:34601`.
 * `shell` as first argument is skipped, as `run.sh shell …` has it. See README.md.
 */
import { runShell } from "./shell/shell";

const words = process.argv.slice(2);
const value = (...names: readonly string[]) => {
  const at = words.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : words[at + 1];
};

const release = value("--release") ?? process.env["PEGASUS_STAND_IN_RELEASE"];
void runShell(
  {
    clusterName: value("-n", "--cluster_name") ?? "onebox",
    metas: (value("--cluster") ?? "127.0.0.1:34601,127.0.0.1:34602").split(","),
    release: release === "2.5" ? "2.5" : "HEAD",
  },
  process.stdin,
);
