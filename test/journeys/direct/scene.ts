/**
 * A lab and a migration that is driven without Pulumi: the same functions that the resources call, in this process.
 * It takes seconds where a run of the Pulumi CLI takes half a minute, so every trap can have a test of its own.
 */
import type { EnsembleDesired } from "../../../core/zookeeper/desired";
import { ensembleSchema } from "../../../core/zookeeper/desired";
import { serviceCommand } from "../../../core/zookeeper/side";
import { sayComplaint } from "../../../core/engine/errors";
import type { MigrationDesired } from "../../../core/run/desired";
import { migrationSchema, readArguments } from "../../../core/run/desired";
import { ensureEnsemble } from "../../../core/run/ensemble";
import { moveTo, repointOrRollBack, rollBack } from "../../../core/run/migration";
import type { ActiveSide } from "../../../core/run/history";
import type { Lab } from "../../../lab/lab";
import { bootLab } from "../../../lab/lab";
import type { HostSpec, Scenario } from "../../../lab/layout";
import { modeOf } from "../../../lab/old-zookeeper";
import { labArguments, type Arguments, type Ensemble } from "../../../lab/arguments";

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
  static async open(options: { readonly clickhouse: boolean; readonly scenario?: Scenario }): Promise<Scene> {
    const { scenario } = options;
    const scene = new Scene(await bootLab({ scenario, znodes: 300, replace: true }));
    await Promise.all([
      ensureEnsemble(scene.target(), { say: () => undefined }),
      ...(options.clickhouse ? [] : scene.lab.clickhouse).map(({ name }) =>
        scene.on(name, "touch /etc/lab/boot.d/clickhouse.disabled; /usr/local/bin/clickhouse-service stop"),
      ),
    ]);
    // Where only a part of the tree moves, the target serves already.
    if (scenario === "pegasus") await scene.startTargetAtBoot();
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
    const args = labArguments(this.lab.inventory);
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

  /** What `pulumi up` does with the migration and its consumers: the move, and every repointing. */
  up(desired: MigrationDesired, onLine?: (line: string) => void): Promise<Told> {
    const { active } = desired;
    return tell(async (say) => {
      await moveTo(desired, active, { say });
      for (const consumer of desired.consumers)
        await repointOrRollBack(
          { consumer, migration: desired, verify: desired.verify[consumer.name] ?? [] },
          { say },
        );
    }, onLine);
  }

  /** What `pulumi destroy` does with them. */
  destroy(desired: MigrationDesired, onLine?: (line: string) => void): Promise<Told> {
    return tell((say) => rollBack(desired, { say }), onLine);
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

  private async startTargetAtBoot(): Promise<void> {
    const script = `#!/bin/sh\nexec ${serviceCommand(this.target(), "start")}\n`;
    const put =
      'mkdir -p /etc/lab/boot.d; printf %s "$1" >/etc/lab/boot.d/zookeeper; chmod +x /etc/lab/boot.d/zookeeper';
    await Promise.all(this.newEnsemble.map(({ name }) => this.on(name, put, script)));
  }

  private move(desired: MigrationDesired, to: ActiveSide, onLine?: (line: string) => void): Promise<Told> {
    return tell((say) => moveTo(desired, to, { say }), onLine);
  }
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
