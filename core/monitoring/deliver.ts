/**
 * Puts the files on a Prometheus host: check, write, check, reload; back to the previous files if either fails.
 *
 * The check before the first write is there so that a configuration that was broken already is not taken for
 * our doing. The check after it comes before the reload, so that Prometheus never reads files that promtool refuses.
 * Check and reload follow even where no file differs, because a run that was cut off may have left files that
 * nothing has checked or read yet. The previous files are kept in memory for the length of this one call.
 */
import { posix } from "node:path";
import { Refusal, UserError } from "../engine/errors";
import type { HostAccess, RunResult } from "../transports/contract";
import { type MonitoringFile, RULES } from "./files";

export interface PrometheusHost {
  /** Folder of the files; the same as in the arguments that they were made from. @default "/etc/prometheus/zookeeper" */
  readonly directory?: string;
  /** Main configuration. Where it is not our own `prometheus.yml` it must name our files. @default "/etc/prometheus/prometheus.yml" */
  readonly config?: string;
  /** @default "promtool" */
  readonly promtool?: string;
  /** Makes Prometheus read its configuration again. @default systemctl reload prometheus, which sends SIGHUP */
  readonly reload?: readonly string[];
}

export interface Delivery {
  /** Absolute paths whose content is now another; empty: all were as wanted. */
  readonly changed: readonly string[];
}

/** The way back failed too: what is on the host is neither the old state nor a checked new one. */
export class DeliveryLeftBehind extends UserError {
  constructor(
    readonly host: string,
    readonly paths: readonly string[],
    /** Why the files could not stay. */
    readonly reason: unknown,
    options: ErrorOptions,
  ) {
    super(
      `${host}: the monitoring files could not be taken back after: ${sayError(reason)}. ` +
        `Taking back: ${sayError(options.cause)}. Look at ${paths.join(", ")} before Prometheus is restarted.`,
      options,
    );
  }
}

/**
 * Delivers {@link monitoringFiles}. Files under `textfile/` are for the ZooKeeper hosts and are left out.
 * @throws {@link Refusal} when promtool refuses, or the configuration does not name our rules; nothing has changed then.
 * @throws {@link CommandFailed} when the reload fails; the previous files are back and were reloaded.
 * @throws {@link DeliveryLeftBehind} when they could not be brought back.
 */
export async function deliverMonitoring(
  host: HostAccess,
  files: readonly MonitoringFile[],
  prometheus: PrometheusHost = {},
): Promise<Delivery> {
  const target = withDefaults(prometheus);
  const ownConfig = target.config === `${target.directory}/prometheus.yml`;
  const wanted = files
    .filter(({ path }) => !path.startsWith("textfile/") && (ownConfig || path !== "prometheus.yml"))
    .map(({ path, content }) => ({ path: `${target.directory}/${path}`, content }));
  if (await exists(host, target.config)) refuseIfBroken(host, target, await check(host, target), "before");

  const previous: Previous[] = [];
  try {
    for (const { path, content } of wanted) {
      const original = await host.readFile(path);
      if (original?.toString("utf8") === content) continue;
      previous.push({ path, original });
      await host.run(["mkdir", "-p", "--", posix.dirname(path)]);
      await host.writeFile(path, content, { mode: "0644" });
    }
    const checked = await check(host, target);
    refuseIfBroken(host, target, checked, "after");
    refuseIfUnnamed(host, target, checked);
  } catch (reason) {
    await takeBack(host, previous, reason);
    throw reason;
  }
  try {
    await host.run(target.reload);
  } catch (reason) {
    await takeBack(host, previous, reason, target.reload);
    throw reason;
  }
  return { changed: previous.map(({ path }) => path) };
}

interface Previous {
  readonly path: string;
  readonly original: Buffer | undefined;
}

function withDefaults(prometheus: PrometheusHost): Required<PrometheusHost> {
  return {
    directory: prometheus.directory ?? "/etc/prometheus/zookeeper",
    config: prometheus.config ?? "/etc/prometheus/prometheus.yml",
    promtool: prometheus.promtool ?? "promtool",
    reload: prometheus.reload ?? ["systemctl", "reload", "prometheus"],
  };
}

async function exists(host: HostAccess, path: string): Promise<boolean> {
  return (await host.readFile(path)) !== undefined;
}

/** promtool's code 1 is its verdict; others (127: not installed) are faults of the host and are thrown. */
function check(host: HostAccess, { promtool, config }: Required<PrometheusHost>): Promise<RunResult> {
  return host.run([promtool, "check", "config", config], { accept: [0, 1] });
}

function refuseIfBroken(
  host: HostAccess,
  { config, promtool }: Required<PrometheusHost>,
  { code, stdout, stderr }: RunResult,
  when: "before" | "after",
): void {
  if (code === 0) return;
  throw new Refusal([
    {
      where: `${host.name}:${config}`,
      found: `promtool refuses it: ${`${stdout}\n${stderr}`.trim()}`,
      expected: "a valid configuration",
      next:
        when === "before"
          ? `It was so before anything was changed. Mend it until '${promtool} check config ${config}' succeeds.`
          : "The previous files are back and Prometheus was not reloaded.",
    },
  ]);
}

/** promtool names each rule file that the configuration leads it to. */
function refuseIfUnnamed(
  host: HostAccess,
  { config, directory }: Required<PrometheusHost>,
  checked: RunResult,
): void {
  const rules = `${directory}/${RULES}`;
  if (`${checked.stdout}\n${checked.stderr}`.includes(rules)) return;
  throw new Refusal([
    {
      where: `${host.name}:${config}`,
      found: `no rule_files entry that leads to ${rules}`,
      expected: "our rules and scrape jobs in the configuration",
      next:
        `Add '${rules}' to rule_files and the two jobs of scrape/zookeeper.yml to scrape_configs, ` +
        `or let Prometheus use ${directory}/prometheus.yml. The previous files are back.`,
    },
  ]);
}

async function takeBack(
  host: HostAccess,
  previous: readonly Previous[],
  reason: unknown,
  reload?: readonly string[],
): Promise<void> {
  try {
    for (const { path, original } of [...previous].reverse()) {
      if (original) await host.writeFile(path, original, { mode: "0644" });
      else await host.run(["rm", "-f", "--", path]);
    }
    if (reload) await host.run(reload, { accept: "any" });
  } catch (cause) {
    throw new DeliveryLeftBehind(
      host.name,
      previous.map(({ path }) => path),
      reason,
      { cause },
    );
  }
}

function sayError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
