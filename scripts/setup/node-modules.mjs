/**
 * node_modules as package-lock.json has it, with the native `zookeeper` client built for this Node.
 *
 * npm writes its own record of what it installed as the last thing it does. Comparing that record with the lock
 * tells both an interrupted install and a changed lock, without a stamp of our own that could be wrong.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CHECKOUT } from "./paths.mjs";
import { run, SetupStop } from "./steps.mjs";

export async function nodeModules() {
  if (isAsLocked()) return "reused: node_modules, as package-lock.json has it";
  await run("npm", ["ci", "--no-audit", "--no-fund"], {
    title: "npm ci",
    cwd: CHECKOUT,
    env: npmEnvironment(),
    remedy: "It needs the npm registry and, for the zookeeper client, a C compiler, make, cmake and python3.",
  });
  return "installed by npm ci";
}

export async function nativeClient() {
  if (loads()) return "reused: zookeeper, the native client, loads";
  await run("npm", ["rebuild", "zookeeper"], {
    title: "npm rebuild zookeeper",
    cwd: CHECKOUT,
    env: npmEnvironment(),
    remedy: "It needs a C compiler, make, cmake and python3: apt-get install build-essential cmake python3",
  });
  if (!loads())
    throw new SetupStop("zookeeper, the native client, was built but does not load in this Node.");
  return "built zookeeper, the native client, for this Node";
}

function isAsLocked() {
  const installed = join(CHECKOUT, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const has = JSON.parse(readFileSync(installed, "utf8")).packages;
  const wants = JSON.parse(readFileSync(join(CHECKOUT, "package-lock.json"), "utf8")).packages;
  return Object.entries(wants).every(
    ([place, entry]) => place === "" || entry.optional || entry.link || has[place]?.version === entry.version,
  );
}

/** In a process of its own: a native module that does not fit may take the process with it. */
function loads() {
  try {
    execFileSync(process.execPath, ["-e", "require('zookeeper')"], { cwd: CHECKOUT, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** With Node's headers beside Node itself nothing needs to be fetched to compile against them. */
function npmEnvironment() {
  const prefix = resolve(process.execPath, "../..");
  const hasHeaders = existsSync(join(prefix, "include/node/node.h"));
  return hasHeaders ? { ...process.env, npm_config_nodedir: prefix } : process.env;
}
