/**
 * `ZooKeeperMonitoring`: the files that watch both sides of a migration, put beside the program and, where a
 * Prometheus host is given, delivered there.
 *
 * Which side should be silent follows from the side that is active, so the files are delivered after the move: until
 * then Prometheus watches the source as the one that serves.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { Progress } from "../engine/execute";
import { deliverMonitoring } from "../monitoring/deliver";
import type { MetricsSource, MonitoredSide, MonitoringDesired, Role } from "../monitoring/desired";
import { DEFAULT_THRESHOLDS, unwatched } from "../monitoring/desired";
import type { MonitoringFile } from "../monitoring/files";
import { monitoringFiles } from "../monitoring/files";
import { addressOf, hostsSchema, namesOf } from "../zookeeper/desired";
import type { EitherEnsemble, MigrationInput } from "./desired";
import { isManaged, migrationId, migrationSchema } from "./desired";
import type { ActiveSide } from "./history";
import { leavesRunning } from "./plan-data";
import { withWorld } from "./world";

const port = z.int().min(1).max(65535);
const nodeExporter = z.union([port, z.literal(false)]).default(9100);
const absolute = z.string().startsWith("/");
const thresholds = Object.fromEntries(
  Object.keys(DEFAULT_THRESHOLDS).map((name) => [name, z.number().positive().optional()]),
) as Record<keyof typeof DEFAULT_THRESHOLDS, z.ZodOptional<z.ZodNumber>>;

/** What of monitoring the user chooses; the rest follows from the migration. */
const choices = {
  /** Ensemble's name in labels, where the source's numbers come from, and its hosts' node exporters. */
  source: z
    .strictObject({
      ensemble: z.string().min(1).default("zk-old"),
      /** `textfile` for 3.4 and 3.5, which have no metrics port: see docs/runbook.md. */
      metrics: z
        .union([
          z.strictObject({
            kind: z.literal("prometheus"),
            port: port.optional(),
            exportJvmInfo: z.boolean().optional(),
          }),
          z.strictObject({ kind: z.literal("textfile") }),
          z.strictObject({ kind: z.literal("none") }),
        ])
        .optional(),
      nodeExporter,
    })
    .prefault({}),
  target: z.strictObject({ ensemble: z.string().min(1).default("zk-new"), nodeExporter }).prefault({}),
  /** Where docs/runbook.md can be read at night. */
  runbook: z.string().optional(),
  scrapeInterval: z.string().optional(),
  maxClientCnxns: z.int().min(0).optional(),
  clientHosts: z.int().min(1).optional(),
  thresholds: z.strictObject(thresholds).optional(),
  /** Folder of the files on the operator's machine; relative to the program's folder. */
  files: z.string().min(1).default("monitoring"),
  /** Folder of the files on the Prometheus host. */
  directory: absolute.default("/etc/prometheus/zookeeper"),
  /** One host, by name: where to deliver to. Left out: the files are only written here. */
  host: hostsSchema.refine((hosts) => Object.keys(hosts).length === 1, "exactly one host").optional(),
  /** Main configuration there. */
  config: absolute.default("/etc/prometheus/prometheus.yml"),
  promtool: z.string().min(1).optional(),
  /** Program and arguments that make Prometheus read its configuration again. */
  reload: z.array(z.string()).min(1).optional(),
};

const choicesSchema = z.strictObject(choices);
export const monitoringSchema = choicesSchema.extend({ migration: migrationSchema });

export type MonitoringArguments = z.output<typeof monitoringSchema>;
export type MonitoringChoices = z.input<typeof choicesSchema>;
export type MonitoringInput = MonitoringChoices & { readonly migration: MigrationInput };

export function monitoringId({ migration }: MonitoringArguments): string {
  return `${migrationId(migration)}-monitoring`;
}

/** The files, and what no rule can see. @throws Refusal for arguments that would make a rule silently wrong */
export function reviewMonitoring(args: MonitoringArguments): {
  readonly files: readonly MonitoringFile[];
  readonly unwatched: readonly string[];
} {
  const desired = desiredOf(args, args.migration.active);
  return { files: monitoringFiles(desired), unwatched: unwatched(desired) };
}

/**
 * Writes and delivers the files as they are right while `active` serves.
 * @throws Refusal where promtool refuses; the previous files are back then
 */
export async function putMonitoring(
  args: MonitoringArguments,
  active: ActiveSide,
  progress: Progress,
): Promise<{ readonly changed: readonly string[] }> {
  const files = monitoringFiles(desiredOf(args, active));
  await writeHere(args, files);
  const { host: hosts, directory, config, promtool, reload } = args;
  const [name] = hosts ? namesOf(hosts) : [];
  if (!hosts || name === undefined) return { changed: [] };
  return withWorld({ migration: monitoringId(args), hosts: [hosts] }, async (world) => {
    const delivery = await deliverMonitoring(world.host(name), files, {
      directory,
      config,
      promtool,
      reload,
    });
    progress.say(
      delivery.changed.length === 0
        ? `${name}  monitoring files as wanted, checked and reloaded`
        : `${name}  ${delivery.changed.join(", ")}: delivered, checked and reloaded`,
    );
    return delivery;
  });
}

async function writeHere(
  { files: folder }: MonitoringArguments,
  files: readonly MonitoringFile[],
): Promise<void> {
  for (const { path, content } of files) {
    const target = join(resolve(folder), path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

function desiredOf(args: MonitoringArguments, active: ActiveSide): MonitoringDesired {
  const { migration, source, target, host: _host, config: _config, promtool: _promtool, ...rest } = args;
  const { reload: _reload, files: _files, ...chosen } = rest;
  const roles = rolesOf(args, active);
  return {
    ...chosen,
    onCall: migration.onCall,
    ...(migration.finalized ? {} : { old: sideOf(migration.source, source, roles.source) }),
    new: sideOf(migration.target, target, roles.target),
    bothServe: leavesRunning(migration) && active === "target",
  };
}

/** Where others still use the source it goes on serving, beside the target. */
function rolesOf({ migration }: MonitoringArguments, active: ActiveSide): Record<ActiveSide, Role> {
  if (active === "source") return { source: "serving", target: "idle" };
  return { source: leavesRunning(migration) ? "serving" : "stopped", target: "serving" };
}

function sideOf(
  ensemble: EitherEnsemble,
  chosen: { ensemble: string; metrics?: MetricsSource; nodeExporter: number | false },
  role: Role,
): MonitoredSide {
  const { hosts, clientPort } = ensemble;
  const servers = Object.fromEntries(namesOf(hosts).map((name) => [name, addressOf(hosts, name)]));
  return {
    ensemble: chosen.ensemble,
    servers,
    role,
    metrics: chosen.metrics ?? metricsOf(ensemble),
    clientPort,
    nodeExporter: chosen.nodeExporter,
  };
}

function metricsOf(ensemble: EitherEnsemble): MetricsSource {
  if (!isManaged(ensemble) || ensemble.metrics === false) return { kind: "none" };
  return { kind: "prometheus", ...ensemble.metrics };
}
