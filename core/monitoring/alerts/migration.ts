/**
 * What may not happen on the side that is out of use: clients, writes, or a server that was stopped and runs.
 *
 * Both ensembles in service at once is the one fault of a switchover that no later copy mends: writes
 * acknowledged on the wrong side are lost when the sides are next made equal. The rules hold in both directions:
 * for the old side after the switchover, for the new one before it and after a roll back.
 */
import type { Alert } from "../alert";
import { sidesOf, type Monitoring } from "../desired";

export function migrationAlerts(monitoring: Monitoring): Alert[] {
  const kinds = new Set(sidesOf(monitoring).map((side) => side.metrics.kind));
  const byPort = kinds.has("prometheus");
  const byText = kinds.has("textfile");
  const either = (port: string, text: string) =>
    [...(byPort ? [port] : []), ...(byText ? [text] : [])].join(" or ");
  if (!byPort && !byText) return [];
  return [
    {
      name: "ZooKeeperClientOnUnusedEnsemble",
      severity: "critical",
      expr: either(
        'num_alive_connections{role!="serving"} > 0',
        'zookeeper_srvr_clients{role!="serving"} > 0',
      ),
      for: "2m",
      summary:
        "{{ $labels.host }}: {{ $value }} clients on {{ $labels.ensemble }}, which is out of use ({{ $labels.role }})",
    },
    {
      name: "ZooKeeperWritesOnUnusedEnsemble",
      severity: "critical",
      // The rate looks two minutes back, over the switchover itself as well, and an expiring session is written too:
      // it must not fire for that, nor for the sessions of the fenced clients.
      expr: 'zookeeper:writes:rate2m{role!="serving"} > 0',
      for: "5m",
      summary:
        "{{ $labels.ensemble }} is out of use ({{ $labels.role }}) and is written to: these writes will be lost",
    },
    {
      name: "ZooKeeperStoppedServerRuns",
      severity: "warning",
      expr: either('up{job="zookeeper",role="stopped"} == 1', 'zookeeper_srvr_up{role="stopped"} == 1'),
      for: "2m",
      summary:
        "{{ $labels.host }}: a server of {{ $labels.ensemble }} runs, which was stopped for the switchover",
    },
    ...(byText ? textfileAlerts() : []),
  ];
}

/** Without a fresh text file the rules above are silent for the wrong reason. */
function textfileAlerts(): Alert[] {
  return [
    {
      name: "ZooKeeperTextfileStale",
      severity: "warning",
      expr: 'time() - node_textfile_mtime_seconds{file=~".*zookeeper-srvr.prom"} > 300',
      for: "0s",
      summary:
        "{{ $labels.host }}: the numbers of {{ $labels.ensemble }} are {{ $value | humanizeDuration }} old",
    },
    {
      name: "ZooKeeperServerDoesNotAnswer",
      severity: "critical",
      expr: 'zookeeper_srvr_up{role=~"serving|idle"} == 0',
      for: "2m",
      summary:
        "{{ $labels.host }} ({{ $labels.ensemble }}): ZooKeeper does not answer srvr, or has no quorum",
      announced: true,
    },
  ];
}
