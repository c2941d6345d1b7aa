/**
 * The lab's Pegasus cluster: moved without Pulumi, and looked at without the product's readers.
 *
 * What the cluster is comes from the stand-in's own protocol, and from `/config` of each meta, in a line for each
 * thing that must be the same; how the replica servers fared comes from their hosts' kernels.
 */
import { get } from "node:http";
import { text } from "node:stream/consumers";
import type { MigrationDesired } from "../../../core/run/desired";
import { connectString, PEGASUS_META_PORT, withRole, type HostSpec } from "../../../lab/layout";
import {
  metaList,
  PEGASUS_CONFIG,
  PEGASUS_RUN,
  PEGASUS_SERVICE,
  untilHealthy,
  view,
} from "../../../lab/pegasus-hosts";
import type { Arguments } from "../../../lab/arguments";
import type { Lab } from "../../../lab/lab";
import { Scene } from "./scene";

export type Method = "copy" | "recover";
type Consumer = Record<string, unknown>;

/** A cluster as it must be before and after. */
export interface ClusterLook {
  /** `id name status partitions/replicas envs`. */
  readonly tables: readonly string[];
  readonly nodes: readonly string[];
  readonly level: string;
  readonly root: string;
  /** Of each replica server: process and when it was started. */
  readonly replicaServers: readonly string[];
}

/** The cluster of a lab, whoever moves it. */
export class PegasusCluster {
  constructor(readonly lab: Lab) {}

  get metas(): HostSpec[] {
    return withRole(this.lab.specs, "pegasus-meta");
  }

  get replicaServers(): HostSpec[] {
    return withRole(this.lab.specs, "pegasus-replica");
  }

  /** Waits until every partition is healthy, and says what there is. */
  async look(): Promise<ClusterLook> {
    await untilHealthy(this.metas);
    const { view: seen } = await view(this.metas);
    if (!seen) throw new Error("no meta leads");
    return {
      tables: seen.apps.map(
        (app) =>
          `${app.app_id} ${app.app_name} ${app.status} ${app.partition_count}/${app.max_replica_count} ${JSON.stringify(app.envs)}`,
      ),
      nodes: seen.nodes.map((node) => `${node.name} ${node.alive ? "ALIVE" : "UNALIVE"}`),
      level: seen.level,
      root: seen.zookeeperRoot,
      replicaServers: await Promise.all(this.replicaServers.map(({ name }) => this.processOn(name))),
    };
  }

  /** Which process is the host's Pegasus server, and since when; a restart changes both. */
  processOn(host: string): Promise<string> {
    return this.on(
      host,
      'pid=$(cat /run/pegasus.pid) && echo "$(hostname) $pid $(cut -d" " -f22 "/proc/$pid/stat")"',
    );
  }

  /** `hosts_list` as each meta has loaded it, first of the metas first. */
  hostsLists(): Promise<string[]> {
    return Promise.all(this.metas.map(({ address }) => loaded(address, "hosts_list")));
  }

  ensemble(side: "old" | "new"): string {
    return connectString(side === "old" ? this.lab.oldEnsemble : withRole(this.lab.specs, "new-zookeeper"));
  }

  /** SHA-256 of each meta's config.ini. */
  configs(): Promise<string[]> {
    return Promise.all(this.metas.map(({ name }) => this.on(name, `sha256sum ${PEGASUS_CONFIG}`)));
  }

  /** One command through the shell as an operator types it; everything that it printed. */
  shell(command: string): Promise<string> {
    const [first] = this.metas;
    const list = metaList(this.lab.specs);
    return this.on(first?.name ?? "", `echo "$1" | ${PEGASUS_RUN} shell --cluster ${list} 2>&1`, command);
  }

  /** What the metas have printed since the lab's first boot: a crash, for example. */
  async printed(): Promise<string> {
    const logs = await Promise.all(
      this.metas.map(({ name }) => this.on(name, "cat /pegasus/bin/stdout.log")),
    );
    return logs.join("\n");
  }

  service(host: string, verb: "start" | "stop"): Promise<string> {
    return this.on(host, `${PEGASUS_SERVICE} ${verb}`);
  }

  /** Short name of the meta that leads, and of the one that does not. */
  async leader(): Promise<{ primary: string; backup: string }> {
    const { view: seen } = await view(this.metas);
    const [primary = ""] = (seen?.primaryMetaServer ?? "").split(":");
    const backup = this.metas.find(({ name }) => name !== primary)?.name ?? "";
    return { primary, backup };
  }

  /** It works on that side, as `before` in everything, and every meta has loaded that side's list. */
  async expectOn(side: "old" | "new", before: ClusterLook): Promise<void> {
    expect(await this.look()).toEqual(before);
    const wanted = this.ensemble(side);
    expect(await this.hostsLists()).toEqual([wanted, wanted]);
  }

  private async on(host: string, script: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.lab.host(host).exec(["sh", "-c", script, "sh", ...args]);
    if (code !== 0) throw new Error(`${host}: ${script}: exit code ${code}: ${stderr}`);
    return stdout.trim();
  }
}

/** The same, moved without Pulumi. */
export class PegasusScene extends PegasusCluster {
  private constructor(readonly scene: Scene) {
    super(scene.lab);
  }

  /** A lab of scenario `pegasus`, healthy, with the target installed. */
  static async open(): Promise<PegasusScene> {
    return new PegasusScene(await Scene.open({ clickhouse: false, scenario: "pegasus" }));
  }

  reset(): Promise<void> {
    return this.scene.reset();
  }

  close(): Promise<void> {
    return this.scene.close();
  }

  /** The lab's cluster as the consumer, moved by that method with the strategy that goes with it. */
  desired(
    method: Method,
    change: (consumer: Consumer, args: Arguments) => void = () => undefined,
  ): MigrationDesired {
    return this.scene.desired((args) => {
      const consumer = (args["lab consumers"] as Arguments["consumers"])["pegasus"] ?? {};
      consumer["method"] = method;
      if (method === "recover") args["strategy"] = { kind: "none" };
      // No host is dead here: a busy machine may take its time to shake hands.
      for (const hosts of [
        args.source.hosts,
        args.target.hosts,
        consumer["metas"] as typeof args.source.hosts,
      ])
        for (const { connection } of Object.values(hosts)) connection["perDialTimeout"] = 30;
      args.consumers["pegasus"] = consumer;
      change(consumer, args);
    });
  }
}

/** An option as that meta's process has loaded it: `/config` is safe at any time. */
async function loaded(address: string, option: string): Promise<string> {
  return (JSON.parse(await ask(address, `/config?name=${option}`)) as { value: string }).value;
}

/** GET from a meta; what it answered. */
export function ask(address: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`http://${address}:${PEGASUS_META_PORT}${path}`, { agent: false, timeout: 3_000 }, (reply) => {
      text(reply).then(resolve, reject);
    }).on("error", reject);
  });
}
