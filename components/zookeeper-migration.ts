/**
 * `ZooKeeperMigration`: the whole move as one component: the new ensemble, the data, and every consumer.
 */
import * as pulumi from "@pulumi/pulumi";
import { ConsumerRepoint } from "../providers/consumer-repoint";
import type { ConsumerInput, RepointInput } from "../core/run/desired";
import type { DeepInput } from "../providers/inputs";
import type { ZkDataMigrationArgs } from "../providers/zk-data-migration";
import { ZkDataMigration } from "../providers/zk-data-migration";
import type { ZooKeeperEnsembleArgs } from "../providers/zookeeper-ensemble";
import { ZooKeeperEnsemble } from "../providers/zookeeper-ensemble";

export interface ZooKeeperMigrationArgs extends Omit<ZkDataMigrationArgs, "target" | "consumers"> {
  /** The ensemble to install. */
  readonly target: ZooKeeperEnsembleArgs;
  /** By name; every one is fenced, repointed, proven and released. */
  readonly consumers?: Readonly<Record<string, DeepInput<ConsumerInput>>>;
  /** The business's own checks, by the consumer they belong to. */
  readonly verify?: Readonly<Record<string, DeepInput<NonNullable<RepointInput["verify"]>>>>;
}

export class ZooKeeperMigration extends pulumi.ComponentResource {
  readonly ensemble: ZooKeeperEnsemble;
  readonly migration: ZkDataMigration;
  readonly repoints: Readonly<Record<string, ConsumerRepoint>>;

  constructor(name: string, args: ZooKeeperMigrationArgs, options?: pulumi.ComponentResourceOptions) {
    super("pulumi-zookeeper:index:ZooKeeperMigration", name, {}, options);
    const { target, consumers = {}, verify = {}, ...move } = args;
    this.ensemble = new ZooKeeperEnsemble(`${name}-ensemble`, target, { parent: this });
    this.migration = new ZkDataMigration(
      `${name}-data`,
      { ...move, target: this.ensemble, consumers },
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
    this.registerOutputs({
      connectString: this.ensemble.connectString,
      activeSide: this.migration.activeSide,
      rollbackPlan: this.migration.rollbackPlan,
    });
  }
}
