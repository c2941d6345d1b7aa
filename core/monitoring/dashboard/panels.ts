/**
 * What the dashboard shows, as data: rows of charts, each with its queries.
 *
 * Apart from how Grafana wants it (dashboard.ts), so that a test can hold every query against the metrics that real
 * servers answered. The migration row comes first, with the old side left and the new side right on the
 * same scale of time: on the night it is the one that is looked at.
 */

export interface Chart {
  readonly title: string;
  readonly unit: string;
  /** What a healthy value looks like, for the reader who sees this once in two years. */
  readonly says: string;
  /** A number for the present moment, or a line over time. */
  readonly kind: "stat" | "line";
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** Columns out of Grafana's 24. */
  readonly width: number;
}

export interface Row {
  readonly title: string;
  readonly charts: readonly Chart[];
}

const S = 'ensemble=~"$ensemble"';

export const ROWS: readonly Row[] = [
  {
    title: "Migration: old and new side by side",
    charts: (["old", "new"] as const)
      .flatMap((side) => [
        line(
          `Clients, ${side} side`,
          "short",
          `zookeeper:clients:sum{side="${side}"}`,
          "{{ensemble}} ({{role}})",
          "None on the side that is out of use.",
        ),
      ])
      .concat(
        (["old", "new"] as const).map((side) =>
          line(
            `Writes, ${side} side`,
            "wps",
            `zookeeper:writes:rate2m{side="${side}"}`,
            "{{ensemble}} ({{role}})",
            "Zero on the side that is out of use; on neither during the pause.",
          ),
        ),
        (["old", "new"] as const).map((side) =>
          line(
            `Znodes, ${side} side`,
            "short",
            `zookeeper:znodes:max{side="${side}"}`,
            "{{ensemble}} ({{role}})",
            "Equal on both sides right after the copy.",
          ),
        ),
      ),
  },
  {
    title: "Ensemble health",
    charts: [
      stat("Servers that serve", `zookeeper:serving:count{${S}}`, "{{ensemble}}", "All of them."),
      stat("Leaders", `zookeeper:leaders:count{${S}}`, "{{ensemble}}", "Exactly one."),
      stat(
        "Followers in sync",
        `synced_followers{${S}}`,
        "{{host}}",
        "One less than the ensemble has voters.",
      ),
      stat(
        "Digest mismatches",
        `max by (ensemble) (digest_mismatches_count{${S}})`,
        "{{ensemble}}",
        "Zero, always.",
      ),
      line(
        "Elections since start",
        "short",
        `election_time_count{${S}}`,
        "{{host}}",
        "Flat. Each step is an election and a pause for every writer.",
      ),
      line("Processes that answer", "short", `up{job="zookeeper",${S}}`, "{{host}}", "One for each server."),
    ],
  },
  {
    title: "Latency",
    charts: [
      line(
        "Reads, 99th percentile",
        "ms",
        `readlatency{quantile="0.99",${S}}`,
        "{{host}}",
        "A few milliseconds.",
      ),
      line(
        "Writes, 99th percentile",
        "ms",
        `updatelatency{quantile="0.99",${S}}`,
        "{{host}}",
        "Tens of milliseconds; it holds an fsync on a majority.",
      ),
      line(
        "Fsync of the log, mean",
        "ms",
        `zookeeper:fsync_ms:mean5m{${S}}`,
        "{{host}}",
        "A few milliseconds on a disk of its own.",
      ),
      line(
        "Leader's wait for a majority, 99th percentile",
        "ms",
        `quorum_ack_latency{quantile="0.99",${S}}`,
        "{{host}}",
        "Close to the network's round trip and one fsync.",
      ),
    ],
  },
  {
    title: "Throughput",
    charts: [
      line(
        "Writes of the ensemble",
        "wps",
        `zookeeper:writes:rate2m{${S}}`,
        "{{ensemble}}",
        "As on the same weekday before the switchover.",
      ),
      line(
        "Packets received",
        "pps",
        `rate(packets_received{${S}}[2m])`,
        "{{host}}",
        "Spread evenly over the servers.",
      ),
      line(
        "Bytes received",
        "Bps",
        `rate(bytes_received_count{${S}}[2m])`,
        "{{host}}",
        "Spread evenly over the servers.",
      ),
      line("Requests waiting", "short", `outstanding_requests{${S}}`, "{{host}}", "Near zero."),
    ],
  },
  {
    title: "Sessions and data",
    charts: [
      line(
        "Connections",
        "short",
        `num_alive_connections{${S}}`,
        "{{host}}",
        "Spread evenly over the servers.",
      ),
      line("Sessions", "short", `global_sessions{${S}}`, "{{host}}", "The same number on every server."),
      line(
        "Sessions expired within 5 minutes",
        "short",
        `increase(stale_sessions_expired{${S}}[5m])`,
        "{{host}}",
        "Near zero; a burst follows a network fault or a long pause.",
      ),
      line(
        "Connections turned away within 5 minutes",
        "short",
        `increase(connection_rejected{${S}}[5m])`,
        "{{host}}",
        "Zero.",
      ),
      line(
        "Ephemeral znodes",
        "short",
        `ephemerals_count{${S}}`,
        "{{host}}",
        "The same number on every server.",
      ),
      line("Watches", "short", `watch_count{${S}}`, "{{host}}", "Flat."),
      line("Znodes", "short", `znode_count{${S}}`, "{{host}}", "The same number on every server."),
      line("Data", "bytes", `approximate_data_size{${S}}`, "{{host}}", "The same size on every server."),
    ],
  },
  {
    title: "JVM",
    charts: [
      line(
        "Heap in use",
        "bytes",
        `jvm_memory_bytes_used{area="heap",${S}}`,
        "{{host}}",
        "A saw-tooth whose lower edge stays level.",
      ),
      line(
        "Time in garbage collection",
        "percentunit",
        `sum by (host) (rate(jvm_gc_collection_seconds_sum{${S}}[5m]))`,
        "{{host}}",
        "Below one per cent.",
      ),
      line("Threads", "short", `jvm_threads_current{${S}}`, "{{host}}", "Flat."),
      line("Open files", "short", `open_file_descriptor_count{${S}}`, "{{host}}", "Follows the connections."),
    ],
  },
  {
    title: "Hosts and disks",
    charts: [
      line(
        "Disk space left",
        "percentunit",
        `node_filesystem_avail_bytes{fstype!~"tmpfs|devtmpfs|squashfs|iso9660|ramfs|fuse.*",${S}} / node_filesystem_size_bytes{${S}}`,
        "{{host}} {{mountpoint}}",
        "Above ten per cent, and not falling for hours.",
      ),
      line(
        "Time the disk is busy",
        "percentunit",
        `rate(node_disk_io_time_seconds_total{${S}}[2m])`,
        "{{host}} {{device}}",
        "Far below 100 %; the log's fsync waits behind everything else.",
      ),
      line(
        "CPU busy",
        "percentunit",
        `1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle",${S}}[2m]))`,
        "{{host}}",
        "Low; ZooKeeper is bound by the disk.",
      ),
      line(
        "Memory available",
        "percentunit",
        `node_memory_MemAvailable_bytes{${S}} / node_memory_MemTotal_bytes{${S}}`,
        "{{host}}",
        "Above ten per cent; never swapping.",
      ),
    ],
  },
];

function line(title: string, unit: string, expr: string, legend: string, says: string): Chart {
  return { title, unit, says, kind: "line", queries: [{ expr, legend }], width: 12 };
}

function stat(title: string, expr: string, legend: string, says: string): Chart {
  return { title, unit: "short", says, kind: "stat", queries: [{ expr, legend }], width: 6 };
}
