/**
 * The machines: Debian's node exporter's names. Idle and stopped sides are watched too, for a roll back
 * needs their disks as much as the switchover needs the other ones'.
 */
import type { Alert } from "../alert";
import type { Monitoring } from "../desired";

/** Real file systems only: a full tmpfs or image mount is not the data's disk. */
const DISKS = 'fstype!~"tmpfs|devtmpfs|squashfs|iso9660|ramfs|fuse.*"';

export function hostAlerts({ thresholds }: Monitoring): Alert[] {
  return [
    {
      name: "HostNotAnswering",
      severity: "critical",
      expr: 'up{job="zookeeper-hosts"} == 0',
      for: "2m",
      summary: "{{ $labels.host }}: the node exporter does not answer; the host may be down",
    },
    {
      name: "HostCpuBusy",
      severity: "warning",
      expr: `1 - avg by (ensemble, host, side, role) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > ${thresholds.cpuBusy}`,
      for: "10m",
      summary: "{{ $labels.host }}: CPU {{ $value | humanizePercentage }} busy",
    },
    {
      name: "HostMemoryLow",
      severity: "warning",
      expr: `node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < ${thresholds.memoryAvailable}`,
      for: "5m",
      summary: "{{ $labels.host }}: {{ $value | humanizePercentage }} of the memory available",
    },
    {
      name: "HostDiskAlmostFull",
      severity: "critical",
      expr: `node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}} < ${thresholds.diskAvailable}`,
      for: "2m",
      summary: "{{ $labels.host }}: {{ $value | humanizePercentage }} left on {{ $labels.mountpoint }}",
    },
    {
      // From six hours' slope, so that one log roll does not count; half full already, so that a fresh disk does
      // not; and after three hours in one role, so that the files a switchover lays down are not taken for a trend.
      name: "HostDiskFullWithinADay",
      severity: "warning",
      expr:
        `predict_linear(node_filesystem_avail_bytes{${DISKS}}[6h], 86400) < 0 ` +
        `and node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}} < 0.5 ` +
        `and node_filesystem_avail_bytes{${DISKS}} offset 3h`,
      for: "30m",
      summary: "{{ $labels.host }}: {{ $labels.mountpoint }} will be full within a day",
    },
  ];
}
