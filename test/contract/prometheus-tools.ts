/**
 * Runs Debian's promtool and prometheus for tests. They are looked for on PATH and where the set-up unpacks
 * packages; a machine without them fails the test and says what to do, since a skipped check is no check.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Path of a program of Debian's `prometheus` package. */
export function prometheusTool(name: "promtool" | "prometheus"): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...unpackedFolders()];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found)
    throw new Error(`${name} is not on this machine: run the set-up, or apt-get install prometheus`);
  return found;
}

/** Output and code of `promtool …`; never throws for a code other than 0. */
export function promtool(...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(prometheusTool("promtool"), args, { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(new Error(error.message, { cause: error }));
      else resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
    });
  });
}

function unpackedFolders(): string[] {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "pulumi-zookeeper");
  if (!existsSync(cache)) return [];
  return readdirSync(cache)
    .filter((entry) => entry.startsWith("lab-packages-"))
    .flatMap((entry) =>
      readdirSync(join(cache, entry)).map((part) => join(cache, entry, part, "usr", "bin")),
    );
}
