/**
 * The steps that a Pegasus plan is made of, one function each: what it is called, what its handler needs, what the
 * reviewer reads. Their order is `plan.ts`'s. Pure.
 */
import type { JsonObject, Phase, Stage, Step } from "../engine/step";
import type { Side } from "../zookeeper/side";
import { treeArgs } from "../zookeeper/tree";
import { leaseSecondsOf, leaseValueOf, LEASE_KEYS, type LeaseKey } from "./config";
import type { PegasusDesired } from "./desired";
import type { MetaFacts, PegasusFacts } from "./observe";
import { recordId, toJson } from "./record";

/** Which side is left for which. */
export interface Sides {
  readonly from: Side;
  readonly to: Side;
  /** Whether the configuration goes back to what the user had there. */
  readonly restore: boolean;
}

/** Of a move: what its fence has to know. */
export interface FenceDirection extends Sides {
  /** Whether the ensemble that is joined serves already, so that a meta that boots may have written there. */
  readonly toServes: boolean;
  /** Before a move from a side that works; not where one is to be rescued. */
  readonly strict: boolean;
}

export function recordStep(desired: PegasusDesired, facts: PegasusFacts, direction: FenceDirection): Step {
  return {
    id: recordId(desired.name),
    host: facts.shell.on ?? "ops",
    kind: "pg.record",
    args: {
      ...clusterArgs(desired, facts),
      strict: direction.strict,
      ...overArgs(desired, facts, direction),
      fenced: facts.fencedBy !== undefined,
      metas: facts.metas.map(({ name, port, names }) => ({ name, port, names })),
      earlier: facts.record && toJson(facts.record),
      lease: { ...leaseValues(facts) },
    },
    says: "back up cluster_info, nodes -d and ls -a -d into the journal",
  };
}

/** @param direction of the move; none where stopping is never taken back */
export function stopStep(
  desired: PegasusDesired,
  facts: PegasusFacts,
  meta: MetaFacts,
  { says, direction }: { readonly says: string; readonly direction?: FenceDirection },
): Step {
  return {
    id: `stop meta ${meta.name}`,
    host: meta.name,
    kind: "pg.stop",
    args: {
      ...clusterArgs(desired, facts),
      ...serviceArgs(desired, meta),
      ...(direction && overArgs(desired, facts, direction)),
      other: direction && serversOf(direction.to),
    },
    says: `${says}: ${desired.stop}`,
    undo: `start: ${desired.start}`,
    lasting: true,
  };
}

/**
 * Finds a meta down, or stops one that was started since; its result says on what that ran.
 * @param options `until`: the step before which it must not run: a host that boots starts its meta by itself, with whatever its
 * file says
 */
export function downStep(
  desired: PegasusDesired,
  facts: PegasusFacts,
  meta: MetaFacts,
  options: Sides & { readonly until: string },
): Step {
  return {
    id: downId(meta.name),
    host: meta.name,
    kind: "pg.down",
    args: { ...serviceArgs(desired, meta), ...ranArgs(desired, facts, options) },
    says: `make sure that it is stopped: ${desired.stop}`,
    holdsUntil: options.until,
  };
}

export function downId(meta: string): string {
  return `meta ${meta} is down`;
}

export function copyAgainStep(
  desired: PegasusDesired,
  facts: PegasusFacts,
  znodes: { readonly root: string; readonly queue: string },
  { from, to }: { readonly from: Side; readonly to: Side },
): Step {
  return {
    id: `copy again ${desired.name}`,
    host: facts.metas[0]?.name ?? "ops",
    kind: "pg.copyAgain",
    args: {
      ...treeArgs({ origin: from, destination: to, roots: [znodes.root], excluded: [znodes.queue] }),
      consumer: desired.name,
      since: facts.fencedBy,
      acceptLost: desired.acceptLost,
      metas: facts.metas.map(({ name }) => name),
      left: serversOf(from),
      joined: serversOf(to),
    },
    says: "copy again, if a meta was started since and wrote there",
  };
}

export function blindStep(desired: PegasusDesired, facts: PegasusFacts, direction: FenceDirection): Step {
  return {
    id: `blind ${desired.name}`,
    host: facts.shell.on ?? "ops",
    kind: "pg.blind",
    args: {
      ...clusterArgs(desired, facts),
      ...overArgs(desired, facts, direction),
      metas: portsOf(facts),
    },
    says: "set_meta_level blind",
    undo: "set_meta_level to what it was",
  };
}

export function levelStep(desired: PegasusDesired, facts: PegasusFacts): Step {
  return {
    id: `level of ${desired.name}`,
    host: facts.shell.on ?? "ops",
    kind: "pg.level",
    args: { ...clusterArgs(desired, facts), record: facts.record && toJson(facts.record) },
    says: `set_meta_level ${facts.record?.level ?? facts.cluster?.info.level ?? "as before"}, unless it starts with that`,
  };
}

export function editStage(
  desired: PegasusDesired,
  facts: PegasusFacts,
  edit: Sides & { readonly recover: boolean; readonly id: string },
): Stage {
  const recover = edit.recover ? "true" : desired.method === "recover" ? "false" : undefined;
  const says = edit.recover ? "hosts_list and recover_from_replica_server = true" : "hosts_list";
  return stage(
    "repoint",
    facts.metas.map(({ name }) => ({
      id: editId(desired, edit.id, name),
      host: name,
      kind: "pg.edit",
      args: { ...joinArgs(desired, edit), recover },
      says:
        edit.restore && !edit.recover
          ? `put ${desired.configPath} back`
          : edit.id === "edit"
            ? `edit ${desired.configPath}: ${says}`
            : `edit ${desired.configPath}: recover_from_replica_server = false`,
      undo: edit.restore || edit.id !== "edit" ? undefined : "put the original back",
    })),
  );
}

export function editId(desired: PegasusDesired, id: string, meta: string): string {
  return `${id} ${meta}:${desired.configPath}`;
}

/** What a started meta is waited for: that one leads, that it waits for `recover`, or to answer at all. */
export type AwaitedState = "leads" | "waits" | "answers";

export function startStep(
  desired: PegasusDesired,
  facts: PegasusFacts,
  meta: MetaFacts,
  options: Sides & { readonly id: string; readonly until: AwaitedState },
): Step {
  const { id, until, to } = options;
  // A meta that waits has served nobody: whoever takes the repointing back ends it before the file goes back.
  const undo = until === "waits" ? `stop: ${desired.stop}` : undefined;
  const says = { leads: "until it leads", waits: "until it waits for recover", answers: "until it answers" };
  return {
    id: `${id} ${meta.name}`,
    host: meta.name,
    kind: "pg.start",
    args: {
      ...clusterArgs(desired, facts),
      ...serviceArgs(desired, meta),
      ...joinArgs(desired, options),
      ensemble: { hosts: to.servers.map(({ name }) => name), clientPort: to.clientPort },
      until,
      // A backup whose host boots meanwhile may lead instead.
      names: facts.metas.flatMap(({ names }) => names),
    },
    says: `${desired.start}, ${says[until]}`,
    undo,
  };
}

export function clearStep(desired: PegasusDesired, facts: PegasusFacts, to: Side): Step {
  return {
    id: `empty root of ${desired.name}`,
    // Its servers may be out of reach, of the metas' hosts none.
    host: facts.metas[0]?.name ?? "ops",
    kind: "pg.clearRoot",
    args: {
      ...clusterArgs(desired, facts),
      servers: to.servers.map(({ name }) => name),
      clientPort: to.clientPort,
      configOn: facts.metas[0]?.name,
      path: desired.configPath,
      record: facts.record && toJson(facts.record),
    },
    says: `set aside what ${rootOf(desired, facts)} holds there as a dump beside the journal, and empty it`,
  };
}

export function leaseStep(desired: PegasusDesired, facts: PegasusFacts): Step {
  const seconds = facts.record?.leaseSeconds ?? leaseSecondsOf(leaseValues(facts));
  return {
    id: `leases of ${desired.name}`,
    host: facts.metas[0]?.name ?? "ops",
    kind: "pg.lease",
    args: { metas: portsOf(facts), seconds },
    says: `wait ${seconds} s with every meta down: until each replica server's lease has run out`,
  };
}

/** On the meta that waits for it, whose log tells what became of it; the shell is asked wherever it runs. */
export function recoverStep(desired: PegasusDesired, facts: PegasusFacts, meta: MetaFacts): Step {
  const flags = [desired.skipBadNodes ? " -b" : "", desired.skipLostPartitions ? " -l" : ""].join("");
  return {
    id: `recover ${desired.name}`,
    host: meta.name,
    kind: "pg.recover",
    args: {
      ...clusterArgs(desired, facts),
      flags,
      acceptLost: desired.acceptLost,
      record: facts.record && toJson(facts.record),
    },
    says: `recover -f <the nodes that were ALIVE>${flags}`,
    pointOfNoReturn: true,
  };
}

export function healthyStep(desired: PegasusDesired, facts: PegasusFacts, sides: Sides): Step {
  return {
    id: `healthy ${desired.name}`,
    host: facts.shell.on ?? "ops",
    kind: "pg.healthy",
    args: {
      ...clusterArgs(desired, facts),
      metas: portsOf(facts),
      ...joinArgs(desired, sides),
      timeoutSeconds: desired.healthTimeoutSeconds,
      record: facts.record && toJson(facts.record),
      mayReturn: desired.method === "recover" && desired.acceptLost,
      mayChange: desired.method === "copy" ? desired.acceptLost : undefined,
    },
    proves: "the cluster is what it was",
    says: "prove: every meta with the new hosts_list, one leads, level, nodes and tables as before, every partition fully healthy",
  };
}

export function canaryStages(
  desired: PegasusDesired,
  facts: PegasusFacts,
  { phase, id }: { readonly phase: Phase; readonly id: string },
): Stage[] {
  if (!desired.canary) return [];
  const step: Step = {
    id,
    host: facts.shell.on ?? "ops",
    kind: "pg.canary",
    args: clusterArgs(desired, facts),
    says: "canary: create a table, every partition fully healthy, set_app_envs, drop it",
    proves: "Pegasus's own work goes through",
  };
  return [stage(phase, [step])];
}

/** `10.0.0.1:2181,10.0.0.2:2181` */
export function serversOf(side: Side): string {
  return side.servers.map(({ address }) => `${address}:${side.clientPort}`).join(",");
}

function clusterArgs(desired: PegasusDesired, facts: PegasusFacts): JsonObject {
  return { consumer: desired.name, shell: { ...facts.shell }, root: desired.clusterRoot };
}

/** On which side a meta ran, by whichever names, since it was fenced. */
function ranArgs(desired: PegasusDesired, facts: PegasusFacts, sides: Sides): JsonObject {
  return { consumer: desired.name, since: facts.fencedBy, ...joinArgs(desired, sides) };
}

/** By what a meta is told that was started on the side that the move copies over; nothing where it copies over none, or that was accepted. */
function overArgs(desired: PegasusDesired, facts: PegasusFacts, direction: FenceDirection): JsonObject {
  const copiesOver = direction.toServes && desired.method === "copy" && !desired.acceptLost;
  return {
    from: serversOf(direction.from),
    over: copiesOver ? ranArgs(desired, facts, direction) : undefined,
  };
}

/** By what a meta is told to work with the side that is joined, and its file is made to name it. */
function joinArgs({ configPath }: PegasusDesired, { from, to, restore }: Sides): JsonObject {
  return { path: configPath, servers: serversOf(to), left: serversOf(from), restore };
}

/** How one meta is started, stopped, asked, and configured. */
function serviceArgs({ start, stop, configPath }: PegasusDesired, { port }: MetaFacts): JsonObject {
  return { port, start, stop, path: configPath };
}

function rootOf(desired: PegasusDesired, facts: PegasusFacts): string {
  return (
    desired.clusterRoot ?? facts.cluster?.info.zookeeperRoot ?? facts.record?.root ?? "the cluster's root"
  );
}

function portsOf(facts: PegasusFacts): JsonObject[] {
  return facts.metas.map(({ name, port }) => ({ name, port }));
}

function leaseValues(facts: PegasusFacts): Record<LeaseKey, number> {
  const configs = facts.metas.flatMap((meta) => (meta.config ? [meta.config] : []));
  const longest = (key: LeaseKey) => Math.max(...configs.map((config) => leaseValueOf(config, key)), 0);
  return Object.fromEntries(LEASE_KEYS.map((key) => [key, longest(key)])) as Record<LeaseKey, number>;
}

export function stage(phase: Phase, steps: readonly Step[]): Stage {
  return { phase, steps };
}
