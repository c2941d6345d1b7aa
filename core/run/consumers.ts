/**
 * What a migration asks of a consumer, whatever kind it is: this file alone knows which kinds there are.
 *
 * A consumer is looked at once, and what was found answers every question that planning has: what speaks against
 * moving it, how it is fenced, edited, released, and what a reviewer should see.
 */
import { createHash } from "node:crypto";
import { complainClickHouse, diffsOfClickHouse } from "../clickhouse/complain";
import type { ClickHouseDesired } from "../clickhouse/desired";
import { observeClickHouse, type ClickHouseFacts } from "../clickhouse/observe";
import { checkStages, editStages, fenceStages, releaseStages, stayedDownStages } from "../clickhouse/plan";
import type { Complaint } from "../engine/errors";
import type { Run } from "../engine/journal";
import { fingerprint } from "../engine/plan-text";
import type { JsonObject, Stage } from "../engine/step";
import {
  complainPegasus,
  describePegasus,
  diffsOfPegasus,
  excludedOf,
  type ComplainOptions,
} from "../pegasus/complain";
import type { PegasusDesired } from "../pegasus/desired";
import { metasOn, observeMetas, observePegasus, sketchPegasus, type PegasusFacts } from "../pegasus/observe";
import { checkPegasus, fencePegasus, repointPegasus, type Direction, type Fence } from "../pegasus/plan";
import { serversOf, type FenceDirection } from "../pegasus/planned-steps";
import { fromJson, recordId, type ClusterRecord } from "../pegasus/record";
import type { Hosts, World } from "../transports/contract";
import { addressOf, namesOf } from "../zookeeper/desired";
import type { Side } from "../zookeeper/side";
import type { Consumer } from "./desired";
import type { ActiveSide, History } from "./history";

export interface FenceOptions extends FenceDirection {
  /** Whether the ensemble that is left goes on serving, so that a consumer's servers must be stopped themselves. */
  readonly stopServers: boolean;
}

/** A consumer as it was found. */
export interface ObservedConsumer {
  readonly consumer: Consumer;
  complain(options: ComplainOptions): Complaint[];
  /** What stops its writes before the data moves. */
  fence(options: FenceOptions): Fence;
  /** Its own work tried out, before it is fenced; nothing stays of it. */
  check(): Stage[];
  /** Edits, (re)starts, proves, releases. */
  repoint(direction: Direction): Stage[];
  /** A unified diff a file, secrets masked. */
  diffs(to: Side): Record<string, string[]>;
  /** SHA-256 of each file that will be edited: a reviewed plan is not carried out on another text. */
  readonly files: Readonly<Record<string, string>>;
  /** What was found, for the reviewer. */
  readonly found: readonly string[];
  /** Znodes that are never copied. */
  readonly excluded: readonly string[];
}

/** @param to the side that the consumer is to join */
export async function observeConsumer(
  world: World,
  consumer: Consumer,
  { from, to }: { readonly from: Side; readonly to: ActiveSide },
  history: History,
): Promise<ObservedConsumer> {
  const { on, perhapsOn } = history.workedOf(consumer.name);
  const fencedBy = history.fencedBy(consumer.name);
  switch (consumer.kind) {
    case "clickhouse": {
      // A server keeps the addresses that it started with, whatever its file says by now.
      const mayJoin = on === to || perhapsOn === to;
      return asClickHouse(consumer, await observeClickHouse(world, consumer), { mayJoin, fencedBy });
    }
    case "pegasus": {
      const record = lastRecord(history, consumer.name);
      const led = on !== to ? "yes" : perhapsOn !== undefined && perhapsOn !== to ? "perhaps" : "no";
      return asPegasus(consumer, await observePegasus(world, consumer, { from, led, record, fencedBy }));
    }
  }
}

/**
 * Whether one of its servers may have written on that side though it was never repointed: its file was edited, and its host
 * has booted. ClickHouse's session would show there; a recovery's meta only waits.
 */
export async function worksOn(
  world: World,
  consumer: Consumer,
  side: Side,
  { fencedBy }: History,
): Promise<boolean> {
  if (consumer.kind !== "pegasus" || consumer.method !== "copy") return false;
  const args = { consumer: consumer.name, since: fencedBy(consumer.name), servers: serversOf(side) };
  return (await metasOn(world, await observeMetas(world, consumer), args)).length > 0;
}

/** When its move was taken back, the metas were started again: tables may have come since. */
function lastRecord(history: History, consumer: string): ClusterRecord | undefined {
  const last = history.lastDone(recordId(consumer));
  const record = fromJson(last?.result);
  return record && { ...record, ...(last?.stands ? {} : { older: true }) };
}

/** As it would be found, for a plan that is only shown. */
export function sketchConsumer(consumer: Consumer): ObservedConsumer {
  switch (consumer.kind) {
    case "clickhouse": {
      const { hosts } = consumer;
      const servers = namesOf(hosts).map((name) => ({ name, address: addressOf(hosts, name) }));
      return asClickHouse(consumer, { servers }, { mayJoin: false });
    }
    case "pegasus":
      return asPegasus(consumer, sketchPegasus(consumer));
  }
}

export function hostsOf(consumer: Consumer): Hosts {
  return consumer.kind === "clickhouse" ? consumer.hosts : consumer.metas;
}

/** Hosts that are connected to the ensemble, by name. */
export function clientsOf(consumer: Consumer): { name: string; address: string }[] {
  const hosts = hostsOf(consumer);
  return namesOf(hosts).map((name) => ({ name, address: addressOf(hosts, name) }));
}

/** Every address from which the consumer or its writers may be connected. */
export function addressesOf(consumer: Consumer): string[] {
  const writers = consumer.kind === "clickhouse" ? consumer.writers.addresses : [];
  return [...clientsOf(consumer).map(({ address }) => address), ...writers];
}

export function secretsOf(consumer: Consumer): Record<string, string | undefined> {
  return consumer.kind === "clickhouse" ? { [`${consumer.name}/password`]: consumer.query.password } : {};
}

/** Whether a repointing that was interrupted can be gone on with; else it is planned anew, from its beginning. */
export function canGoOn(consumer: Consumer, run: Run): boolean {
  return run.plan.choices === fingerprint(choicesOf(consumer)) && !recoveredUnheard(run);
}

/** Pegasus says only once what a recovery could not bring back: asked, and killed before the answer was written. */
function recoveredUnheard({ begunSteps, entries }: Run): boolean {
  const lastOf = (id: string) => entries.findLast((entry) => "step" in entry && entry.step === id);
  return begunSteps.some(({ id, kind }) => kind === "pg.recover" && lastOf(id)?.event === "intent");
}

/** What the user has chosen to accept: to accept a loss, for example, makes another plan of what is left to do. */
export function choicesOf(consumer: Consumer): JsonObject {
  if (consumer.kind === "clickhouse") return {};
  const { method, skipBadNodes, skipLostPartitions, acceptLost } = consumer;
  return { method, skipBadNodes, skipLostPartitions, acceptLost };
}

/**
 * @param past `mayJoin`: whether one of its servers may have started with the addresses of the side that it is to join; `fencedBy`:
 * id of the move that left it fenced
 */
function asClickHouse(
  desired: ClickHouseDesired,
  facts: ClickHouseFacts,
  { mayJoin, fencedBy }: { readonly mayJoin: boolean; readonly fencedBy?: string },
): ObservedConsumer {
  return {
    consumer: desired,
    complain: ({ healthMatters, carries }) => [
      ...complainClickHouse(desired, facts, { healthMatters }),
      ...(carries === "everything" ? [] : [onlyBySnapshot(desired)]),
    ],
    fence: ({ from, stopServers }) => ({
      quiet: fenceStages(desired, facts, { from, stopServers, mayJoin }),
      stop: [],
    }),
    check: () => checkStages(desired, facts),
    repoint: ({ from, to, restore, leftServes }) => [
      ...(leftServes ? stayedDownStages(desired, facts, { from, to, fencedBy }) : []),
      ...editStages(desired, facts, to, restore),
      ...releaseStages(desired, facts, { from, to }),
    ],
    diffs: (to) => diffsOfClickHouse(desired, facts, to),
    files: sumsOf(desired.configPath, facts.servers),
    found: [],
    excluded: [],
  };
}

function asPegasus(desired: PegasusDesired, facts: PegasusFacts): ObservedConsumer {
  return {
    consumer: desired,
    complain: (options) => complainPegasus(desired, facts, options),
    fence: (options) => fencePegasus(desired, facts, options),
    check: () => checkPegasus(desired, facts),
    repoint: (direction) => repointPegasus(desired, facts, direction),
    diffs: (to) => diffsOfPegasus(desired, facts, to),
    files: sumsOf(desired.configPath, facts.metas),
    found: describePegasus(facts),
    excluded: excludedOf(desired, facts),
  };
}

function sumsOf(
  path: string,
  hosts: readonly { readonly name: string; readonly config?: Buffer }[],
): Record<string, string> {
  const read = hosts.flatMap(({ name, config }) => (config ? [{ name, config }] : []));
  return Object.fromEntries(
    read.map(({ name, config }) => [
      `${name}:${path}`,
      `sha256 ${createHash("sha256").update(config).digest("hex")}`,
    ]),
  );
}

function onlyBySnapshot({ name }: ClickHouseDesired): Complaint {
  return {
    where: `consumers.${name}`,
    found: "a ClickHouse consumer, while the strategy moves only a part of the tree",
    expected: "strategy snapshot: replicas that come back must find the very ensemble that they left",
    next: "Use strategy snapshot, or take ClickHouse out of this migration's consumers.",
  };
}
