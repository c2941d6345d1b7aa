/**
 * A lab and a migration that is driven without Pulumi: the same functions that the resources call, in this process.
 * It takes seconds where a run of the Pulumi CLI takes half a minute, so every trap can have a test of its own.
 */
import { readFileSync } from "node:fs";
import type { EnsembleDesired } from "../../../core/zookeeper/desired";
import { ensembleSchema } from "../../../core/zookeeper/desired";
import { sayComplaint } from "../../../core/engine/errors";
import type { MigrationDesired } from "../../../core/run/desired";
import { migrationSchema, readArguments } from "../../../core/run/desired";
import { ensureEnsemble } from "../../../core/run/ensemble";
import { moveTo } from "../../../core/run/migration";
import type { ActiveSide } from "../../../core/run/history";
import type { Lab } from "../../../lab/lab";
import { bootLab } from "../../../lab/lab";
import type { HostSpec } from "../../../lab/layout";
import { modeOf } from "../../../lab/old-zookeeper";
import { stackConfig } from "../../../lab/stack-config";

/** Arguments as a user writes them; a test changes what it is about. */
export interface Arguments {
  source: Ensemble;
  target: Ensemble;
  consumers: Record<string, Record<string, unknown>>;
  [option: string]: unknown;
}
export interface Ensemble {
  hosts: Record<string, { connection: Record<string, unknown>; address?: string }>;
  [argument: string]: unknown;
}

/** How a run ended, and every line that it said. */
export interface Told {
  readonly said: string;
  /** Message of the error that ended it; empty when it went well. */
  readonly failed: string;
}

const INSTALLED = "direct-installed";

export class Scene {
  private constructor(readonly lab: Lab) {}

  /**
   * Boots a lab with some znodes and installs the target, so that each test begins with the move itself.
   * @param options `clickhouse: false` leaves ClickHouse switched off, which spares its start at every reset
   */
  static async open(options: { readonly clickhouse: boolean }): Promise<Scene> {
    const scene = new Scene(await bootLab({ znodes: 300, replace: true }));
    await Promise.all([
      ensureEnsemble(scene.target(), { say: () => undefined }),
      ...(options.clickhouse ? [] : scene.lab.clickhouse).map(({ name }) =>
        scene.on(name, "touch /etc/lab/boot.d/clickhouse.disabled; /usr/local/bin/clickhouse-service stop"),
      ),
    ]);
    await scene.lab.save(INSTALLED);
    return scene;
  }

  /** A lab as it boots: nothing is installed on the new hosts. */
  static async bare(): Promise<Scene> {
    return new Scene(await bootLab({ znodes: 300, replace: true }));
  }

  /** Every host as it was after {@link open}: the old ensemble serves, the new one is installed and stopped. */
  reset(): Promise<void> {
    return this.lab.restore(INSTALLED);
  }

  close(): Promise<void> {
    return this.lab.down();
  }

  /** The lab's arguments, without consumers unless the change adds them. A dead host is given up at once. */
  arguments(change: (args: Arguments) => void = () => undefined): Arguments {
    const { ssh, ...rest } = stackConfig(this.lab.inventory) as unknown as Arguments & { ssh: Ssh };
    const login = {
      user: ssh.user,
      privateKey: readFileSync(ssh.privateKeyFile, "utf8"),
      dialErrorLimit: 1,
      perDialTimeout: 3,
    };
    const args = structuredClone<Arguments>(rest);
    for (const part of [args.source, args.target, ...Object.values(args.consumers)] as Ensemble[]) {
      for (const host of Object.values(part.hosts)) host.connection = { ...login, ...host.connection };
    }
    const consumers = args.consumers;
    args.consumers = {};
    args["lab consumers"] = consumers;
    change(args);
    delete args["lab consumers"];
    return args;
  }

  /** @throws Error with the complaints, for arguments that are refused as such */
  desired(change?: (args: Arguments) => void): MigrationDesired {
    const read = readArguments(migrationSchema, this.arguments(change));
    if ("desired" in read) return read.desired;
    throw new Error(read.complaints.map(sayComplaint).join("\n"));
  }

  target(change?: (args: Ensemble) => void): EnsembleDesired {
    const read = readArguments(ensembleSchema, this.arguments((args) => change?.(args.target)).target);
    if ("desired" in read) return read.desired;
    throw new Error(read.complaints.map(sayComplaint).join("\n"));
  }

  async install(desired: EnsembleDesired): Promise<void> {
    await ensureEnsemble(desired, { say: () => undefined });
  }

  forward(desired = this.desired(), onLine?: (line: string) => void): Promise<Told> {
    return this.move(desired, "target", onLine);
  }

  back(desired = this.desired(), onLine?: (line: string) => void): Promise<Told> {
    return this.move(desired, "source", onLine);
  }

  /** Name of the old ensemble's leader. */
  async oldLeader(): Promise<string> {
    return leaderOf(this.lab.oldEnsemble);
  }

  async newLeader(): Promise<string> {
    return leaderOf(this.newEnsemble);
  }

  get newEnsemble(): HostSpec[] {
    return this.lab.specs.filter((spec) => spec.role === "new-zookeeper");
  }

  /** Runs a script on a host as root; what it printed. @throws Error when it fails */
  async on(host: string, script: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.lab.host(host).exec(["sh", "-c", script, "sh", ...args]);
    if (code !== 0) throw new Error(`${host}: ${script}: exit code ${code}: ${stderr}`);
    return stdout.trim();
  }

  private move(desired: MigrationDesired, to: ActiveSide, onLine?: (line: string) => void): Promise<Told> {
    return tell((say) => moveTo(desired, to, { say }), onLine);
  }
}

interface Ssh {
  readonly user: string;
  readonly privateKeyFile: string;
}

/** Runs something that reports, and gives back what it said and how it failed. */
export async function tell(
  act: (say: (line: string) => void) => Promise<unknown>,
  onLine: (line: string) => void = () => undefined,
): Promise<Told> {
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    onLine(line);
  };
  try {
    await act(say);
    return { said: lines.join("\n"), failed: "" };
  } catch (error) {
    return { said: lines.join("\n"), failed: (error as Error).message };
  }
}

async function leaderOf(servers: readonly HostSpec[]): Promise<string> {
  const modes = await Promise.all(servers.map(async (spec) => ({ spec, mode: await modeOf(spec) })));
  const leader = modes.find(({ mode }) => mode === "leader");
  if (!leader) throw new Error(`no leader: ${modes.map(({ mode }) => mode).join(", ")}`);
  return leader.spec.name;
}
