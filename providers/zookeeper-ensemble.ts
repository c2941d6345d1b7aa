/** `ZooKeeperEnsemble`: an installed, configured and running ensemble. */
import * as pulumi from "@pulumi/pulumi";
import type { EnsembleInput } from "../core/zookeeper/desired";
import type { Arguments } from "./inputs";
import { propertiesOf } from "./inputs";
import { thinProvider } from "./thin-provider";

/** What to install where, with the published procedure's defaults. */
export type ZooKeeperEnsembleArgs = Arguments<EnsembleInput>;

export interface EnsembleServer {
  readonly id: number;
  readonly address: string;
  readonly clientPort: number;
}

export class ZooKeeperEnsemble extends pulumi.dynamic.Resource {
  /** `172.26.53.28:2181,172.26.64.167:2181,172.26.64.168:2181` */
  declare readonly connectString: pulumi.Output<string>;
  declare readonly servers: pulumi.Output<Record<string, EnsembleServer>>;
  /** What the preview showed. */
  declare readonly plan: pulumi.Output<unknown>;
  /** What destroy would do. */
  declare readonly rollbackPlan: pulumi.Output<string>;
  /** How the hosts differed from what is wanted when they were last looked at (`pulumi refresh`). */
  declare readonly drift: pulumi.Output<string[]>;
  /** The arguments: what a migration needs to know, known already in the first preview. */
  readonly args: ZooKeeperEnsembleArgs;

  constructor(name: string, args: ZooKeeperEnsembleArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["connectString", "servers", "plan", "rollbackPlan", "timeline", "drift"];
    const place = { name, type: "ZooKeeperEnsemble", parent: options?.parent };
    super(
      thinProvider("ensemble"),
      name,
      propertiesOf(args, outputs, place),
      options,
      "zookeeper",
      place.type,
    );
    this.args = args;
  }
}
