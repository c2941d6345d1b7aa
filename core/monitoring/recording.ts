/**
 * Recording rules: the sums that several alerts and panels share, computed once and named once.
 *
 * A ZooKeeper server without quorum goes on answering its metrics port, but drops the gauges of a
 * serving one (`quorum_size`, `znode_count`, …), and only the leader has `leader_uptime` (seen on a
 * real 3.7.1; test/unit/monitoring/recorded). Presence is therefore the health check, and every count
 * starts from `up` times zero, so that "none" is a 0 and not a missing series that no alert can compare.
 */

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const BY = "by (ensemble, side, role)";
const NONE = `(0 * count ${BY} (up{job="zookeeper"}))`;

export const RECORDINGS: readonly RecordingRule[] = [
  { record: "zookeeper:servers:count", expr: `count ${BY} (up{job="zookeeper"})` },
  { record: "zookeeper:serving:count", expr: `count ${BY} (quorum_size) or ${NONE}` },
  { record: "zookeeper:leaders:count", expr: `count ${BY} (leader_uptime) or ${NONE}` },
  {
    record: "zookeeper:clients:sum",
    expr: `sum ${BY} (num_alive_connections) or sum ${BY} (zookeeper_srvr_clients)`,
  },
  {
    // Only the leader counts proposals. Where `srvr` is all there is, the zxid's lower half grows by one a write.
    record: "zookeeper:writes:rate2m",
    expr: `sum ${BY} (rate(proposal_count[2m])) or max ${BY} (rate(zookeeper_srvr_zxid_counter[2m]))`,
  },
  { record: "zookeeper:znodes:max", expr: `max ${BY} (znode_count) or max ${BY} (zookeeper_srvr_znodes)` },
  { record: "zookeeper:data_bytes:max", expr: `max ${BY} (approximate_data_size)` },
  { record: "zookeeper:fsync_ms:mean5m", expr: "rate(fsynctime_sum[5m]) / rate(fsynctime_count[5m])" },
];
