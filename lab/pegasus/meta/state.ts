/**
 * What the leading meta keeps in memory: tables, replica servers, and the level.
 *
 * Memory first matters for one thing above all: `set_meta_level blind` lives here only, so a restart
 * forgets it, and nothing in ZooKeeper shows that it ever was.
 */
import type { Config } from "../server/config";
import type { AppView } from "../server/protocol";
import { type Node, type PartitionRecord, membersOf } from "../server/records";

export const LEVELS = ["stopped", "blind", "freezed", "steady", "lively"];

interface KnownNode extends Node {
  alive: boolean;
  lastBeacon: number;
}

export class MetaState {
  readonly apps = new Map<number, AppView>();
  private readonly known = new Map<string, KnownNode>();
  /** Whatever is in force. */
  levelSet: string;
  private readonly minAlive: number;

  constructor(config: Config) {
    this.levelSet = config.text("meta_server", "meta_function_level_on_start", "steady");
    this.minAlive = config.number("meta_server", "min_live_node_count_for_unfreeze", 3);
  }

  /** Takes over what was loaded. Nodes that hold partitions count as alive until their grace has run out. */
  load(apps: readonly AppView[]): void {
    for (const app of apps) {
      this.apps.set(app.app_id, app);
      for (const partition of app.partitions) {
        for (const node of membersOf(partition)) if (!this.known.has(node.name)) this.beacon(node);
      }
    }
  }

  get nodes(): readonly (Node & { readonly alive: boolean })[] {
    return [...this.known.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  beacon(node: Node): void {
    this.known.set(node.name, { ...node, alive: true, lastBeacon: Date.now() });
  }

  /** Declares dead who has not been heard of for `graceMs`. */
  checkNodes(graceMs: number): void {
    for (const node of this.known.values()) if (Date.now() - node.lastBeacon > graceMs) node.alive = false;
  }

  isAlive(node: Node): boolean {
    return this.known.get(node.name)?.alive === true;
  }

  /** Returns the level that was set before. */
  setLevel(level: string): string {
    const old = this.levelSet;
    this.levelSet = level;
    return old;
  }

  /** What is in force: too few live nodes freeze a cluster that is set to steady or lively. */
  get level(): string {
    const all = this.nodes;
    const alive = all.filter((node) => node.alive).length;
    const frozen = alive < this.minAlive || alive * 100 < all.length * 65;
    return frozen && this.allows("steady") ? "freezed" : this.levelSet;
  }

  /** Whether the level that was set is at least this one. */
  allows(level: string): boolean {
    return LEVELS.indexOf(this.levelSet) >= LEVELS.indexOf(level);
  }

  partition(gpid: string): PartitionRecord | undefined {
    const [appId, index] = gpid.split(".").map(Number);
    return this.apps.get(appId ?? -1)?.partitions[index ?? -1];
  }

  setPartition(partition: PartitionRecord): void {
    const [appId = -1, index] = partition.pid.split(".").map(Number);
    const app = this.apps.get(appId);
    if (app === undefined) return;
    this.apps.set(appId, {
      ...app,
      partitions: app.partitions.map((old, at) => (at === index ? partition : old)),
    });
  }

  appByName(name: string): AppView | undefined {
    return [...this.apps.values()].find((app) => app.app_name === name && app.status === "AVAILABLE");
  }

  /** Replicas on a node, for placing new ones where there are fewest. */
  loadOf(node: Node): { readonly primaries: number; readonly total: number } {
    const partitions = [...this.apps.values()].flatMap((app) => app.partitions);
    return {
      primaries: partitions.filter((partition) => partition.primary?.name === node.name).length,
      total: partitions.filter((partition) => membersOf(partition).some(({ name }) => name === node.name))
        .length,
    };
  }
}
