/**
 * Everything that is put on the Prometheus and Grafana hosts, as paths and texts below one folder.
 *
 * Pure: the same arguments give the same bytes, so that a preview can show a diff and an unchanged
 * switchover changes no file. `prometheus.yml` is complete and stands alone; a Prometheus that has a configuration already
 * takes `scrape/zookeeper.yml` and `rules/zookeeper.yml` into it and leaves `prometheus.yml` aside.
 */
import { stringify } from "yaml";
import { alertRule, type Alert } from "./alert";
import { availabilityAlerts } from "./alerts/availability";
import { hostAlerts } from "./alerts/host";
import { jvmAlerts, loadAlerts } from "./alerts/load";
import { migrationAlerts } from "./alerts/migration";
import { dashboardJson, dashboardProvider } from "./dashboard/dashboard";
import { completeMonitoring, sidesOf, type Monitoring, type MonitoringDesired } from "./desired";
import { RECORDINGS } from "./recording";
import { HOST_TARGETS, hostTargets, scrapeJobs, SERVER_TARGETS, serverTargets } from "./scrape";
import { textfileCron, textfileScript } from "./textfile";

export interface MonitoringFile {
  /** Relative to {@link MonitoringDesired.directory}. */
  readonly path: string;
  readonly content: string;
}

export const RULES = "rules/zookeeper.yml";

/** @throws {@link Refusal} for arguments that would make a rule silently wrong. */
export function monitoringFiles(desired: MonitoringDesired): MonitoringFile[] {
  const monitoring = completeMonitoring(desired);
  const jobs = scrapeJobs(monitoring);
  return [
    yamlFile("prometheus.yml", {
      global: { scrape_interval: monitoring.scrapeInterval, evaluation_interval: monitoring.scrapeInterval },
      rule_files: [`${monitoring.directory}/${RULES}`],
      scrape_configs: jobs,
    }),
    yamlFile("scrape/zookeeper.yml", { scrape_configs: jobs }),
    yamlFile(SERVER_TARGETS, serverTargets(monitoring)),
    yamlFile(HOST_TARGETS, hostTargets(monitoring)),
    yamlFile(RULES, { groups: ruleGroups(monitoring) }),
    { path: "grafana/zookeeper.json", content: dashboardJson() },
    yamlFile("grafana/provider.yml", dashboardProvider(`${monitoring.directory}/grafana`)),
    ...textfiles(monitoring),
  ];
}

/** The alerts of {@link monitoringFiles}, by the group of rules they are in. Those that can never fire are left out. */
export function alertGroups(monitoring: Monitoring): Readonly<Record<string, readonly Alert[]>> {
  const sources = sidesOf(monitoring).map((side) => side.metrics);
  const hasPort = sources.some(({ kind }) => kind === "prometheus");
  const hasJvm = sources.some((source) => source.kind === "prometheus" && source.exportJvmInfo !== false);
  const hasHosts = sidesOf(monitoring).some((side) => side.nodeExporter !== false);
  return {
    "zookeeper-hosts": hasHosts ? hostAlerts(monitoring) : [],
    "zookeeper-availability": hasPort ? availabilityAlerts() : [],
    "zookeeper-load": [...(hasPort ? loadAlerts(monitoring) : []), ...(hasJvm ? jvmAlerts(monitoring) : [])],
    "zookeeper-migration": migrationAlerts(monitoring),
  };
}

function ruleGroups(monitoring: Monitoring): unknown[] {
  const alerts = Object.entries(alertGroups(monitoring))
    .filter(([, group]) => group.length > 0)
    .map(([name, group]) => ({ name, rules: group.map((alert) => alertRule(alert, monitoring)) }));
  return [{ name: "zookeeper-recordings", rules: RECORDINGS }, ...alerts];
}

/** For the hosts themselves, not for Prometheus: see textfile.ts. */
function textfiles(monitoring: Monitoring): MonitoringFile[] {
  const sides = sidesOf(monitoring).filter((side) => side.metrics.kind === "textfile");
  if (sides.length === 0) return [];
  const crons = sides.flatMap((side) =>
    Object.entries(side.servers).map(([host, address]) => ({
      path: `textfile/${host}.cron`,
      content: textfileCron(address, side.clientPort ?? 2181),
    })),
  );
  return [{ path: "textfile/zookeeper-srvr.sh", content: textfileScript() }, ...crons];
}

function yamlFile(path: string, value: unknown): MonitoringFile {
  return { path, content: stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }) };
}
