/**
 * Where set-up keeps what it made, for set-up itself and for everything that uses it.
 *
 * All of it lies outside the checkout, so that a fresh clone on the same machine is ready in a second, and each
 * part has its version in its name, so that a newer checkout never picks up what an older one built.
 */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

export const PULUMI_VERSION = "3.259.0";
/** The last release of the Node language host that every module proxy still has. */
export const LANGUAGE_HOST_VERSION = "3.68.0";
export const NEW_ZOOKEEPER = "3.7.1";
export const OLD_ZOOKEEPER = "3.4.14";

/** `$XDG_CACHE_HOME/pulumi-zookeeper`, by default `~/.cache/pulumi-zookeeper`. */
export function cacheDir() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-zookeeper");
}

/** The Pulumi CLI, its language host and its dynamic-provider plugin, built from Go modules. */
export const builtPulumiDir = () => join(cacheDir(), `pulumi-${PULUMI_VERSION}`);
/** Which Pulumi set-up settled on: `{ bin, origin, version }`. */
export const pulumiChoiceFile = () => join(cacheDir(), "pulumi.json");
/**
 * Debian's packages, unpacked and not installed: `base`, `clickhouse` and `clock` are layers of a lab host's disk,
 * `monitoring` is run by the tests from where it lies.
 */
export const labPackagesDir = () => join(cacheDir(), "lab-packages-1");
/** `apache-zookeeper-3.7.1-bin.tar.gz` and its `.sha512`, and the folder of 3.4.14. */
export const zookeeperDir = () => join(cacheDir(), "zookeeper-1");
export const newZookeeperTarball = () => join(zookeeperDir(), `apache-zookeeper-${NEW_ZOOKEEPER}-bin.tar.gz`);
export const oldZookeeperDir = () => join(zookeeperDir(), `zookeeper-${OLD_ZOOKEEPER}`);
export const logDir = () => join(cacheDir(), "logs");

/** Folder of the `pulumi` executable, or undefined while set-up has not run. It must lead PATH: plugins lie in it. */
export function pulumiBinDir() {
  if (!existsSync(pulumiChoiceFile())) return undefined;
  const { bin } = JSON.parse(readFileSync(pulumiChoiceFile(), "utf8"));
  return isExecutable(join(bin, "pulumi")) ? bin : undefined;
}

/** Everything above as data, for code that cannot import an ES module: `node scripts/setup/paths.mjs`. */
export function allPaths() {
  return {
    cache: cacheDir(),
    pulumiBin: pulumiBinDir() ?? null,
    labPackages: labPackagesDir(),
    newZookeeperTarball: newZookeeperTarball(),
    oldZookeeper: oldZookeeperDir(),
  };
}

/** This process's environment with Pulumi's folder first on PATH and its chatter about updates off. */
export function withPulumi(env = process.env) {
  const bin = pulumiBinDir();
  return {
    ...env,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(bin ? { PATH: `${bin}${delimiter}${env.PATH ?? ""}` } : {}),
  };
}

/** Full path of a program on PATH, or undefined. `node_modules/.bin` is left out: npm puts launchers there. */
export function onPath(program) {
  const folders = `${process.env.PATH ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  return folders
    .filter((folder) => folder && !folder.includes("node_modules"))
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(allPaths(), null, 2));
