/**
 * What the leading meta does once its tables are loaded: admits beacons, answers config syncs, writes
 * configurations, cures partitions, carries out the shell's commands.
 *
 * Every change goes to ZooKeeper before memory, one after the other, so that a meta that dies in between
 * has promised nothing that the next one cannot read.
 */
import type { Config } from "../server/config";
import type { Log } from "../server/log";
import { type AppView, type Calls, type ErrorCode, type Reply } from "../server/protocol";
import { type AppRecord, type PartitionRecord, membersOf } from "../server/records";
import { propose, proposeFor } from "./cure";
import { newApp } from "./new-app";
import { reconfigure } from "./reconfigure";
import { LEVELS, type MetaState } from "./state";
import type { Storage } from "./storage";

/** Pegasus keeps a dropped table for a week unless told otherwise. */
const RESERVE_SECONDS = 7 * 24 * 3600;

export class Leader {
  private readonly since = Date.now();
  private writing: Promise<unknown> = Promise.resolve();
  private doomed = false;
  private nextId = 1;

  constructor(
    private readonly config: Config,
    private readonly state: MetaState,
    private readonly storage: Storage,
    private readonly log: Log,
  ) {}

  /** Starts curing; `[meta_server] lb_interval_ms`, as the real one. */
  start(): void {
    const round = this.config.number("meta_server", "lb_interval_ms", 10_000);
    setInterval(() => void this.cureAll(), round);
  }

  configSync({ node, stored }: Calls["config-sync"]["request"]): Reply<"config-sync"> {
    const unknown = stored.find((gpid) => this.state.partition(gpid) === undefined);
    if (unknown !== undefined) this.dieOfUnknownReplica(unknown, node.name);
    const partitions = [...this.state.apps.values()].flatMap((app) => app.partitions);
    return {
      err: "ERR_OK",
      partitions: partitions.filter((partition) =>
        membersOf(partition).some(({ name }) => name === node.name),
      ),
      apps: [...this.state.apps.values()].map(({ partitions: _, ...app }) => app),
    };
  }

  async updateConfig({
    gpid,
    ballot,
    type,
    node,
  }: Calls["update-config"]["request"]): Promise<Reply<"update-config">> {
    const written = await this.inTurn(async () => {
      const partition = this.state.partition(gpid);
      if (partition === undefined) return { err: "ERR_OBJECT_NOT_FOUND" as const };
      if (!this.state.allows("freezed")) return { err: "ERR_STATE_FREEZED" as const };
      if (partition.ballot !== ballot) return { err: "ERR_INVALID_VERSION" as const };
      const config = reconfigure(partition, type, node);
      await this.save(config);
      return { err: "ERR_OK" as const, config };
    });
    if (written.err === "ERR_OK") setImmediate(() => void this.cure(gpid));
    return written;
  }

  controlMeta({ level }: Calls["control-meta"]["request"]): Reply<"control-meta"> {
    if (!LEVELS.includes(level)) return { err: "ERR_INVALID_PARAMETERS" };
    return { err: "ERR_OK", oldLevel: this.state.setLevel(level) };
  }

  createApp({
    name,
    partitions,
    replicas,
    envs,
  }: Calls["create-app"]["request"]): Promise<Reply<"create-app">> {
    return this.inTurn(async () => {
      if (["stopped", "blind", "freezed"].includes(this.state.level)) return { err: "ERR_STATE_FREEZED" };
      if (this.state.appByName(name) !== undefined) return { err: "ERR_APP_EXIST" };
      const id = Math.max(0, ...this.state.apps.keys()) + 1;
      const app = newApp(id, { name, partitions, replicas, initPartitions: partitions, envs });
      await this.storage.createApp(app);
      this.state.apps.set(id, app);
      setImmediate(() => void this.cureApp(app));
      return { err: "ERR_OK", appId: id };
    });
  }

  /** Not refused while the level is blind: as in the real server, blind does not stop every write. */
  dropApp({ name, reserveSeconds }: Calls["drop-app"]["request"]): Promise<Reply<"drop-app">> {
    const now = Math.floor(Date.now() / 1000);
    return this.changeApp(name, (app) => ({
      ...app,
      status: "DROPPED",
      drop_second: now,
      expire_second: now + (reserveSeconds || RESERVE_SECONDS),
    }));
  }

  /** Not refused while the level is blind either. */
  setEnvs({ name, envs }: Calls["set-envs"]["request"]): Promise<Reply<"set-envs">> {
    return this.changeApp(name, (app) => ({ ...app, envs: { ...app.envs, ...envs } }));
  }

  /** Not refused while the level is blind either. */
  renameApp({ name, newName }: Calls["rename-app"]["request"]): Promise<Reply<"rename-app">> {
    return this.changeApp(name, (app) => ({ ...app, app_name: newName }));
  }

  addNodeData({ kind, name, data }: Calls["add-node-data"]["request"]): Promise<Reply<"add-node-data">> {
    return this.inTurn(async () => {
      const id = Math.floor(Date.now() / 1000) + this.nextId++;
      if (kind === "backup") {
        await this.storage.addBackupPolicy(name, data);
        return { err: "ERR_OK", id };
      }
      const app = this.state.appByName(name);
      if (app === undefined) return { err: "ERR_APP_NOT_EXIST" };
      await this.storage.addDuplication(app.app_id, id, data);
      return { err: "ERR_OK", id };
    });
  }

  /** Takes dead primaries out, then lets each partition have its next proposal. */
  async cureAll(): Promise<void> {
    for (const app of this.state.apps.values()) if (app.status === "AVAILABLE") await this.cureApp(app);
  }

  /** One partition after the other, since each placement counts for the next. */
  private async cureApp(app: AppView): Promise<void> {
    for (const { pid } of app.partitions) await this.cure(pid);
  }

  private async cure(gpid: string): Promise<void> {
    await this.inTurn(async () => {
      const partition = this.state.partition(gpid);
      if (partition?.primary === undefined || this.state.isAlive(partition.primary)) return;
      if (this.state.allows("freezed"))
        await this.save(reconfigure(partition, "DOWNGRADE_TO_INACTIVE", partition.primary));
    });
    if (!["steady", "lively"].includes(this.state.level)) return;
    const partition = this.state.partition(gpid);
    const proposal = partition && proposeFor(partition, this.state);
    if (partition && proposal) await propose(proposal, partition, this.state, this.log);
  }

  private changeApp(name: string, change: (app: AppRecord) => AppRecord): Promise<{ err: ErrorCode }> {
    return this.inTurn(async () => {
      const app = this.state.appByName(name);
      if (app === undefined) return { err: "ERR_APP_NOT_EXIST" };
      const changed = change(app);
      await this.storage.saveApp(changed);
      this.state.apps.set(app.app_id, { ...changed, partitions: app.partitions });
      return { err: "ERR_OK" };
    });
  }

  private async save(partition: PartitionRecord): Promise<void> {
    await this.storage.savePartition(partition);
    this.state.setPartition(partition);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.writing.then(work);
    this.writing = turn.catch(() => undefined);
    return turn;
  }

  /** About 12 s passed on a real cluster between the leader's start and the config sync that ended it. */
  private dieOfUnknownReplica(gpid: string, node: string): void {
    if (this.doomed) return;
    this.doomed = true;
    const after = this.config.number("stand_in", "unknown_replica_fatal_ms", 12_000);
    const where = "on_config_sync()";
    const what = `gpid(${gpid}) on node(${node}) is not exist on meta server, administrator should check consistency of meta data`;
    setTimeout(() => this.log.fatal(where, what), Math.max(0, this.since + after - Date.now()));
  }
}
