/** What set-up made for the lab: scripts/setup/paths.mjs alone knows where, and is asked. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../core/engine/errors";
import { checkout } from "./layout";

export interface Assets {
  /** Folders `base` and `clickhouse`: Debian's packages, unpacked. */
  readonly labPackages: string;
  readonly newZookeeperTarball: string;
  /** SHA-512 of the tarball, in hexadecimal. */
  readonly newZookeeperSha512: string;
  readonly oldZookeeper: string;
  /** Folder of the `pulumi` executable; absent while only the lab's part of set-up has run. */
  readonly pulumiBin?: string;
}

/** @throws UserError when set-up has not been run */
export function findAssets(): Assets {
  const script = join(checkout(), "scripts/setup/paths.mjs");
  const paths = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as Record<
    string,
    string
  >;
  const { labPackages = "", newZookeeperTarball = "", oldZookeeper = "", pulumiBin } = paths;
  const missing = [labPackages, newZookeeperTarball, oldZookeeper].find((path) => !existsSync(path));
  if (missing !== undefined)
    throw new UserError(`The lab's servers are not there: ${missing}. Run: npm run setup`);
  const sum = readFileSync(`${newZookeeperTarball}.sha512`, "utf8").split(" ")[0] ?? "";
  return {
    labPackages,
    newZookeeperTarball,
    newZookeeperSha512: sum,
    oldZookeeper,
    pulumiBin: pulumiBin || undefined,
  };
}
