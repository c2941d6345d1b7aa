/** Runs the published procedure, a shell script beside this file, on the lab. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { METRIKA_XML } from "../../lab/clickhouse";
import type { Inventory } from "../../lab/inventory";
import * as layout from "../../lab/layout";
import type { MigrationDesired } from "../../core/run/desired";
import { sidesOf } from "../../core/run/sides";
import type { Phases } from "./table";

/** @throws Error with what the script printed when one of its commands failed */
export async function runPublished(
  desired: MigrationDesired,
  inventory: Inventory,
  to: "target" | "source",
): Promise<Phases> {
  const sides = sidesOf(desired, to);
  const addresses = (servers: readonly { readonly address: string }[]) =>
    servers.map(({ address }) => address).join(" ");
  const hosts = Object.values(inventory.hosts);
  const clickhouse = desired.consumers.find(({ kind }) => kind === "clickhouse");
  const child = spawn("bash", [join(__dirname, "published-procedure.sh")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      KEY: hosts[0]?.keyPath,
      FROM: addresses(sides.from.servers),
      TO: addresses(sides.to.servers),
      CLICKHOUSE: addresses(hosts.filter(({ role }) => role === "clickhouse")),
      DATA: layout.ZK_DATA_DIR,
      LOG: layout.ZK_DATA_LOG_DIR,
      TO_START: sides.to.start,
      TO_STOP: sides.to.stop,
      TO_OWNER: sides.to.managed?.runAs ?? "root",
      PORT: String(sides.to.clientPort),
      METRIKA: METRIKA_XML,
      RESTART: clickhouse?.kind === "clickhouse" ? clickhouse.restart : undefined,
    },
  });
  let complaint = "";
  child.stderr.on("data", (text) => (complaint += String(text)));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const phases: Phases = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, seconds] = /^phase (\S+) ([\d.]+)$/.exec(line) ?? [];
    if (name === undefined) complaint += `${line}\n`;
    else phases.push({ name: name.replaceAll("-", " "), seconds: Number(seconds) });
  }
  if ((await ended) === 0) return phases;
  throw new Error(`the published procedure failed after ${phases.at(-1)?.name ?? "no phase"}: ${complaint}`);
}
