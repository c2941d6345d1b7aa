/**
 * Whether the ensemble keeps up: queues, latencies, growth, and the limits it runs into.
 *
 * Latencies come from the summaries of the last minutes; `avg_latency` and `max_latency` reach back to the start
 * of the process and would stay red for days after one bad minute.
 */
import type { Alert } from "../alert";
import type { Monitoring } from "../desired";

export function loadAlerts(monitoring: Monitoring): Alert[] {
  const { thresholds } = monitoring;
  return [
    {
      name: "ZooKeeperOutstandingRequests",
      severity: "warning",
      expr: `outstanding_requests > ${thresholds.outstandingRequests}`,
      for: "2m",
      summary: "{{ $labels.host }}: {{ $value }} requests wait",
    },
    {
      name: "ZooKeeperSlowRequests",
      severity: "warning",
      expr: ["readlatency", "updatelatency"]
        .map((name) => `${name}{quantile="0.99"} > ${thresholds.requestLatencyMs}`)
        .join(" or "),
      for: "5m",
      summary: "{{ $labels.host }}: 1 % of the requests take longer than {{ $value }} ms",
    },
    {
      name: "ZooKeeperSlowFsync",
      severity: "warning",
      expr: `zookeeper:fsync_ms:mean5m > ${thresholds.fsyncMs}`,
      for: "5m",
      summary: "{{ $labels.host }}: the log's fsync takes {{ $value | humanize }} ms on average",
    },
    growth("ZooKeeperZnodesGrow", "zookeeper:znodes:max", 10_000, "znodes", thresholds.growthPerHour),
    growth("ZooKeeperDataGrows", "zookeeper:data_bytes:max", 100_000_000, "data", thresholds.growthPerHour),
    {
      name: "ZooKeeperManyWatches",
      severity: "warning",
      expr: `watch_count > ${thresholds.watches}`,
      for: "10m",
      summary: "{{ $labels.host }}: {{ $value }} watches",
    },
    {
      name: "ZooKeeperManyEphemerals",
      severity: "warning",
      expr: `max by (ensemble, side, role) (ephemerals_count) > ${thresholds.ephemerals}`,
      for: "10m",
      summary: "{{ $labels.ensemble }}: {{ $value }} ephemeral znodes",
    },
    ...connectionAlerts(monitoring),
    {
      name: "ZooKeeperOpenFilesNearLimit",
      severity: "warning",
      expr: `open_file_descriptor_count / max_file_descriptor_count > ${thresholds.nearLimit}`,
      for: "5m",
      summary: "{{ $labels.host }}: {{ $value | humanizePercentage }} of the allowed files are open",
    },
    {
      name: "ZooKeeperSessionsExpireInBursts",
      severity: "warning",
      expr: `increase(stale_sessions_expired[5m]) > ${thresholds.expiredSessions}`,
      for: "0s",
      summary: "{{ $labels.ensemble }}: {{ $value | humanize }} sessions expired within five minutes",
    },
    {
      name: "ZooKeeperLargeRequestsRejected",
      severity: "warning",
      expr: "increase(large_requests_rejected[15m]) > 0",
      for: "0s",
      summary: "{{ $labels.host }}: refused a request for its size",
    },
  ];
}

/** Needs `metricsProvider.exportJvmInfo`. */
export function jvmAlerts({ thresholds }: Monitoring): Alert[] {
  return [
    {
      name: "ZooKeeperGcPauses",
      severity: "warning",
      expr: `sum by (ensemble, host, side, role) (rate(jvm_gc_collection_seconds_sum[5m])) > ${thresholds.gcTime}`,
      for: "5m",
      summary:
        "{{ $labels.host }}: {{ $value | humanizePercentage }} of the time goes into garbage collection",
    },
    {
      // The lowest use within ten minutes is what a collection leaves behind; the peaks before one mean nothing.
      name: "ZooKeeperHeapNearlyFull",
      severity: "warning",
      expr:
        `min_over_time(jvm_memory_bytes_used{area="heap"}[10m]) ` +
        `/ jvm_memory_bytes_max{area="heap"} > ${thresholds.nearLimit}`,
      for: "5m",
      summary: "{{ $labels.host }}: {{ $value | humanizePercentage }} of the heap in use after collections",
    },
  ];
}

/**
 * Only on the side that serves, for the other one is filled by the switchover itself; and only at a size that
 * matters, for three znodes that become four are no growth.
 */
function growth(name: string, series: string, matters: number, what: string, share: number): Alert {
  const serving = `${series}{role="serving"}`;
  return {
    name,
    severity: "warning",
    expr: `${serving} / (${serving} offset 1h) - 1 > ${share} and ${serving} > ${matters}`,
    for: "10m",
    summary: `{{ $labels.ensemble }}: {{ $value | humanizePercentage }} more ${what} than an hour ago`,
  };
}

/** maxClientCnxns limits one client address on one server; ZooKeeper does not tell addresses apart in its metrics. */
function connectionAlerts({ maxClientCnxns, clientHosts, thresholds }: Monitoring): Alert[] {
  const rejected: Alert = {
    name: "ZooKeeperConnectionsRejected",
    severity: "critical",
    expr: "increase(connection_rejected[5m]) > 0",
    for: "0s",
    summary: "{{ $labels.host }}: turned clients away",
  };
  if (maxClientCnxns === 0) return [rejected];
  const limit = maxClientCnxns * clientHosts * thresholds.nearLimit;
  return [
    {
      name: "ZooKeeperConnectionsNearLimit",
      severity: "warning",
      expr: `num_alive_connections > ${limit}`,
      for: "5m",
      summary: `{{ $labels.host }}: {{ $value }} connections; maxClientCnxns allows ${maxClientCnxns} for each client address`,
    },
    rejected,
  ];
}
