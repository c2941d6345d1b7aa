/**
 * The ground a lab stands on: one state folder, one lock, and the clearing of what an earlier lab left.
 *
 * One lab at a time for each number, since a number fixes its addresses. Whether one runs is read from the machine (are
 * there processes in the lab's namespaces?), not from a file that a crash would leave behind.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../core/engine/errors";
import type { Assets } from "./assets";
import { removeInventory } from "./inventory";
import { removeStackConfig } from "./stack-config";
import { layersDir, OLD_ZOOKEEPER_HOME, stateDir, type Scenario } from "./layout";
import { namespaces, processesIn, removeNetwork } from "./network";
import { startTime } from "./processes";
import { must } from "./shell";
import { until } from "./wait";

/** What is known about the lab of this machine; `ready` is false while it boots, and after a crash on the way. */
export interface LabRecord {
  readonly scenario: Scenario;
  readonly znodes: number;
  readonly bootedBy: number;
  readonly ready: boolean;
}

const recordFile = () => join(stateDir(), "lab.json");

export function refuseWithoutRoot(): void {
  if (process.platform !== "linux") {
    throw new UserError(
      `The lab needs Linux, this is ${process.platform}. Run it in a Linux virtual machine.`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new UserError(
      "The lab needs root, for network namespaces and overlay mounts. Run it again with sudo.",
    );
  }
}

export function readRecord(): LabRecord | undefined {
  return existsSync(recordFile()) ? (JSON.parse(readFileSync(recordFile(), "utf8")) as LabRecord) : undefined;
}

/** @param flag `wx` to fail when there is one already */
export function writeRecord(record: LabRecord, flag: "w" | "wx" = "w"): void {
  writeFileSync(recordFile(), `${JSON.stringify(record)}\n`, { flag });
}

/**
 * Takes the ground for a new lab. Left-overs of a crashed one are cleared away.
 * @param replace take down a running lab instead of refusing
 * @returns true when there was something to clear
 * @throws UserError when a lab runs, or is being booted by another process
 */
export async function takeGround(record: LabRecord, replace: boolean): Promise<boolean> {
  const found = readRecord();
  const booting =
    found && !found.ready && found.bootedBy !== process.pid && startTime(found.bootedBy) !== undefined;
  const running = found?.ready === true && (await liveProcesses()).length > 0;
  if ((booting || running) && !replace) {
    const state = booting
      ? `is being booted by process ${found.bootedBy}`
      : `runs (scenario ${found?.scenario})`;
    throw new UserError(
      `A lab ${state}. One at a time for each PULUMI_ZOOKEEPER_LAB: npm run lab -- down, or up --replace.`,
    );
  }
  const cleared = found !== undefined || (await namespaces()).length > 0;
  if (cleared) await clearGround();
  mkdirSync(stateDir(), { recursive: true, mode: 0o700 });
  if (inMemory()) await must(["mount", "-t", "tmpfs", "-o", "size=50%,mode=700", DISKS, stateDir()]);
  try {
    writeRecord(record, "wx");
  } catch (cause) {
    throw new UserError("Another process took the ground for a lab at this very moment.", { cause });
  }
  return cleared;
}

/** Leaves nothing of the lab on the machine: processes, namespaces, links, mounts, disks, inventory. */
export async function clearGround(): Promise<void> {
  removeInventory();
  removeStackConfig();
  const doomed = await liveProcesses();
  for (const pid of doomed) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone with the first process of its host.
    }
  }
  await until("the lab's processes are gone", async () => {
    const left = await liveProcesses();
    return left.length === 0 ? undefined : `processes ${left.join(", ")} are still there`;
  });
  await removeNetwork();
  await unmount(LAYERS, layersDir());
  await unmount(DISKS, stateDir());
  for (const part of ["hosts", "saved", "keys", "layers", "lab.json"]) {
    rmSync(join(stateDir(), part), { recursive: true, force: true });
  }
  try {
    rmdirSync(stateDir());
  } catch {
    // A volume of its own, or never made.
  }
}

/**
 * Whether the hosts' disks lie in memory. They are put back before every test, and a file system that tells its device
 * of every freed block may take longer for that than the test. A host's power cut looks the same on both.
 */
const inMemory = () => process.env.PULUMI_ZOOKEEPER_LAB_IN_MEMORY === "1";

/** Of our file systems in memory: a folder of the lab may lie on a volume of the user's too. */
const DISKS = "pzk-lab";
const LAYERS = "pzk-layers";

async function unmount(source: string, folder: string): Promise<void> {
  const mounted = () => readFileSync("/proc/mounts", "utf8").includes(`${source} ${folder} tmpfs`);
  while (mounted()) await must(["umount", "-l", folder]);
}

/** Lays out the read-only layers of the hosts' disks in memory. */
export async function layLayers(assets: Assets, clickhouse: boolean): Promise<void> {
  mkdirSync(layersDir(), { recursive: true });
  await must(["mount", "-t", "tmpfs", "-o", "size=1g,mode=755", LAYERS, layersDir()]);
  const copy = (from: string, to: string) => must(["cp", "-a", from, join(layersDir(), to)]);
  const packages = ["base", "clock", ...(clickhouse ? ["clickhouse"] : [])];
  const jobs = packages.map((name) => copy(join(assets.labPackages, name), name));
  mkdirSync(join(layersDir(), "old-zookeeper/opt"), { recursive: true });
  jobs.push(copy(assets.oldZookeeper, join("old-zookeeper", OLD_ZOOKEEPER_HOME)));
  await Promise.all(jobs);
}

async function liveProcesses(): Promise<number[]> {
  return (await Promise.all((await namespaces()).map((name) => processesIn(name)))).flat();
}
