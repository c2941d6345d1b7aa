/**
 * A real Prometheus on a lab host, with the product's files delivered to it over SSH, and Debian's node exporter on
 * every ZooKeeper host. What the product's files wait for is waited for in a tenth of the time: scrapes of 1 s, and
 * `for: 2m` for 12 s.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "../../../core/run/desired";
import { monitoringSchema, putMonitoring } from "../../../core/run/monitoring";
import { sayComplaint } from "../../../core/engine/errors";
import { TEXTFILE_FOLDER } from "../../../core/monitoring/textfile";
import type { Arguments } from "../../../lab/arguments";
import { findAssets } from "../../../lab/assets";
import { ZK_CLIENT_PORT } from "../../../lab/layout";
import { until } from "../../../lab/wait";
import type { Scene } from "./scene";

export const PROMETHEUS_HOST = "ck1";
const FOLDER = "/etc/prometheus/zookeeper";
const PORT = 9090;
const BIN = join(findAssets().labPackages, "monitoring/usr/bin");

export type Side = "source" | "target";

/** Names of the alerts of that state now, each with the hosts it is about. */
export type Alerts = ReadonlyMap<string, readonly string[]>;

export class Prometheus {
  constructor(
    private readonly scene: Scene,
    private readonly files: string,
  ) {}

  /** On the old hosts, which have no metrics port, the text file's script in place of cron once a second. */
  async startExporters(): Promise<void> {
    const { oldEnsemble } = this.scene.lab;
    await Promise.all(
      [...oldEnsemble, ...this.scene.newEnsemble].map(({ name }) =>
        this.scene.on(name, NODE_EXPORTER, BIN, TEXTFILE_FOLDER),
      ),
    );
    await Promise.all(
      oldEnsemble.map(({ name, address }) =>
        this.scene.on(name, TEXTFILE_LOOP, address, String(ZK_CLIENT_PORT), TEXTFILE_FOLDER),
      ),
    );
  }

  /** Delivers the files as they are right while `active` serves. @throws what the product says */
  async deliver(
    active: Side,
    change: (args: Record<string, unknown>) => void = () => undefined,
  ): Promise<void> {
    const args: Record<string, unknown> = {
      migration: this.scene.arguments((one) => (one["active"] = active)),
      source: { metrics: { kind: "textfile" } },
      host: { [PROMETHEUS_HOST]: this.hostArguments() },
      directory: FOLDER,
      config: `${FOLDER}/prometheus.yml`,
      promtool: join(BIN, "promtool"),
      reload: ["sh", "-c", RELOAD, "sh", BIN, FOLDER],
      files: this.files,
      scrapeInterval: "1s",
      // The lab's servers share one busy machine, which is not what is watched here.
      thresholds: {
        cpuBusy: 1,
        memoryAvailable: 0.001,
        fsyncMs: 30_000,
        requestLatencyMs: 60_000,
        gcTime: 1,
        nearLimit: 1,
      },
    };
    change(args);
    const read = readArguments(monitoringSchema, args);
    if ("complaints" in read) throw new Error(read.complaints.map(sayComplaint).join("\n"));
    await putMonitoring(read.desired, active, { say: () => undefined });
    await this.scene.on(PROMETHEUS_HOST, HURRY, FOLDER);
    await until("Prometheus answers", async () => {
      const seen = await this.count("vector(1)").catch((error: Error) => error.message);
      return seen === 1 ? undefined : String(seen);
    });
  }

  /** As docs/runbook.md says: the script, from the files that were written here, into /usr/local/bin. */
  async bringTextfileScript(host: string): Promise<void> {
    const script = readFileSync(join(this.files, "textfile/zookeeper-srvr.sh"), "utf8");
    await this.scene.on(
      host,
      'printf %s "$1" > /usr/local/bin/zookeeper-srvr.sh; chmod 0755 /usr/local/bin/zookeeper-srvr.sh',
      script,
    );
  }

  /** How many series answer. @throws what Prometheus says about a query that it does not understand */
  async count(expr: string): Promise<number> {
    return (await this.query(expr)).length;
  }

  async query(expr: string): Promise<readonly { readonly metric: Readonly<Record<string, string>> }[]> {
    const response = await fetch(
      `http://${this.address}:${PORT}/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    const body = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: { metric: Record<string, string> }[] };
    };
    if (body.status !== "success") throw new Error(`${expr}: ${body.error ?? response.statusText}`);
    return body.data?.result ?? [];
  }

  /** Alerts that have fired within the last while, by name. @param selector of further labels, with its comma */
  async fired(within: string, selector = ""): Promise<Alerts> {
    const series = await this.query(`max_over_time(ALERTS{alertstate="firing"${selector}}[${within}])`);
    const alerts = new Map<string, string[]>();
    for (const { metric } of series) {
      const name = metric["alertname"] ?? "?";
      alerts.set(name, [...(alerts.get(name) ?? []), metric["host"] ?? metric["ensemble"] ?? "?"].sort());
    }
    return alerts;
  }

  /** Waits until each of them fires now. */
  async untilFiring(names: readonly string[]): Promise<Alerts> {
    let alerts: Alerts = new Map();
    await until(`alerts ${names.join(", ")}`, async () => {
      alerts = await this.fired("3s");
      const silent = names.filter((name) => !alerts.has(name));
      return silent.length === 0
        ? undefined
        : `${silent.join(", ")} silent; firing: ${[...alerts.keys()].join(", ")}`;
    });
    return alerts;
  }

  private get address(): string {
    return this.scene.lab.inventory.hosts[PROMETHEUS_HOST]!.address;
  }

  private hostArguments(): unknown {
    let host: unknown;
    this.scene.arguments((args) => {
      const lab = args["lab consumers"] as Arguments["consumers"];
      host = (lab["clickhouse"]!["hosts"] as Record<string, unknown>)[PROMETHEUS_HOST];
    });
    return host;
  }
}

/** An overlay counts as a disk here, for the lab's hosts have no other; not the root, which is this machine's. */
const NODE_EXPORTER = `
mkdir -p "$2"
setsid "$1/prometheus-node-exporter" --collector.textfile.directory="$2" \
  --collector.filesystem.fs-types-exclude='^(proc|sysfs|devpts|cgroup2?|mqueue|nsfs|tmpfs|devtmpfs|ext4|xfs|btrfs|virtiofs|9p)$' \
  --collector.filesystem.mount-points-exclude='^/$' >/var/log/node-exporter.log 2>&1 </dev/null &`;

const TEXTFILE_LOOP = `
setsid sh -c 'while :; do /usr/local/bin/zookeeper-srvr.sh "$1" "$2" "$3"; sleep 1; done' \
  sh "$1" "$2" "$3" >/dev/null 2>&1 </dev/null &`;

/** Started, it is waited for: a process that listens has its handler for the signal. */
const RELOAD = `
pkill -HUP -x prometheus && exit
setsid "$1/prometheus" --config.file="$2/prometheus.yml" --storage.tsdb.path=/var/lib/prometheus-data \
  --web.listen-address=0.0.0.0:${PORT} >/var/log/prometheus.log 2>&1 </dev/null &
until [ -n "$(ss -Hltn "sport = :${PORT}")" ]; do kill -0 $! || exit 1; sleep 0.1; done`;

/** A tenth of every `for` and of what rates look back on, and Prometheus told. */
const HURRY = `
sed -i -E -e 's/^( *for: )([0-9]+)m$/echo "\\1$((\\2 * 6))s"/e' -e 's/[[]2m[]]/[12s]/g' "$1/rules/zookeeper.yml"
pkill -HUP -x prometheus`;
