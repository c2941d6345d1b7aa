/**
 * `ZooKeeperMigration`: the whole move as one component: the new ensemble, the data, and every consumer.
 */
import * as pulumi from "@pulumi/pulumi";
import type { ZooKeeperMonitoringArgs } from "../providers/zookeeper-monitoring";
import { ZooKeeperMonitoring } from "../providers/zookeeper-monitoring";
import { ConsumerRepoint } from "../providers/consumer-repoint";
import type { ConsumerInput, RepointInput } from "../core/run/desired";
import type { DeepInput } from "../providers/inputs";
import type { ZkDataMigrationArgs } from "../providers/zk-data-migration";
import { ZkDataMigration } from "../providers/zk-data-migration";
import type { ZooKeeperEnsembleArgs } from "../providers/zookeeper-ensemble";
import { ZooKeeperEnsemble } from "../providers/zookeeper-ensemble";

export interface ZooKeeperMigrationArgs extends Omit<ZkDataMigrationArgs, "target" | "consumers" | "verify"> {
  /** The ensemble to install. */
  readonly target: ZooKeeperEnsembleArgs;
  /** By name; every one is fenced, repointed, proven and released. */
  readonly consumers?: Readonly<Record<string, DeepInput<ConsumerInput>>>;
  /** Watches both sides; left out, nothing does. `{}` writes the files, with `host` they are delivered too. */
  readonly monitoring?: Omit<ZooKeeperMonitoringArgs, "migration">;
  /** The business's own checks, by the consumer they belong to. */
  readonly verify?: Readonly<Record<string, DeepInput<NonNullable<RepointInput["verify"]>>>>;
}

export class ZooKeeperMigration extends pulumi.ComponentResource {
  readonly ensemble: ZooKeeperEnsemble;
  readonly migration: ZkDataMigration;
  readonly repoints: Readonly<Record<string, ConsumerRepoint>>;

  readonly monitoring: ZooKeeperMonitoring | undefined;
  /** Page of the report of the last `up`, on the machine that ran it. */
  readonly report: pulumi.Output<string | undefined>;

  constructor(name: string, args: ZooKeeperMigrationArgs, options?: pulumi.ComponentResourceOptions) {
    super("pulumi-zookeeper:index:ZooKeeperMigration", name, {}, options);
    const { target, consumers = {}, verify = {}, monitoring, ...move } = args;
    this.ensemble = new ZooKeeperEnsemble(`${name}-ensemble`, target, { parent: this });
    this.migration = new ZkDataMigration(
      `${name}-data`,
      { ...move, target: this.ensemble, consumers, verify },
      { parent: this },
    );
    this.repoints = Object.fromEntries(
      Object.entries(consumers).map(([consumer, args]) => [
        consumer,
        new ConsumerRepoint(
          `${name}-${consumer}`,
          { consumer: args, migration: this.migration, verify: verify[consumer] },
          { parent: this },
        ),
      ]),
    );
    this.monitoring = monitoring && this.watch(name, monitoring);
    // Each replaces the page by one with more in it; the latest tells of the whole.
    this.report = pulumi
      .all([this.migration.report, ...Object.values(this.repoints).map(({ report }) => report)])
      .apply((pages) =>
        pages
          .filter((page) => page !== undefined)
          .sort()
          .at(-1),
      );
    this.registerOutputs({
      connectString: this.ensemble.connectString,
      activeSide: this.migration.activeSide,
      rollbackPlan: this.migration.rollbackPlan,
      report: this.report,
      planPage: this.migration.planPage,
    });
  }

  /** After the repointings: until then a client on the source is where it belongs. */
  private watch(name: string, chosen: Omit<ZooKeeperMonitoringArgs, "migration">): ZooKeeperMonitoring {
    return new ZooKeeperMonitoring(
      `${name}-monitoring`,
      { ...chosen, migration: this.migration },
      { parent: this, dependsOn: Object.values(this.repoints) },
    );
  }
}
