/** The side out of use: see core/monitoring/alerts/migration.ts. Old sides here speak by text file, as a 3.4 does. */
import { ensemble, node, pair, series, server } from "./case";

const old1 = node("old1", "stopped", "old");
const oldServing = node("old1", "serving", "old");
const newIdle = server("zk1", "idle");
const textfile = { ...oldServing, file: "/var/lib/prometheus/node-exporter/zookeeper-srvr.prom" };

export const MIGRATION_CASES = [
  ...pair(
    "ZooKeeperClientOnUnusedEnsemble",
    "5m",
    {
      says: "two clients on a fenced 3.4",
      input: { [series("zookeeper_srvr_clients", old1)]: "2x40" },
      labels: old1,
      summary: "old1: 2 clients on zk-old, which is out of use (stopped)",
    },
    {
      says: "the same clients before the switchover",
      input: {
        [series("zookeeper_srvr_clients", oldServing)]: "2x40",
        [series("num_alive_connections", newIdle)]: "0x40",
      },
    },
  ),
  ...pair(
    "ZooKeeperClientOnUnusedEnsemble",
    "5m",
    {
      says: "a client that is early on the new side",
      input: { [series("num_alive_connections", newIdle)]: "1x40" },
      labels: newIdle,
      summary: "zk1: 1 clients on zk-new, which is out of use (idle)",
    },
    {
      says: "a client that looked in for a minute",
      input: { [series("num_alive_connections", newIdle)]: "0x10 1x4 0x40" },
    },
  ),
  ...pair(
    "ZooKeeperWritesOnUnusedEnsemble",
    "10m",
    {
      says: "the zxid of the old side grows",
      input: { [series("zookeeper_srvr_zxid_counter", old1)]: "500+1x60" },
      labels: ensemble("stopped", "old"),
      summary: "zk-old is out of use (stopped) and is written to: these writes will be lost",
    },
    {
      says: "the zxid stands still after the switchover",
      input: {
        [series("zookeeper_srvr_zxid_counter", oldServing)]: "500+1x10 stale",
        [series("zookeeper_srvr_zxid_counter", old1)]: "_x11 511x60",
      },
    },
  ),
  ...pair(
    "ZooKeeperWritesOnUnusedEnsemble",
    "10m",
    {
      says: "writes on a new side after a roll back",
      input: { [series("proposal_count", newIdle)]: "0+3x60" },
      labels: ensemble("idle"),
      summary: "zk-new is out of use (idle) and is written to: these writes will be lost",
    },
    { says: "one probe write", input: { [series("proposal_count", newIdle)]: "7x12 8x60" } },
  ),
  ...pair(
    "ZooKeeperStoppedServerRuns",
    "5m",
    {
      says: "somebody started the old server again",
      input: { [series("zookeeper_srvr_up", old1)]: "0x8 1x40" },
      labels: old1,
      summary: "old1: a server of zk-old runs, which was stopped for the switchover",
    },
    { says: "it stays down", input: { [series("zookeeper_srvr_up", old1)]: "0x40" } },
  ),
  ...pair(
    "ZooKeeperTextfileStale",
    "20m",
    {
      says: "written at the start and never again",
      input: { [series("node_textfile_mtime_seconds", textfile)]: "0x100" },
      labels: textfile,
      summary: "old1: the numbers of zk-old are 20m 0s old",
    },
    {
      says: "written every minute",
      input: { [series("node_textfile_mtime_seconds", textfile)]: "0+15x100" },
    },
  ),
  ...pair(
    "ZooKeeperServerDoesNotAnswer",
    "5m",
    {
      says: "a serving 3.4 is silent",
      input: { [series("zookeeper_srvr_up", oldServing)]: "0x40" },
      labels: { ...oldServing, announced: "true" },
      summary: "old1 (zk-old): ZooKeeper does not answer srvr, or has no quorum",
    },
    { says: "a stopped one is", input: { [series("zookeeper_srvr_up", old1)]: "0x40" } },
  ),
];
