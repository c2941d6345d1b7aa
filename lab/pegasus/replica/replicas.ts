/**
 * The replicas of one server and what may happen to each: proposals, learning, config syncs, the lease.
 *
 * The rule behind the 30 seconds of the published procedure stands here. A replica that is still PRIMARY or
 * SECONDARY of the old metadata does not act on metadata rebuilt meanwhile: a secondary ignores what is
 * asked of a primary, and a primary whose members are not those of the proposal ends its whole process.
 * Only replicas that went INACTIVE, because the lease ran out, take over what the new metadata says.
 */
import type { Log } from "../server/log";
import {
  type Calls,
  type ChangeType,
  type Reply,
  type StoredReplica,
  call,
  callLeader,
} from "../server/protocol";
import type { AppRecord, Node, PartitionRecord } from "../server/records";
import type { ReplicaStore } from "./store";

type Status = "PS_INACTIVE" | "PS_POTENTIAL_SECONDARY" | "PS_SECONDARY" | "PS_PRIMARY";

interface Replica {
  stored: StoredReplica;
  status: Status;
  /** The members as this replica knows them. */
  config: PartitionRecord | undefined;
}

export class Replicas {
  private readonly replicas = new Map<string, Replica>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly self: Node,
    private readonly metas: readonly string[],
    private readonly store: ReplicaStore,
    private readonly log: Log,
  ) {
    for (const stored of store.load()) {
      this.replicas.set(stored.gpid, { stored, status: "PS_INACTIVE", config: undefined });
    }
  }

  get stored(): readonly StoredReplica[] {
    return [...this.replicas.values()].map((replica) => replica.stored);
  }

  /** The lease ran out: nothing is served, and nothing of the old metadata binds any more. */
  deactivate(): void {
    for (const replica of this.replicas.values()) {
      this.setStatus(replica, "PS_INACTIVE");
      replica.config = undefined;
    }
  }

  /**
   * Takes over what the meta's metadata says of this server, where nothing older is still in force, and the tables'
   * envs: the replica's own record is what a recovery brings back.
   */
  async applyConfigs(partitions: readonly PartitionRecord[], apps: readonly AppRecord[]): Promise<void> {
    const envsOf = new Map(apps.map(({ app_id, envs }) => [String(app_id), envs]));
    for (const config of partitions) {
      await this.inTurn(config.pid, async () => {
        const replica = this.replicas.get(config.pid);
        if (replica === undefined)
          return void (await this.update(config, "DOWNGRADE_TO_INACTIVE", this.self));
        const { app } = replica.stored;
        const envs = envsOf.get(config.pid.split(".")[0] ?? "") ?? app.envs;
        if (JSON.stringify(envs) !== JSON.stringify(app.envs)) {
          replica.stored = { ...replica.stored, app: { ...app, envs } };
          this.store.save(replica.stored);
        }
        const active = replica.status === "PS_PRIMARY" || replica.status === "PS_SECONDARY";
        if (!active && config.ballot >= replica.stored.ballot) this.adopt(replica, config);
      });
    }
  }

  proposal({ type, node, app, config }: Calls["proposal"]["request"]): Promise<Reply<"proposal">> {
    return this.inTurn(config.pid, async () => {
      this.log.info(
        "on_config_proposal()",
        `${config.pid}@${this.self.name}: received config proposal CT_${type} for ${node.name}`,
      );
      const known = this.replicas.get(config.pid);
      if (known !== undefined && config.ballot < known.stored.ballot) return { err: "ERR_OK" };
      if (type === "ASSIGN_PRIMARY" || type === "UPGRADE_TO_PRIMARY") {
        const replica = known ?? (config.ballot === 0 ? this.open(app, config) : undefined);
        if (replica !== undefined) await this.becomePrimary(type, replica, config);
      } else if (known !== undefined) await this.changeMembers(type, known, node, app, config);
      return { err: "ERR_OK" };
    });
  }

  /** The primary asks this server to hold a replica. */
  learn({ app, config, decree }: Calls["learn"]["request"]): Promise<Reply<"learn">> {
    return this.inTurn(config.pid, async () => {
      const replica = this.replicas.get(config.pid) ?? this.open(app, config);
      if (replica.status === "PS_PRIMARY" || replica.status === "PS_SECONDARY")
        return { err: "ERR_INVALID_STATE" };
      this.setStatus(replica, "PS_POTENTIAL_SECONDARY");
      replica.stored = { ...replica.stored, app, decree };
      return { err: "ERR_OK" };
    });
  }

  /** The primary tells its secondaries who is in the group now. */
  groupCheck({ config }: Calls["group-check"]["request"]): Promise<Reply<"group-check">> {
    return this.inTurn(config.pid, async () => {
      const replica = this.replicas.get(config.pid);
      const mayFollow = replica?.status === "PS_SECONDARY" || replica?.status === "PS_POTENTIAL_SECONDARY";
      if (replica !== undefined && mayFollow && config.ballot >= replica.stored.ballot)
        this.adopt(replica, config);
      return { err: "ERR_OK" };
    });
  }

  private async becomePrimary(type: ChangeType, replica: Replica, config: PartitionRecord): Promise<void> {
    const wanted = type === "ASSIGN_PRIMARY" ? "PS_INACTIVE" : "PS_SECONDARY";
    if (replica.status !== wanted) return this.ignore(type, config.pid, replica.status);
    const agreed = await this.update(config, type, this.self);
    if (agreed === undefined) return;
    this.adopt(replica, agreed);
    await this.tellSecondaries(agreed);
  }

  private async changeMembers(
    type: ChangeType,
    replica: Replica,
    node: Node,
    app: AppRecord,
    config: PartitionRecord,
  ): Promise<void> {
    if (replica.status !== "PS_PRIMARY") return this.ignore(type, config.pid, replica.status);
    // An answer of the meta's that got lost: it has written what this primary asked for.
    if (config.ballot > replica.stored.ballot) this.adopt(replica, config);
    if (names(config.secondaries) !== names(replica.config?.secondaries ?? [])) {
      this.log.fatal(
        "add_potential_secondary()",
        "[proposal.config.hp_secondaries == _primary_states.pc.hp_secondaries]",
      );
    }
    if (type === "ADD_SECONDARY") {
      const learned = await call(node.name, "learn", { app, config, decree: replica.stored.decree });
      if (learned.err !== "ERR_OK") return this.ignore(type, config.pid, `${node.name}: ${learned.err}`);
    }
    const agreed = await this.update(config, type, node);
    if (agreed === undefined) return;
    this.adopt(replica, agreed);
    await this.tellSecondaries(agreed);
  }

  /** Asks the meta to write the change; undefined when it does not, because its level is blind for example. */
  private async update(
    config: PartitionRecord,
    type: ChangeType,
    node: Node,
  ): Promise<PartitionRecord | undefined> {
    const reply = await callLeader(this.metas, "update-config", {
      gpid: config.pid,
      ballot: config.ballot,
      type,
      node,
    });
    if (reply.err !== "ERR_OK")
      this.log.warn("update_configuration()", `${config.pid}: ${type} answered ${reply.err}`);
    return reply.err === "ERR_OK" ? reply.config : undefined;
  }

  private async tellSecondaries(config: PartitionRecord): Promise<void> {
    await Promise.all(config.secondaries.map((node) => call(node.name, "group-check", { config })));
  }

  private adopt(replica: Replica, config: PartitionRecord): void {
    const isPrimary = config.primary?.name === this.self.name;
    const isSecondary = config.secondaries.some(({ name }) => name === this.self.name);
    this.setStatus(replica, isPrimary ? "PS_PRIMARY" : isSecondary ? "PS_SECONDARY" : "PS_INACTIVE");
    replica.config = config;
    replica.stored = { ...replica.stored, ballot: config.ballot };
    this.store.save(replica.stored);
  }

  private setStatus(replica: Replica, status: Status): void {
    if (replica.status === status) return;
    const { gpid } = replica.stored;
    this.log.info(
      "update_local_configuration()",
      `[${gpid}@${this.self.name}] status change ${replica.status} @ ${status}`,
    );
    replica.status = status;
  }

  private open(app: AppRecord, config: PartitionRecord): Replica {
    const stored = { gpid: config.pid, app, ballot: config.ballot, decree: config.last_committed_decree };
    const replica: Replica = { stored, status: "PS_INACTIVE", config: undefined };
    this.replicas.set(config.pid, replica);
    this.store.save(stored);
    return replica;
  }

  private ignore(type: ChangeType, gpid: string, state: string): void {
    this.log.warn(
      "on_config_proposal()",
      `[${gpid}@${this.self.name}] ignore ${type} proposal for invalid state, state = ${state}`,
    );
  }

  /** One thing at a time for each replica: the next proposal may come before the answer to the last is in. */
  private inTurn<T>(gpid: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(gpid) ?? Promise.resolve()).then(work);
    this.turns.set(
      gpid,
      turn.catch(() => undefined),
    );
    return turn;
  }
}

function names(nodes: readonly Node[]): string {
  return nodes
    .map(({ name }) => name)
    .sort()
    .join(",");
}
