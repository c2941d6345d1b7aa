/**
 * `Pulumi.lab.yaml`: the stack configuration for a lab, written beside the inventory. It holds no secret: the lab's
 * key is named by its path.
 */
import { rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import { METRIKA_XML } from "./clickhouse";
import type { Inventory, InventoryHost } from "./inventory";
import * as layout from "./layout";
import { metaList, PEGASUS_CONFIG, PEGASUS_ROOT, PEGASUS_RUN, PEGASUS_SERVICE } from "./pegasus-hosts";

/** `Pulumi.lab.yaml`, and `Pulumi.lab1.yaml` for lab 1. */
export const STACK_NAME = layout.LAB_NUMBER === 0 ? "lab" : `lab${layout.LAB_NUMBER}`;
export const STACK_CONFIG = resolve(__dirname, "..", `Pulumi.${STACK_NAME}.yaml`);

export function writeStackConfig(inventory: Inventory): void {
  const config = Object.fromEntries(
    Object.entries(stackConfig(inventory)).map(([key, value]) => [`pulumi-zookeeper:${key}`, value]),
  );
  writeFileSync(STACK_CONFIG, stringify({ config }));
}

export function removeStackConfig(): void {
  rmSync(STACK_CONFIG, { force: true });
}

export interface StackOptions {
  /**
   * The load of lab/load runs: its writers are the consumer's, paused and resumed by it, and known by their address.
   * @default false
   */
  readonly withLoad?: boolean;
}

/** The configuration by key, for tests that change one thing of it. */
export function stackConfig(inventory: Inventory, options: StackOptions = {}): Record<string, unknown> {
  const withRole = (role: layout.Role) =>
    Object.fromEntries(
      Object.entries(inventory.hosts)
        .filter(([, host]) => host.role === role)
        .map(([name, host]) => [name, { connection: connectionOf(host) }]),
    );
  const first = Object.values(inventory.hosts)[0] as InventoryHost;
  const zkServer = (verb: string) => `${layout.OLD_ZOOKEEPER_HOME}/bin/zkServer.sh ${verb}`;
  return {
    ssh: { user: first.user, privateKeyFile: first.keyPath },
    source: {
      hosts: withRole("old-zookeeper"),
      clientPort: layout.ZK_CLIENT_PORT,
      dataDir: layout.ZK_DATA_DIR,
      dataLogDir: layout.ZK_DATA_LOG_DIR,
      start: zkServer("start"),
      stop: zkServer("stop"),
    },
    target: {
      hosts: withRole("new-zookeeper"),
      version: inventory.distribution.version,
      distribution: { path: inventory.distribution.path, sha512: inventory.distribution.sha512 },
      // The same collector and compiler as the old ensemble's: three servers start at once on two cores.
      jvm: {
        initialHeap: "256m",
        maxHeap: "768m",
        flags: ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"],
      },
    },
    ...consumersOf(inventory, withRole, options),
  };
}

/** Scenario `pegasus` moves the metadata alone, by its tree; `full` moves the whole ensemble. */
function consumersOf(
  { scenario, hosts }: Inventory,
  withRole: (role: layout.Role) => Record<string, unknown>,
  options: StackOptions,
): Record<string, unknown> {
  const clickhouse = {
    kind: "clickhouse",
    hosts: withRole("clickhouse"),
    restart: "/usr/local/bin/clickhouse-service restart",
    stop: "/usr/local/bin/clickhouse-service stop",
    ...(options.withLoad ? { writers: loadWriters() } : {}),
  };
  const pegasus = {
    kind: "pegasus",
    metas: withRole("pegasus-meta"),
    configPath: PEGASUS_CONFIG,
    start: `${PEGASUS_SERVICE} start`,
    stop: `${PEGASUS_SERVICE} stop`,
    shell: `${PEGASUS_RUN} shell --cluster ${metaList(Object.values(hosts))}`,
    method: "copy",
  };
  switch (scenario) {
    case "clickhouse":
      return { consumers: { clickhouse } };
    case "pegasus":
      return {
        consumers: { pegasus },
        options: { strategy: { kind: "tree", roots: [PEGASUS_ROOT] } },
      };
    case "full":
      return { consumers: { clickhouse, pegasus } };
  }
}

/**
 * The writers are the load's, at the bridge. They resume where their replica's own metrika.xml points by then, so that
 * one command is right after a move, after the way back, and after a move that was taken back.
 */
function loadWriters(): Record<string, unknown> {
  return {
    pause: [{ run: "writers pause", on: "ck1" }],
    resume: [{ run: `writers follow ${METRIKA_XML}`, on: "ck1" }],
    addresses: [layout.BRIDGE_ADDRESS],
  };
}

function connectionOf(host: InventoryHost): Record<string, unknown> {
  return { host: host.address, port: host.sshPort, hostKey: host.hostKey };
}
