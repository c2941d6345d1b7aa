/**
 * A stand-in replica server: beacons to the leading meta, a lease, and the replicas on its disk.
 *
 * The lease (20 s) is shorter than the meta's grace (22 s), so a server has always stopped serving before
 * the meta declares it dead. It counts from the last beacon that a leader acknowledged.
 */
import { commonCalls, STARTED } from "../server/common-calls";
import { versionOf } from "../server/config";
import { serve } from "../server/http-server";
import type { StandInProcess } from "../server/process";
import { call } from "../server/protocol";
import { Replicas } from "./replicas";
import { ReplicaStore } from "./store";

export class ReplicaServer {
  private readonly metas: readonly string[];
  private readonly replicas: Replicas;
  private master: string | undefined;
  private connectedTo: number | undefined;
  private lastAcknowledged = 0;

  constructor(private readonly process: StandInProcess) {
    const { config, log, self } = process;
    this.metas = config.list("meta_server", "server_list");
    this.master = this.metas[0];
    const store = new ReplicaStore(config.text("core", "data_dir", "./data"));
    this.replicas = new Replicas(self, this.metas, store, log);
  }

  async run(): Promise<void> {
    const { config, port } = this.process;
    const { replicas } = this;
    await serve(port, commonCalls(config), () => ({
      info: () => ({ err: "ERR_OK", version: versionOf(config.release), started: STARTED }),
      "query-replicas": () => ({ err: "ERR_OK", replicas: replicas.stored }),
      proposal: (request) => replicas.proposal(request),
      learn: (request) => replicas.learn(request),
      "group-check": (request) => replicas.groupCheck(request),
    }));
    setInterval(() => void this.beacon(), this.seconds("fd_beacon_interval_seconds", 3));
    setInterval(() => this.checkLease(), this.seconds("fd_check_interval_seconds", 2));
    setInterval(
      () => void this.configSync(),
      config.number("replication", "config_sync_interval_ms", 30_000),
    );
    await this.beacon();
  }

  private async beacon(): Promise<void> {
    const { master } = this;
    if (master === undefined) return;
    this.checkLease();
    const sent = Date.now();
    const reply = await call(master, "beacon", { node: this.process.self }, 2000);
    if (reply.err !== "ERR_OK" || !reply.isMaster) {
      const named = reply.primary !== undefined && reply.primary !== "" && reply.primary !== master;
      this.master = named ? reply.primary : this.after(master);
      this.process.log.info(
        "switch_master()",
        `switch master from[${master}], to[${this.master ?? "nobody"}], err = ${reply.err}`,
      );
      return;
    }
    // A process that was starved for longer than its lease must not find it renewed by the first reply.
    this.checkLease();
    this.lastAcknowledged = sent;
    if (this.connectedTo !== reply.leaderSince) {
      this.connectedTo = reply.leaderSince;
      await this.configSync();
    }
  }

  private checkLease(): void {
    if (this.connectedTo === undefined) return;
    if (Date.now() - this.lastAcknowledged <= this.seconds("fd_lease_seconds", 20)) return;
    this.connectedTo = undefined;
    this.replicas.deactivate();
  }

  /** Ends in nothing while the metas wait for recovery; the next one is an interval away. */
  private async configSync(): Promise<void> {
    if (this.master === undefined || this.connectedTo === undefined) return;
    const stored = this.replicas.stored.map(({ gpid }) => gpid);
    const reply = await call(this.master, "config-sync", { node: this.process.self, stored });
    if (reply.err === "ERR_OK") await this.replicas.applyConfigs(reply.partitions ?? [], reply.apps ?? []);
  }

  private after(meta: string): string | undefined {
    return this.metas[(this.metas.indexOf(meta) + 1) % this.metas.length];
  }

  private seconds(key: string, fallback: number): number {
    return this.process.config.number("replication", key, fallback) * 1000;
  }
}
