/**
 * What is watched: two ensembles, their hosts, who is on call, and where a healthy cluster ends.
 *
 * Each side carries its role, because the same number means opposite things on the two sides of a
 * switchover: no client is a fault on the ensemble that serves and a proof on the one that does not.
 * The role becomes a label of the scraped targets, so a switchover changes one file of targets
 * and no rule.
 */
import { Refusal, type Complaint } from "../engine/errors";

/**
 * - `serving`: clients belong here; everything is watched.
 * - `idle`: runs and must be healthy, but no client may be on it (the new side before the switchover).
 * - `stopped`: must not run at all (the fenced source after it, with `fence: "stopSource"`).
 */
export type Role = "serving" | "idle" | "stopped";

/** How an ensemble's numbers reach Prometheus. */
export type MetricsSource =
  /** ZooKeeper 3.6 and later with `PrometheusMetricsProvider`. */
  | {
      readonly kind: "prometheus";
      /** @default 7000 */ readonly port?: number;
      /** `metricsProvider.exportJvmInfo`. @default true */ readonly exportJvmInfo?: boolean;
    }
  /** Any version: a script on the host asks for `srvr` once a minute and leaves the answer to the node exporter. */
  | { readonly kind: "textfile" }
  /** Nothing watches its clients and writes; {@link unwatched} says so. */
  | { readonly kind: "none" };

export interface MonitoredSide {
  /** Name of the ensemble, for example `zk-old`; it becomes the label `ensemble`. */
  readonly ensemble: string;
  /** Short host name → the address that Prometheus dials. */
  readonly servers: Readonly<Record<string, string>>;
  readonly role: Role;
  readonly metrics: MetricsSource;
  /** @default 2181 */
  readonly clientPort?: number;
  /** Port of the hosts' node exporters, or false where there are none. @default 9100 */
  readonly nodeExporter?: number | false;
}

export interface OnCall {
  readonly name: string;
  /** A telephone number, an address, a channel: whatever reaches that person at night. */
  readonly contact?: string;
}

export interface Thresholds {
  /** Share of the CPU's time. @default 0.9 */
  readonly cpuBusy: number;
  /** Share of the memory that is still available. @default 0.1 */
  readonly memoryAvailable: number;
  /** Share of a file system that is still available. @default 0.1 */
  readonly diskAvailable: number;
  /** Requests queued on one server. @default 100, a tenth of ZooKeeper's own globalOutstandingLimit */
  readonly outstandingRequests: number;
  /** 99th percentile in milliseconds. @default 500 */
  readonly requestLatencyMs: number;
  /** Mean in milliseconds; ZooKeeper itself warns of single ones above 1000. @default 100 */
  readonly fsyncMs: number;
  /** Growth within an hour, as a share. @default 0.2 */
  readonly growthPerHour: number;
  /** Watches of one server. @default 100000 */
  readonly watches: number;
  /** Ephemeral znodes of the ensemble. @default 50000 */
  readonly ephemerals: number;
  /** Share of a limit (connections, open files, heap). @default 0.8 */
  readonly nearLimit: number;
  /** Share of the time spent in garbage collection. @default 0.05 */
  readonly gcTime: number;
  /** Sessions that expire within five minutes. @default 20 */
  readonly expiredSessions: number;
}

export interface MonitoringDesired {
  readonly old?: MonitoredSide;
  readonly new: MonitoredSide;
  readonly onCall: readonly OnCall[];
  /** Where docs/runbook.md can be read at night; alerts link to its sections. @default "docs/runbook.md" */
  readonly runbook?: string;
  /** Folder of the delivered files on the Prometheus host. @default "/etc/prometheus/zookeeper" */
  readonly directory?: string;
  /** @default "15s" */
  readonly scrapeInterval?: string;
  /** Connections that one client address may hold on one server (zoo.cfg). 0: no limit. @default 60 */
  readonly maxClientCnxns?: number;
  /** How many client addresses share a server; the limit above is per address. @default 1 */
  readonly clientHosts?: number;
  readonly thresholds?: Partial<Thresholds>;
  /** The old side goes on serving others. @default false, two serving sides are then a mistake */
  readonly bothServe?: boolean;
}

export type Monitoring = Required<Omit<MonitoringDesired, "old" | "thresholds">> & {
  readonly old?: MonitoredSide;
  readonly thresholds: Thresholds;
};

export const DEFAULT_THRESHOLDS: Thresholds = {
  cpuBusy: 0.9,
  memoryAvailable: 0.1,
  diskAvailable: 0.1,
  outstandingRequests: 100,
  requestLatencyMs: 500,
  fsyncMs: 100,
  growthPerHour: 0.2,
  watches: 100_000,
  ephemerals: 50_000,
  nearLimit: 0.8,
  gcTime: 0.05,
  expiredSessions: 20,
};

/** Fills in the defaults. @throws {@link Refusal} with every argument that would make a rule silently wrong. */
export function completeMonitoring(desired: MonitoringDesired): Monitoring {
  const complaints = [...sideComplaints(desired), ...contactComplaints(desired.onCall)];
  if (complaints.length > 0) throw new Refusal(complaints);
  return {
    runbook: "docs/runbook.md",
    directory: "/etc/prometheus/zookeeper",
    scrapeInterval: "15s",
    maxClientCnxns: 60,
    clientHosts: 1,
    bothServe: false,
    ...defined(desired),
    thresholds: { ...DEFAULT_THRESHOLDS, ...defined(desired.thresholds ?? {}) },
  };
}

/** Arguments that were left out by saying `undefined` must not displace a default. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

/** The sides that exist, with the value of their label `side`. */
export function sidesOf(
  monitoring: Pick<Monitoring, "old" | "new">,
): readonly (MonitoredSide & { side: "old" | "new" })[] {
  const fresh = { ...monitoring.new, side: "new" as const };
  return monitoring.old ? [{ ...monitoring.old, side: "old" as const }, fresh] : [fresh];
}

/** What no rule can see with these arguments, as sentences for the preview and the report. */
export function unwatched(desired: MonitoringDesired): string[] {
  return sidesOf(desired).flatMap((side) => [
    ...(side.metrics.kind === "none"
      ? [
          `${side.ensemble}: has no metrics; no alert sees a client or a write on it. Give it metrics { kind: "textfile" }, or look with srvr and cons.`,
        ]
      : []),
    ...(side.nodeExporter === false
      ? [`${side.ensemble}: no node exporter; no alert sees its hosts' CPU, memory and disks.`]
      : []),
  ]);
}

function sideComplaints(desired: MonitoringDesired): Complaint[] {
  const sides = sidesOf(desired);
  const complaints: Complaint[] = [];
  const refuse = (where: string, found: string, expected: string, next: string) =>
    complaints.push({ where, found, expected, next });
  for (const side of sides) {
    const where = `monitoring.${side.side}`;
    if (Object.keys(side.servers).length === 0)
      refuse(`${where}.servers`, "no server", "at least one", "Name the ensemble's servers.");
    for (const [host, address] of Object.entries(side.servers))
      if (!/^[\w.:-]+$/.test(address))
        refuse(
          `${where}.servers.${host}`,
          JSON.stringify(address),
          "a host name or an address, without a port",
          "Correct the address.",
        );
    if (side.metrics.kind === "textfile" && side.nodeExporter === false)
      refuse(
        where,
        "metrics by textfile without a node exporter",
        "a node exporter, which serves the text file",
        "Set nodeExporter to its port, or metrics to none.",
      );
  }
  if (desired.old?.ensemble === desired.new.ensemble)
    refuse(
      "monitoring.old.ensemble",
      `${desired.new.ensemble} on both sides`,
      "two names",
      "Name the ensembles apart, or their servers count as one quorum.",
    );
  if (desired.old?.role === "serving" && desired.new.role === "serving" && !desired.bothServe)
    refuse(
      "monitoring",
      "both sides serving",
      "one serving side",
      "Set the role of the side that is out of use to idle or stopped.",
    );
  return complaints;
}

/** Prometheus reads `{{` in a label as a template: the alert would lose its contact at the moment it fires. */
function contactComplaints(onCall: readonly OnCall[]): Complaint[] {
  return onCall.flatMap(({ name, contact = "" }, index) =>
    name.trim() === "" || /\{\{|[\r\n]/.test(name + contact)
      ? [
          {
            where: `monitoring.onCall[${index}]`,
            found: JSON.stringify({ name, contact }),
            expected: "a name, one line, without {{",
            next: "Correct the contact.",
          },
        ]
      : [],
  );
}
