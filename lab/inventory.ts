/**
 * `.lab/inventory.json`: how to reach everything in the lab, for programs of this repository and for people.
 *
 * It is written when the lab is ready, and removed first when it goes: a program that finds it may use it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../core/engine/errors";
import type { Assets } from "./assets";
import { clientKeyFile, hostKeyOf, PLAIN_USER } from "./disk";
import * as layout from "./layout";

export interface InventoryHost extends layout.HostSpec {
  readonly sshPort: number;
  readonly user: string;
  readonly keyPath: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** A user without root who may use sudo without a password. */
  readonly plainUser: { readonly user: string; readonly keyPath: string };
}

export interface Inventory {
  readonly createdAt: string;
  readonly scenario: layout.Scenario;
  /** By name, the old ensemble first. */
  readonly hosts: Readonly<Record<string, InventoryHost>>;
  /** Connect string of the old ensemble. */
  readonly old: string;
  /** Connect string of the new hosts; nothing answers there before ZooKeeper is installed. */
  readonly new: string;
  readonly distribution: { readonly version: string; readonly path: string; readonly sha512: string };
  readonly clickhouse: { readonly httpPort: number; readonly tcpPort: number };
}

export function takeInventory(
  scenario: layout.Scenario,
  hosts: readonly layout.HostSpec[],
  assets: Assets,
): Inventory {
  return {
    createdAt: new Date().toISOString(),
    scenario,
    hosts: Object.fromEntries(
      hosts.map((host) => [
        host.name,
        {
          ...host,
          sshPort: layout.SSH_PORT,
          user: "root",
          keyPath: clientKeyFile("root"),
          hostKey: hostKeyOf(host.name),
          plainUser: { user: PLAIN_USER, keyPath: clientKeyFile(PLAIN_USER) },
        },
      ]),
    ),
    old: layout.connectString(layout.withRole(hosts, "old-zookeeper")),
    new: layout.connectString(layout.withRole(hosts, "new-zookeeper")),
    distribution: { version: "3.7.1", path: assets.newZookeeperTarball, sha512: assets.newZookeeperSha512 },
    clickhouse: { httpPort: layout.CLICKHOUSE_HTTP_PORT, tcpPort: layout.CLICKHOUSE_TCP_PORT },
  };
}

export function writeInventory(inventory: Inventory): void {
  mkdirSync(dirname(layout.inventoryFile()), { recursive: true });
  writeFileSync(layout.inventoryFile(), `${JSON.stringify(inventory, null, 2)}\n`);
}

/** @throws UserError when there is none */
export function readInventory(file = layout.inventoryFile()): Inventory {
  if (!existsSync(file))
    throw new UserError(`There is no lab: ${file} does not exist. Run: npm run lab -- up`);
  return JSON.parse(readFileSync(file, "utf8")) as Inventory;
}

export function removeInventory(): void {
  rmSync(layout.inventoryFile(), { force: true });
}
