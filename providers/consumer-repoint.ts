/** `ConsumerRepoint`: a consumer that works with the migration's active side. */
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerInput, MigrationInput, RepointInput } from "../core/run/desired";
import type { DeepInput } from "./inputs";
import { propertiesOf } from "./inputs";
import { thinProvider } from "./thin-provider";
import type { TimelineSpan } from "./zk-data-migration";
import type { ZkDataMigration } from "./zk-data-migration";

export interface ConsumerRepointArgs {
  /** One of the migration's consumers. */
  readonly consumer: DeepInput<ConsumerInput>;
  readonly migration: ZkDataMigration;
  /** The business's own checks, run before the writers go on. */
  readonly verify?: DeepInput<NonNullable<RepointInput["verify"]>>;
}

export class ConsumerRepoint extends pulumi.dynamic.Resource {
  /** What the preview showed. */
  declare readonly plan: pulumi.Output<unknown>;
  /** What destroy would do. */
  declare readonly rollbackPlan: pulumi.Output<string>;
  declare readonly timeline: pulumi.Output<TimelineSpan[]>;
  /** From the fence to the last writer resumed. */
  declare readonly writePauseSeconds: pulumi.Output<number | undefined>;

  /** Page of the report of the last `up`. */
  declare readonly report: pulumi.Output<string | undefined>;

  constructor(name: string, args: ConsumerRepointArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["plan", "report", "rollbackPlan", "timeline", "writePauseSeconds"];
    const place = { name, type: "ConsumerRepoint", parent: options?.parent };
    const desired = {
      consumer: args.consumer,
      migration: args.migration.args as DeepInput<MigrationInput>,
      verify: args.verify,
    };
    super(
      thinProvider("repoint"),
      name,
      propertiesOf<RepointInput>(desired, outputs, place),
      pulumi.mergeOptions({ dependsOn: [args.migration] }, options),
      "zookeeper",
      place.type,
    );
  }
}
