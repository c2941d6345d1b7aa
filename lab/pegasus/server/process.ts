/**
 * What every stand-in process does first: read its arguments, load its config.ini, say that it is a
 * stand-in, find out who it is, and end on SIGTERM with code 0 without closing anything, as the real one.
 */
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { Config, versionOf } from "./config";
import { Log, logHead } from "./log";
import type { Node } from "./records";

export interface StandInProcess {
  readonly config: Config;
  readonly log: Log;
  readonly self: Node;
  readonly port: number;
}

/** `CONFIG.ini -app_list <role>` */
export async function startProcess(
  role: "meta" | "replica",
  argv: readonly string[],
): Promise<StandInProcess> {
  const [path, option, appList] = argv;
  if (path === undefined || option !== "-app_list" || appList !== role) {
    process.stderr.write(`This is a stand-in. Usage: ${role}.ts CONFIG.ini -app_list ${role}\n`);
    process.exit(1);
  }
  const config = loadOrAbort(path);
  const version = versionOf(config.release);
  process.stdout.write(
    `${logHead("I")} : Pegasus server starting, pid(${process.pid}), version($Version: Pegasus Server ${version} ` +
      `(a stand-in for tests: it stores no data and is not Apache Pegasus)$)\n`,
  );
  const log = new Log(role, config.text("core", "data_dir", "./data"));
  // The ZooKeeper session is left open on purpose: its lock node lives on until the session times out.
  process.on("SIGTERM", () => process.exit(0));
  process.on("SIGINT", () => process.exit(0));

  const port = config.number(`apps.${role}`, "ports", role === "meta" ? 34601 : 34801);
  const host = config.text("network", "explicit_host_address", hostname());
  const { address } = await lookup(host, { family: 4 });
  const ip = `${address}:${port}`;
  return { config, log, port, self: { name: config.release === "2.5" ? ip : `${host}:${port}`, ip } };
}

function loadOrAbort(path: string): Config {
  try {
    return Config.load(path);
  } catch (error) {
    process.stderr.write(`${logHead("F")} stand-in: fail to load config file ${path}: ${String(error)}\n`);
    process.exit(134);
  }
}
