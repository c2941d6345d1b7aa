/** Hosts: see core/monitoring/alerts/host.ts. */
import { type AlertCase, node, pair, series, slowly } from "./case";

const zk1 = node("zk1");
const { ensemble, host, side, role } = zk1;
const disk = { ...zk1, device: "/dev/vda", fstype: "ext4", mountpoint: "/opt" };
const avail = series("node_filesystem_avail_bytes", disk);
const size = series("node_filesystem_size_bytes", disk);
const tmpfs = { ...disk, fstype: "tmpfs", mountpoint: "/run" };
const idle = (cpu: string) => series("node_cpu_seconds_total", { ...zk1, cpu, mode: "idle" });
const free = series("node_memory_MemAvailable_bytes", zk1);
const total = series("node_memory_MemTotal_bytes", zk1);

export const HOST_CASES = [
  ...pair(
    "HostNotAnswering",
    "5m",
    {
      says: "the node exporter is gone",
      input: { [series("up", zk1)]: "0x40" },
      labels: zk1,
      summary: "zk1: the node exporter does not answer; the host may be down",
    },
    { says: "one scrape failed", input: { [series("up", zk1)]: "1x10 0 1x40" } },
  ),
  ...pair(
    "HostCpuBusy",
    "20m",
    {
      says: "both CPUs idle 5 % of the time",
      input: { [idle("0")]: "0+0.75x100", [idle("1")]: "0+0.75x100" },
      labels: { ensemble, host, side, role } as Record<string, string>,
      summary: "zk1: CPU 95% busy",
    },
    { says: "one CPU of two is busy", input: { [idle("0")]: "0+0.75x100", [idle("1")]: "0+15x100" } },
  ),
  ...pair(
    "HostMemoryLow",
    "10m",
    {
      says: "5 of 100 available",
      input: { [free]: "5x60", [total]: "100x60" },
      labels: zk1,
      summary: "zk1: 5% of the memory available",
    },
    { says: "15 of 100 available", input: { [free]: "15x60", [total]: "100x60" } },
  ),
  ...pair(
    "HostDiskAlmostFull",
    "5m",
    {
      says: "8 of 100 left",
      input: { [avail]: "8x40", [size]: "100x40" },
      labels: disk,
      summary: "zk1: 8% left on /opt",
    },
    {
      says: "only a tmpfs is full",
      input: {
        [avail]: "40x40",
        [size]: "100x40",
        [series("node_filesystem_avail_bytes", tmpfs)]: "0x40",
        [series("node_filesystem_size_bytes", tmpfs)]: "100x40",
      },
    },
  ),
  ...slowly(
    "HostDiskFullWithinADay",
    "7h",
    {
      says: "loses 2.4 of 100 an hour and has 43 left",
      input: { [avail]: "60-0.2x90", [size]: "100x90" },
      labels: disk,
      summary: "zk1: /opt will be full within a day",
    },
    {
      says: "loses as much, but is more than half empty",
      input: { [avail]: "95-0.2x90", [size]: "100x90" },
    },
  ),
  {
    alert: "HostDiskFullWithinADay",
    says: "a switchover has just filled the disk with its copy",
    interval: "5m",
    at: "2h",
    input: { [avail]: "60-1x30", [size]: "100x30" },
    fires: [],
  } satisfies AlertCase,
];
