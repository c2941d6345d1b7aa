/** Quorum, leader and data: see core/monitoring/alerts/availability.ts. */
import { ensemble, pair, series, server } from "./case";

const [zk1, zk2, zk3] = [server("zk1"), server("zk2"), server("zk3")];
const all = [zk1, zk2, zk3];

/** The same series of several servers. */
function each(
  name: string,
  servers: readonly Record<string, string>[],
  values: string,
): Record<string, string> {
  return Object.fromEntries(servers.map((labels) => [series(name, labels), values]));
}

const allUp = each("up", all, "1x40");

export const AVAILABILITY_CASES = [
  ...pair(
    "ZooKeeperServerDown",
    "5m",
    {
      says: "one of three does not answer",
      input: { ...each("up", [zk1, zk2], "1x40"), ...each("up", [zk3], "0x40") },
      labels: { ...zk3, announced: "true" },
      summary: "zk3 (zk-new): the ZooKeeper process does not answer",
    },
    { says: "a server that was stopped on purpose", input: each("up", [server("zk3", "stopped")], "0x40") },
  ),
  ...pair(
    "ZooKeeperServerNotServing",
    "5m",
    {
      says: "zk3 answers without the gauges of a serving server",
      input: { ...allUp, ...each("quorum_size", [zk1, zk2], "3x40") },
      labels: { ...zk3, announced: "true" },
      summary: "zk3 (zk-new): runs, but has no quorum to serve with",
    },
    {
      says: "an election of half a minute",
      input: {
        ...allUp,
        ...each("quorum_size", [zk1, zk2], "3x40"),
        ...each("quorum_size", [zk3], "3x16 stale _ 3x40"),
      },
    },
  ),
  ...pair(
    "ZooKeeperQuorumLost",
    "5m",
    {
      says: "none of three serves",
      input: allUp,
      labels: { ...ensemble(), announced: "true" },
      summary: "zk-new: 0 servers serve, which is no majority; nothing can be written",
    },
    { says: "two of three serve", input: { ...allUp, ...each("quorum_size", [zk1, zk2], "3x40") } },
  ),
  ...pair(
    "ZooKeeperNoLeader",
    "5m",
    {
      says: "two servers run and nobody leads",
      input: each("up", [zk1, zk2], "1x40"),
      labels: { ...ensemble(), announced: "true" },
      summary: "zk-new: no server leads",
    },
    { says: "zk1 leads", input: { ...allUp, ...each("leader_uptime", [zk1], "0+15000x40") } },
  ),
  ...pair(
    "ZooKeeperTwoLeaders",
    "5m",
    {
      says: "zk1 and zk2 lead",
      input: { ...allUp, ...each("leader_uptime", [zk1, zk2], "0+15000x40") },
      labels: ensemble(),
      summary: "zk-new: 2 servers lead at once",
    },
    {
      says: "two ensembles with a leader each",
      input: { ...allUp, ...each("leader_uptime", [zk1, server("zk9", "idle", "old")], "0+15000x40") },
    },
  ),
  ...pair(
    "ZooKeeperFollowersOutOfSync",
    "5m",
    {
      says: "one follower of two",
      input: { ...each("synced_followers", [zk1], "1x40"), ...each("quorum_size", all, "3x40") },
      labels: { ...zk1, announced: "true" },
      summary: "zk-new: only 1 followers keep up with the leader zk1",
    },
    {
      says: "both followers",
      input: { ...each("synced_followers", [zk1], "2x40"), ...each("quorum_size", all, "3x40") },
    },
  ),
  ...pair(
    "ZooKeeperDigestMismatch",
    "5m",
    {
      says: "one mismatch",
      input: each("digest_mismatches_count", [zk2], "0x8 1x40"),
      labels: zk2,
      summary: "zk2 (zk-new): its data differs from the leader's",
    },
    { says: "none", input: each("digest_mismatches_count", all, "0x40") },
  ),
  ...pair(
    "ZooKeeperUnrecoverableError",
    "5m",
    {
      says: "one error",
      input: each("unrecoverable_error_count", [zk2], "0x8 1x40"),
      labels: zk2,
      summary: "zk2 (zk-new): a thread ended on an error it could not handle",
    },
    {
      says: "a restart takes the count back to zero",
      input: each("unrecoverable_error_count", [zk2], "1x8 0x40"),
    },
  ),
];
