/**
 * The metadata in ZooKeeper: `<root>/apps` with `lock` while it is being written and `unlock` after that,
 * `<root>/apps/<id>`, `<root>/apps/<id>/<partition>`, and beside them what recovery does not bring back.
 *
 * Order of the first writing: lock, tables, partitions, unlock. A meta that dies in between leaves `lock`
 * behind, and the next one starts over instead of loading half of the tables.
 */
import type { Release } from "../server/config";
import type { AppView } from "../server/protocol";
import {
  type AppRecord,
  type PartitionRecord,
  decodeApp,
  decodePartition,
  encodeApp,
  encodePartition,
} from "../server/records";
import type { Session } from "./zookeeper";

export class Storage {
  constructor(
    private readonly session: Session,
    private readonly root: string,
    private readonly release: Release,
  ) {}

  async ensureRoot(): Promise<void> {
    await this.session.ensurePath(this.root);
  }

  /** All tables; undefined when there are none, or only half written ones. @throws when `apps` holds anything else */
  async load(): Promise<readonly AppView[] | undefined> {
    const state = await this.session.get(`${this.root}/apps`);
    if (state === undefined || state === "lock") return undefined;
    if (state !== "unlock") throw new Error(`invalid data "${state}" on ${this.root}/apps`);
    const apps: AppView[] = [];
    for (const id of await this.numbered(`${this.root}/apps`)) {
      const record = decodeApp((await this.session.get(`${this.root}/apps/${id}`)) ?? "");
      const partitions: PartitionRecord[] = [];
      for (const index of await this.numbered(`${this.root}/apps/${id}`)) {
        partitions.push(decodePartition((await this.session.get(`${this.root}/apps/${id}/${index}`)) ?? ""));
      }
      apps.push({ ...record, partitions });
    }
    return apps.length === 0 ? undefined : apps;
  }

  /** Writes all tables to a root that has none. */
  async initialise(apps: readonly AppView[]): Promise<void> {
    await this.session.ensure(`${this.root}/apps`);
    await this.session.set(`${this.root}/apps`, "lock");
    for (const app of apps) await this.createApp(app);
    await this.session.set(`${this.root}/apps`, "unlock");
  }

  /** What every leader makes sure of once the tables are loaded. */
  async ensureServiceRoots(): Promise<void> {
    await this.session.ensure(`${this.root}/backup`);
    await this.session.ensure(`${this.root}/bulk_load`);
  }

  async createApp(app: AppView): Promise<void> {
    const path = `${this.root}/apps/${app.app_id}`;
    await this.session.ensure(path, encodeApp(app, this.release));
    for (const [index, partition] of app.partitions.entries()) {
      await this.session.ensure(`${path}/${index}`, encodePartition(partition, this.release));
    }
  }

  async saveApp(app: AppRecord): Promise<void> {
    await this.session.set(`${this.root}/apps/${app.app_id}`, encodeApp(app, this.release));
  }

  async savePartition(partition: PartitionRecord): Promise<void> {
    const [appId, index] = partition.pid.split(".");
    await this.session.set(`${this.root}/apps/${appId}/${index}`, encodePartition(partition, this.release));
  }

  /** A duplication of a table: lost by a recovery. */
  async addDuplication(appId: number, id: number, data: string): Promise<void> {
    await this.session.ensure(`${this.root}/apps/${appId}/duplication`);
    await this.session.ensure(`${this.root}/apps/${appId}/duplication/${id}`, data);
  }

  /** A backup policy: lost by a recovery. */
  async addBackupPolicy(name: string, data: string): Promise<void> {
    await this.session.ensure(`${this.root}/backup/${name}`, data);
  }

  /** Children that are tables or partitions; `duplication` and the like stand beside them. */
  private async numbered(path: string): Promise<readonly number[]> {
    const names = await this.session.children(path);
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }
}
