/** `ZooKeeperMonitoring`: Prometheus rules, scrape configuration and a Grafana dashboard for both sides of a migration. */
import * as pulumi from "@pulumi/pulumi";
import type { MigrationInput } from "../core/run/desired";
import type { MonitoringChoices, MonitoringInput } from "../core/run/monitoring";
import type { Arguments, DeepInput } from "./inputs";
import { propertiesOf } from "./inputs";
import { thinProvider } from "./thin-provider";
import type { ZkDataMigration } from "./zk-data-migration";

export interface ZooKeeperMonitoringArgs extends Arguments<MonitoringChoices> {
  /** Whose sides are watched; its `onCall` lands in the labels of every alert. */
  readonly migration: ZkDataMigration;
}

export class ZooKeeperMonitoring extends pulumi.dynamic.Resource {
  /** What the preview showed: the files, and what no rule can see. */
  declare readonly plan: pulumi.Output<unknown>;
  /** Absolute paths on the Prometheus host that the last `up` changed. */
  declare readonly changed: pulumi.Output<string[]>;

  constructor(name: string, args: ZooKeeperMonitoringArgs, options?: pulumi.CustomResourceOptions) {
    const place = { name, type: "ZooKeeperMonitoring", parent: options?.parent };
    const { migration, ...choices } = args;
    const desired = { ...choices, migration: migration.args as DeepInput<MigrationInput> };
    super(
      thinProvider("monitoring"),
      name,
      propertiesOf(desired as unknown as Arguments<MonitoringInput>, ["plan", "changed"], place),
      pulumi.mergeOptions({ dependsOn: [migration] }, options),
      "zookeeper",
      place.type,
    );
  }
}
