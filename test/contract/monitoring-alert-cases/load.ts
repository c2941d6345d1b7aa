/** Queues, latencies, growth and limits: see core/monitoring/alerts/load.ts. */
import { ensemble, pair, series, server, slowly } from "./case";

const zk1 = server("zk1");
const of = (name: string, more: Record<string, string> = {}) => series(name, { ...zk1, ...more });
const { job: _job, instance: _instance, ...perHost } = zk1;
const p99 = { quantile: "0.99" };
const heap = { area: "heap" };
const NONE = "NaN ".repeat(60).trim();

export const LOAD_CASES = [
  ...pair(
    "ZooKeeperOutstandingRequests",
    "5m",
    {
      says: "150 wait",
      input: { [of("outstanding_requests")]: "150x40" },
      labels: zk1,
      summary: "zk1: 150 requests wait",
    },
    { says: "150 wait for one scrape", input: { [of("outstanding_requests")]: "0x10 150 0x40" } },
  ),
  ...pair(
    "ZooKeeperSlowRequests",
    "10m",
    {
      says: "writes take 800 ms",
      input: { [of("updatelatency", p99)]: "800x60", [of("readlatency", p99)]: "2x60" },
      labels: { ...zk1, ...p99 },
      summary: "zk1: 1 % of the requests take longer than 800 ms",
    },
    {
      says: "no request at all: ZooKeeper answers NaN",
      input: { [of("updatelatency", p99)]: NONE, [of("readlatency", p99)]: NONE },
    },
  ),
  ...pair(
    "ZooKeeperSlowFsync",
    "15m",
    {
      says: "150 ms each",
      input: { [of("fsynctime_sum")]: "0+1500x80", [of("fsynctime_count")]: "0+10x80" },
      labels: zk1,
      summary: "zk1: the log's fsync takes 150 ms on average",
    },
    {
      says: "no fsync at all",
      input: { [of("fsynctime_sum")]: "1500x80", [of("fsynctime_count")]: "10x80" },
    },
  ),
  ...slowly(
    "ZooKeeperZnodesGrow",
    "90m",
    {
      says: "from 20 000 to 30 000",
      input: { [of("znode_count")]: "20000x13 30000x10" },
      labels: ensemble(),
      summary: "zk-new: 50% more znodes than an hour ago",
    },
    { says: "from 200 to 300", input: { [of("znode_count")]: "200x13 300x10" } },
  ),
  ...slowly(
    "ZooKeeperDataGrows",
    "90m",
    {
      says: "from 200 MB to 250 MB",
      input: { [of("approximate_data_size")]: "200000000x13 250000000x10" },
      labels: ensemble(),
      summary: "zk-new: 25% more data than an hour ago",
    },
    {
      says: "a side that the switchover fills",
      input: { [series("approximate_data_size", server("zk1", "idle"))]: "1000x13 250000000x10" },
    },
  ),
  ...pair(
    "ZooKeeperManyWatches",
    "15m",
    {
      says: "200 000",
      input: { [of("watch_count")]: "200000x80" },
      labels: zk1,
      summary: "zk1: 200000 watches",
    },
    { says: "exactly 100 000", input: { [of("watch_count")]: "100000x80" } },
  ),
  ...pair(
    "ZooKeeperManyEphemerals",
    "15m",
    {
      says: "60 000",
      input: { [of("ephemerals_count")]: "60000x80" },
      labels: ensemble(),
      summary: "zk-new: 60000 ephemeral znodes",
    },
    {
      says: "30 000 seen by each of two servers",
      input: {
        [of("ephemerals_count")]: "30000x80",
        [series("ephemerals_count", server("zk2"))]: "30000x80",
      },
    },
  ),
  ...pair(
    "ZooKeeperConnectionsNearLimit",
    "10m",
    {
      says: "50 of 60",
      input: { [of("num_alive_connections")]: "50x60" },
      labels: zk1,
      summary: "zk1: 50 connections; maxClientCnxns allows 60 for each client address",
    },
    { says: "40 of 60", input: { [of("num_alive_connections")]: "40x60" } },
  ),
  ...pair(
    "ZooKeeperConnectionsRejected",
    "5m",
    {
      says: "three more",
      input: { [of("connection_rejected")]: "7x10 10x40" },
      labels: zk1,
      summary: "zk1: turned clients away",
    },
    { says: "seven, long ago", input: { [of("connection_rejected")]: "7x40" } },
  ),
  ...pair(
    "ZooKeeperOpenFilesNearLimit",
    "10m",
    {
      says: "900 of 1000",
      input: { [of("open_file_descriptor_count")]: "900x60", [of("max_file_descriptor_count")]: "1000x60" },
      labels: zk1,
      summary: "zk1: 90% of the allowed files are open",
    },
    {
      says: "700 of 1000",
      input: { [of("open_file_descriptor_count")]: "700x60", [of("max_file_descriptor_count")]: "1000x60" },
    },
  ),
  ...pair(
    "ZooKeeperSessionsExpireInBursts",
    "10m",
    {
      says: "forty within a scrape",
      input: { [of("stale_sessions_expired")]: "5x29 45x40" },
      labels: zk1,
      summary: "zk-new: 40 sessions expired within five minutes",
    },
    { says: "one a minute", input: { [of("stale_sessions_expired")]: "0+0.25x60" } },
  ),
  ...pair(
    "ZooKeeperLargeRequestsRejected",
    "5m",
    {
      says: "one",
      input: { [of("large_requests_rejected")]: "0x10 1x40" },
      labels: zk1,
      summary: "zk1: refused a request for its size",
    },
    { says: "none", input: { [of("large_requests_rejected")]: "0x40" } },
  ),
  ...pair(
    "ZooKeeperGcPauses",
    "15m",
    {
      says: "1.5 s of every 15 in two collectors",
      input: {
        [of("jvm_gc_collection_seconds_sum", { gc: "young" })]: "0+0.75x80",
        [of("jvm_gc_collection_seconds_sum", { gc: "old" })]: "0+0.75x80",
      },
      labels: perHost,
      summary: "zk1: 10% of the time goes into garbage collection",
    },
    {
      says: "0.15 s of every 15",
      input: { [of("jvm_gc_collection_seconds_sum", { gc: "young" })]: "0+0.15x80" },
    },
  ),
  ...pair(
    "ZooKeeperHeapNearlyFull",
    "20m",
    {
      says: "never below 90 of 100",
      input: { [of("jvm_memory_bytes_used", heap)]: "90x100", [of("jvm_memory_bytes_max", heap)]: "100x100" },
      labels: { ...zk1, ...heap },
      summary: "zk1: 90% of the heap in use after collections",
    },
    {
      says: "a saw-tooth up to 95",
      input: {
        [of("jvm_memory_bytes_used", heap)]: "95x10 20 95x20 20 95x20 20 95x40",
        [of("jvm_memory_bytes_max", heap)]: "100x100",
      },
    },
  ),
];
