/**
 * Where Prometheus looks: two jobs, whose targets lie in files of their own (`file_sd_configs`).
 *
 * The jobs are written once; what a switchover changes (the roles) is only in the target files, which
 * Prometheus reads again by itself. So a running Prometheus needs no new configuration on the night.
 */
import { sidesOf, type Monitoring } from "./desired";

export interface ScrapeJob {
  readonly job_name: string;
  readonly scrape_interval: string;
  readonly file_sd_configs: readonly { readonly files: readonly string[] }[];
}

export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Path of the targets below the delivered folder. */
export const SERVER_TARGETS = "targets/zookeeper-servers.yml";
export const HOST_TARGETS = "targets/zookeeper-hosts.yml";

export function scrapeJobs({ directory, scrapeInterval }: Monitoring): ScrapeJob[] {
  const job = (job_name: string, targets: string) => ({
    job_name,
    scrape_interval: scrapeInterval,
    file_sd_configs: [{ files: [`${directory}/${targets}`] }],
  });
  return [job("zookeeper", SERVER_TARGETS), job("zookeeper-hosts", HOST_TARGETS)];
}

/** One group per server with a metrics port. */
export function serverTargets(monitoring: Monitoring): TargetGroup[] {
  return sidesOf(monitoring).flatMap((side) =>
    side.metrics.kind === "prometheus" ? targets(side, side.metrics.port ?? 7000) : [],
  );
}

/** One group per host with a node exporter. */
export function hostTargets(monitoring: Monitoring): TargetGroup[] {
  return sidesOf(monitoring).flatMap((side) =>
    side.nodeExporter === false ? [] : targets(side, side.nodeExporter ?? 9100),
  );
}

function targets(side: ReturnType<typeof sidesOf>[number], port: number): TargetGroup[] {
  return Object.entries(side.servers).map(([host, address]) => ({
    targets: [`${address.includes(":") ? `[${address}]` : address}:${port}`],
    labels: { ensemble: side.ensemble, host, side: side.side, role: side.role },
  }));
}
