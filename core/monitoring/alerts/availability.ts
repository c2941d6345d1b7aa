/**
 * Whether the ensemble stands: processes, quorum, one leader, followers in step, equal data.
 *
 * Each waits longer than a switchover's pause usually takes; those that a longer pause would still set off
 * are marked announced.
 */
import { RUNNING, type Alert } from "../alert";

export function availabilityAlerts(): Alert[] {
  return [
    {
      name: "ZooKeeperServerDown",
      severity: "critical",
      expr: `up{job="zookeeper",${RUNNING}} == 0`,
      for: "1m",
      summary: "{{ $labels.host }} ({{ $labels.ensemble }}): the ZooKeeper process does not answer",
      announced: true,
    },
    {
      // The process answers, but without the gauges of a server that serves.
      name: "ZooKeeperServerNotServing",
      severity: "critical",
      expr: `(up{job="zookeeper",${RUNNING}} == 1) unless on (instance) quorum_size`,
      for: "1m",
      summary: "{{ $labels.host }} ({{ $labels.ensemble }}): runs, but has no quorum to serve with",
      announced: true,
    },
    {
      name: "ZooKeeperQuorumLost",
      severity: "critical",
      expr: `zookeeper:serving:count{${RUNNING}} <= zookeeper:servers:count / 2`,
      for: "1m",
      summary:
        "{{ $labels.ensemble }}: {{ $value }} servers serve, which is no majority; nothing can be written",
      announced: true,
    },
    {
      name: "ZooKeeperNoLeader",
      severity: "critical",
      expr: `zookeeper:leaders:count{${RUNNING}} == 0`,
      for: "1m",
      summary: "{{ $labels.ensemble }}: no server leads",
      announced: true,
    },
    {
      // Longer than a scrape interval, for a leader that has just lost its office may be seen beside its successor.
      name: "ZooKeeperTwoLeaders",
      severity: "critical",
      expr: "zookeeper:leaders:count > 1",
      for: "1m",
      summary: "{{ $labels.ensemble }}: {{ $value }} servers lead at once",
    },
    {
      name: "ZooKeeperFollowersOutOfSync",
      severity: "critical",
      expr: "synced_followers < quorum_size - 1",
      for: "2m",
      summary:
        "{{ $labels.ensemble }}: only {{ $value }} followers keep up with the leader {{ $labels.host }}",
      announced: true,
    },
    {
      name: "ZooKeeperDigestMismatch",
      severity: "critical",
      expr: "increase(digest_mismatches_count[15m]) > 0",
      for: "0s",
      summary: "{{ $labels.host }} ({{ $labels.ensemble }}): its data differs from the leader's",
    },
    {
      name: "ZooKeeperUnrecoverableError",
      severity: "critical",
      expr: "increase(unrecoverable_error_count[15m]) > 0",
      for: "0s",
      summary: "{{ $labels.host }} ({{ $labels.ensemble }}): a thread ended on an error it could not handle",
    },
  ];
}
