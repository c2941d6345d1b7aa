/**
 * A switchover without a fault, as Prometheus sees it: 20 minutes before, a pause of a minute, 20 minutes after.
 *
 * The old side is a 3.4 watched by text file; its roles are serving, then stopped. The new one is idle, is stopped,
 * emptied and started with the data, and then serves. Roles change in the targets, so each side has two sets of
 * series, and a set ends with `stale`, as Prometheus ends the series of a target that has gone.
 */
import { node, series, server } from "./case";

/** Samples before and after, one every 15 s. */
const BEFORE = 80;
const PAUSE = 4;
const HOSTS = ["1", "2", "3"];

const before = (values: string) => `${values}x${BEFORE - 1} stale`;
const after = (values: string) => `_x${BEFORE + PAUSE} ${values}x100`;

export const HEALTHY_SWITCHOVER: Readonly<Record<string, string>> = Object.assign(
  {},
  ...HOSTS.map((n) => ({ ...oldSide(`old${n}`), ...newSide(`zk${n}`, n === "1") })),
);

/** Every minute or so, and the pause itself. */
export const ANY_ALERT_FREE_MOMENTS = [
  "5m",
  "15m",
  "19m",
  "20m",
  "20m30s",
  "21m",
  "22m",
  "23m",
  "25m",
  "30m",
  "40m",
];

function oldSide(host: string): Record<string, string> {
  const serving = node(host, "serving", "old");
  const stopped = node(host, "stopped", "old");
  return {
    [series("up", serving)]: before("1"),
    [series("up", stopped)]: after("1"),
    [series("zookeeper_srvr_up", serving)]: before("1"),
    [series("zookeeper_srvr_up", stopped)]: after("0"),
    [series("zookeeper_srvr_clients", serving)]: before("2"),
    [series("zookeeper_srvr_zxid_counter", serving)]: `1000+5x${BEFORE - 1} stale`,
  };
}

function newSide(host: string, leads: boolean): Record<string, string> {
  const idle = server(host, "idle");
  const serving = server(host, "serving");
  return {
    [series("up", idle)]: before("1"),
    [series("up", serving)]: after("1"),
    [series("quorum_size", idle)]: before("3"),
    [series("quorum_size", serving)]: after("3"),
    [series("num_alive_connections", idle)]: before("0"),
    [series("num_alive_connections", serving)]: after("2"),
    [series("znode_count", idle)]: before("5"),
    [series("znode_count", serving)]: after("20134"),
    [series("proposal_count", idle)]: before("4"),
    [series("proposal_count", serving)]: `_x${BEFORE + PAUSE} 1+5x100`,
    ...(leads
      ? {
          [series("leader_uptime", idle)]: `0+15000x${BEFORE - 1} stale`,
          [series("leader_uptime", serving)]: `_x${BEFORE + PAUSE} 0+15000x100`,
          [series("synced_followers", idle)]: before("2"),
          [series("synced_followers", serving)]: after("2"),
        }
      : {}),
  };
}
