/** `ZkDataMigration`: the data of one ensemble, brought to another and back. */
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerInput, MigrationInput } from "../core/run/desired";
import type { EnsembleInput, ExistingInput } from "../core/zookeeper/desired";
import type { Arguments, DeepInput } from "./inputs";
import { propertiesOf } from "./inputs";
import { thinProvider } from "./thin-provider";
import { ZooKeeperEnsemble } from "./zookeeper-ensemble";

export interface ZkDataMigrationArgs extends Arguments<
  Omit<MigrationInput, "source" | "target" | "consumers">
> {
  /** The ensemble that has the data: run by its owners' commands, or managed here. */
  readonly source: Arguments<ExistingInput> | ZooKeeperEnsemble;
  readonly target: ZooKeeperEnsemble;
  /** A list, or a map by name: Pulumi hides a whole list for one secret in it, and of a map only the secret. */
  readonly consumers?:
    readonly DeepInput<ConsumerInput>[] | Readonly<Record<string, DeepInput<ConsumerInput>>>;
}

/** A row of the timeline. */
export interface TimelineSpan {
  readonly phase: string;
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

export class ZkDataMigration extends pulumi.dynamic.Resource {
  /** Whose data is the truth after the last `up`. */
  declare readonly activeSide: pulumi.Output<"target" | "source">;
  /** What the preview showed. */
  declare readonly plan: pulumi.Output<unknown>;
  /** What destroy would do, step by step. */
  declare readonly rollbackPlan: pulumi.Output<string[]>;
  /** Of the last move. */
  declare readonly timeline: pulumi.Output<TimelineSpan[]>;
  /** Page of the report of the last `up` that ended with this resource; undefined where a consumer's came after it. */
  declare readonly report: pulumi.Output<string | undefined>;
  /** Page of the plan as it was last reviewed, on the machine that ran the preview. */
  declare readonly planPage: pulumi.Output<string | undefined>;
  /** The arguments as a consumer's repointing needs them: known already in the first preview. */
  readonly args: Arguments<MigrationInput>;

  constructor(name: string, args: ZkDataMigrationArgs, options?: pulumi.CustomResourceOptions) {
    const ensembles = [args.source, args.target].filter((one) => one instanceof ZooKeeperEnsemble);
    const desired = {
      ...args,
      source: args.source instanceof ZooKeeperEnsemble ? args.source.args : args.source,
      target: args.target.args as DeepInput<EnsembleInput>,
      consumers: args.consumers ?? {},
    } as unknown as Arguments<MigrationInput>;
    const outputs = ["activeSide", "plan", "planPage", "report", "rollbackPlan", "timeline"];
    const place = { name, type: "ZkDataMigration", parent: options?.parent };
    super(
      thinProvider("migration"),
      name,
      propertiesOf(desired, outputs, place),
      pulumi.mergeOptions({ dependsOn: ensembles }, options),
      "zookeeper",
      place.type,
    );
    this.args = desired;
  }
}
