/**
 * The lab as a library: boot it, reach its hosts, save and restore its disks, take it down.
 *
 * Boot order: hosts all at once, then the old ensemble's quorum, then ClickHouse's tables and the seed beside each
 * other. Each step waits for the thing itself (a leader, a writable table), never for a while.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../core/engine/errors";
import { findAssets } from "./assets";
import { createTables } from "./clickhouse";
import { createKeys, Disk } from "./disk";
import { clearGround, layLayers, readRecord, refuseWithoutRoot, takeGround, writeRecord } from "./ground";
import { LabHost } from "./host";
import { readInventory, takeInventory, writeInventory, type Inventory } from "./inventory";
import { writeStackConfig } from "./stack-config";
import { hostDir, hostsOf, savedDir, withRole, type HostSpec, type Scenario } from "./layout";
import { createNetwork } from "./network";
import { bundlePegasus } from "./pegasus/bundle";
import { untilQuorum } from "./old-zookeeper";
import { PARTS } from "./parts";
import { seedZnodes } from "./seed";
import { must } from "./shell";

export interface LabOptions {
  /** @default "clickhouse" */
  readonly scenario?: Scenario;
  /** Znodes to load into the old ensemble. @default 0 */
  readonly znodes?: number;
  /** Take down a lab that runs, instead of refusing. @default false */
  readonly replace?: boolean;
  /** Gets a line for each thing done. @default silent */
  readonly say?: (line: string) => void;
}

/**
 * Boots a lab from nothing.
 * @throws UserError without Linux, root or set-up, or when a lab runs already
 */
export async function bootLab(options: LabOptions = {}): Promise<Lab> {
  const { scenario = "clickhouse", znodes = 0, replace = false, say = () => undefined } = options;
  refuseWithoutRoot();
  const assets = findAssets();
  const record = { scenario, znodes, bootedBy: process.pid, ready: false };
  if (await takeGround(record, replace)) say("cleared away the lab that was there");
  const specs = hostsOf(scenario);
  if (withRole(specs, "pegasus-meta").length > 0) await bundlePegasus();
  const clickhouse = withRole(specs, "clickhouse");
  await Promise.all([layLayers(assets, clickhouse.length > 0), createKeys(specs), createNetwork(specs)]);

  const lab = new Lab(specs, takeInventory(scenario, specs, assets), znodes);
  await Promise.all(specs.map((spec) => lab.resetHost(spec.name)));
  say(`${specs.length} hosts are up: ${specs.map((spec) => spec.name).join(", ")}`);
  await untilQuorum(lab.oldEnsemble);
  say(`old ensemble: 3.4.14 serves at ${lab.inventory.old}`);
  await Promise.all([
    createTables(clickhouse).then(
      () => clickhouse.length > 0 && say("ClickHouse: tables created on both replicas"),
    ),
    znodes > 0 &&
      seedZnodes(lab.inventory.old, znodes).then((rate) => say(`seeded ${znodes} znodes, ${rate}/s`)),
  ]);
  await lab.untilReady();
  writeInventory(lab.inventory);
  writeStackConfig(lab.inventory);
  writeRecord({ ...record, ready: true });
  return lab;
}

/**
 * The lab that runs on this machine, booted by whoever.
 * @throws UserError when there is none
 */
export function attachLab(): Lab {
  const record = readRecord();
  if (!record?.ready) throw new UserError("No lab is running. Run: npm run lab -- up");
  return new Lab(hostsOf(record.scenario), readInventory(), record.znodes);
}

export class Lab {
  private readonly hosts: ReadonlyMap<string, LabHost>;

  constructor(
    readonly specs: readonly HostSpec[],
    readonly inventory: Inventory,
    private readonly znodes: number,
  ) {
    this.hosts = new Map(specs.map((spec) => [spec.name, new LabHost(spec)]));
  }

  get oldEnsemble(): HostSpec[] {
    return withRole(this.specs, "old-zookeeper");
  }

  get clickhouse(): HostSpec[] {
    return withRole(this.specs, "clickhouse");
  }

  /** @throws UserError for a name that is not in this scenario */
  host(name: string): LabHost {
    const host = this.hosts.get(name);
    if (!host)
      throw new UserError(
        `There is no host ${name} in the lab. There are: ${[...this.hosts.keys()].join(", ")}`,
      );
    return host;
  }

  /** Waits until what starts at boot serves: one leader, writable tables. What was disabled is not waited for. */
  async untilReady(): Promise<void> {
    await PARTS["old-zookeeper"].untilReady(this.oldEnsemble);
    const roles = [...new Set(this.specs.map((spec) => spec.role))].filter(
      (role) => role !== "old-zookeeper",
    );
    await Promise.all(roles.map((role) => PARTS[role].untilReady(withRole(this.specs, role))));
  }

  /** Power cut, empty disk, fresh boot: the host as it was delivered. */
  async resetHost(name: string): Promise<void> {
    const host = this.host(name);
    await host.kill();
    const disk = new Disk(name);
    await disk.wipe(this.specs);
    PARTS[host.spec.role].put(disk, host.spec, { everyHost: this.specs, znodes: this.znodes });
    await host.start();
  }

  /** Shuts all hosts down, ClickHouse first so that it leaves no session behind, keeps their disks, boots again. */
  async save(name: string): Promise<void> {
    const hosts = [...this.hosts.values()];
    await Promise.all(hosts.filter((host) => host.spec.role === "clickhouse").map((host) => host.shutDown()));
    await Promise.all(hosts.map((host) => host.shutDown()));
    rmSync(savedDir(name), { recursive: true, force: true });
    mkdirSync(savedDir(name), { recursive: true });
    await Promise.all(hosts.map((host) => copyFolder(host.ownDisk, join(savedDir(name), host.name))));
    await this.startAll();
  }

  /** Puts the disks of {@link save} back and boots: every host as it was then, whatever has happened since. */
  async restore(name: string): Promise<void> {
    if (!existsSync(savedDir(name))) throw new UserError(`Nothing was saved as ${name}.`);
    await Promise.all(
      [...this.hosts.values()].map(async (host) => {
        await host.kill();
        for (const part of ["upper", "work"]) {
          rmSync(join(hostDir(host.name), part), { recursive: true, force: true });
        }
        mkdirSync(join(hostDir(host.name), "work"));
        await copyFolder(join(savedDir(name), host.name), host.ownDisk);
      }),
    );
    await this.startAll();
  }

  /** Takes everything down; nothing of the lab is left on the machine. */
  down(): Promise<void> {
    return clearGround();
  }

  private async startAll(): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.start()));
    await this.untilReady();
  }
}

/** With owners, modes and the overlay's own attributes; shares blocks where the file system can. */
function copyFolder(from: string, to: string): Promise<string> {
  return must(["cp", "-a", "--reflink=auto", from, to]);
}
