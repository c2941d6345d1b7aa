/** zk-shell from PyPI, in a virtual environment of its own under the cache: the tool that people copy trees with. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../core/engine/errors";

const VERSION = "1.3.4";
const run = promisify(execFile);

/** @returns the path of its program. @throws UserError when there is no Python or no package index */
export async function installZkShell(): Promise<string> {
  const script = join(__dirname, "..", "scripts/setup/paths.mjs");
  const { cache = "" } = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as Record<
    string,
    string
  >;
  const folder = join(cache, `zk-shell-${VERSION}`);
  if (!existsSync(join(folder, "complete"))) {
    rmSync(folder, { recursive: true, force: true });
    try {
      await run("python3", ["-m", "venv", folder]);
      await run(join(folder, "bin/pip"), ["install", "--quiet", `zk_shell==${VERSION}`], {
        timeout: 300_000,
      });
    } catch (error) {
      throw new UserError(
        `zk-shell ${VERSION} could not be installed from PyPI: ${(error as Error).message}`,
      );
    }
    // A virtual environment cannot be renamed as a whole: its last file tells that it is complete.
    renameSync(join(folder, "pyvenv.cfg"), join(folder, "complete"));
    await run("cp", [join(folder, "complete"), join(folder, "pyvenv.cfg")]);
  }
  return join(folder, "bin/zk-shell");
}

/** Copies `root` to the same path. @returns seconds, of the whole program as its users run it */
export async function zkShellCopy(program: string, from: string, to: string, root: string): Promise<number> {
  const began = performance.now();
  const command = `cp zk://${from}${root} zk://${to}${root} true true`;
  const { stdout, stderr } = await run(program, ["--run-once", command, from], { timeout: 300_000 });
  const seconds = (performance.now() - began) / 1000;
  const { stdout: children } = await run(program, ["--run-once", `child_count ${root}`, to]);
  if (!/\d/.test(children)) throw new UserError(`zk-shell copied nothing: ${stdout}${stderr}${children}`);
  return seconds;
}
