/** `ZooKeeperEnsemble`: installs it, changes it server by server, says how it differs, removes it. */
import type { Complaint } from "../engine/errors";
import { Refusal, UserError } from "../engine/errors";
import type { Progress } from "../engine/execute";
import type { Run } from "../engine/journal";
import type { Plan } from "../engine/step";
import type { Span } from "../engine/timeline";
import { timelineOf } from "../engine/timeline";
import { FINALIZED_MARK } from "../journal/folder";
import type { World } from "../transports/contract";
import type { EnsembleDesired } from "../zookeeper/desired";
import { namesOf } from "../zookeeper/desired";
import type { EnsembleObserved } from "../zookeeper/ensemble/observe";
import { observeServers } from "../zookeeper/ensemble/observe";
import { driftOf, planEnsemble } from "../zookeeper/ensemble/plan";
import { complainPreflight, preflight } from "../zookeeper/ensemble/preflight";
import { planRemoval } from "../zookeeper/ensemble/remove";
import { observeEnsemble } from "../zookeeper/observe";
import { sideOfManaged } from "../zookeeper/side";
import { foreignClients } from "../zookeeper/snapshot/observe";
import { ensembleId } from "./desired";
import { handlers } from "./handlers";
import type { FoundMigration } from "./journals";
import { isOver, migrationsOn, namedStill } from "./journals";
import { readRuns, withSession } from "./session";
import { withWorld } from "./world";

/** Installs what is missing, changes what differs, starts what is down, unless it is to stay so. */
export async function ensureEnsemble(desired: EnsembleDesired, progress: Progress): Promise<readonly Span[]> {
  return withEnsembleWorld(desired, (opened) =>
    withSession(opened, handlers, progress, namesOf(desired.hosts), async (world, session) => {
      const { observed, complaints, namedBy } = await observe(world, desired);
      if (!observed) throw new Refusal(complaints);
      const plan = planEnsemble(desired, observed, namedBy.length > 0);
      const left = namedBy.length > 0 ? observed.servers.filter(({ mode }) => mode === "down") : [];
      if (left.length > 0) progress.say(sayLeft(left, namedBy));
      if (plan.stages.length === 0 && !leftHalfWay(await session.runs())) return [];
      return timelineOf(await session.run(plan));
    }),
  );
}

/**
 * Whether a removal or a change of it was begun, and nothing settled it since. Hosts that do not answer at once are
 * passed over: a roll back goes on without them.
 */
export async function isUnsettled(desired: EnsembleDesired): Promise<boolean> {
  const hosts = Object.entries(desired.hosts).map(([name, host]) => {
    const perDialTimeout = Math.min(host.connection.perDialTimeout ?? AT_ONCE_SECONDS, AT_ONCE_SECONDS);
    return [
      name,
      { ...host, connection: { ...host.connection, dialErrorLimit: 1, perDialTimeout } },
    ] as const;
  });
  return withEnsembleWorld({ ...desired, hosts: Object.fromEntries(hosts) }, async (world) => {
    const runs = await readRuns(world, namesOf(desired.hosts)).catch((error: unknown) => {
      if (error instanceof UserError) return [];
      throw error;
    });
    return leftHalfWay(runs);
  });
}

const AT_ONCE_SECONDS = 5;

/** After a removal that ended, Pulumi may still have been killed before it knew. */
function leftHalfWay(runs: readonly Run[]): boolean {
  const last = runs[runs.length - 1];
  return last !== undefined && (last.outcome === undefined || last.plan.operation === "remove");
}

/** The plan as it would be carried out now, or what speaks against it. Changes nothing. */
export async function reviewEnsemble(
  desired: EnsembleDesired,
): Promise<{ plan?: Plan; complaints: readonly Complaint[]; observed?: EnsembleObserved }> {
  return withEnsembleWorld(desired, async (world) => {
    const { observed, complaints, namedBy } = await observe(world, desired);
    return { plan: observed && planEnsemble(desired, observed, namedBy.length > 0), complaints, observed };
  });
}

/** How the hosts differ from what is wanted, in words. */
export async function readDrift(desired: EnsembleDesired): Promise<string[]> {
  return withEnsembleWorld(desired, async (world) => {
    const facts = await preflight(world, desired);
    const unreachable = facts.flatMap((one) => (one.seen ? [] : [`${one.name}: ${one.unreachable}`]));
    const reached = facts.filter((one) => one.seen);
    return [...unreachable, ...driftOf(desired, await observeServers(world, desired, reached))];
  });
}

/**
 * Stops and removes the ensemble. Its data stays unless `removeData` asks for it.
 * @returns false when the ensemble is the live side of a finished migration, and was left alone
 * @throws Refusal while clients are connected, or a migration is not settled on its source
 */
export async function removeEnsemble(desired: EnsembleDesired, progress: Progress): Promise<boolean> {
  return withEnsembleWorld(desired, async (opened) => {
    if (await isFinalized(opened, desired)) {
      progress.say("the migration to this ensemble is finalized: it stays as it is");
      return false;
    }
    return withSession(opened, handlers, progress, namesOf(desired.hosts), async (world, session) => {
      await refuseUnsettled(world, desired);
      const side = sideOfManaged(desired);
      const facts = await observeEnsemble(world, side);
      const foreign = foreignClients(facts, new Set());
      if (foreign.size > 0) throw new Refusal([...foreign].map(([address, n]) => complainClient(address, n)));
      await session.run(planRemoval(desired, side, facts));
      return true;
    });
  });
}

/**
 * A `pulumi up` that was killed may have left a migration out of Pulumi's state: destroy then knows of the ensemble
 * alone, and would remove it from under a fenced source, or with the only complete copy of the data.
 */
async function refuseUnsettled(world: World, desired: EnsembleDesired): Promise<void> {
  const unsettled = (await migrationsOn(world, namesOf(desired.hosts))).filter((one) => !isOver(one));
  if (unsettled.length > 0) throw new Refusal(unsettled.map(complainUnsettled));
}

function complainUnsettled({ folder, history: { pendingMove } }: FoundMigration): Complaint {
  return {
    where: folder,
    found: pendingMove
      ? `a migration whose move ${pendingMove.plan.operation}, begun ${pendingMove.begun}, is half done`
      : "a migration whose data is on the target",
    expected: "one that is back on its source before an ensemble of it is removed",
    next:
      "Go on: pulumi up. Go back: pulumi config set active source && pulumi up, then pulumi destroy. " +
      "Nothing was changed.",
  };
}

export function withEnsembleWorld<T>(
  desired: EnsembleDesired,
  act: (world: World) => Promise<T>,
): Promise<T> {
  return withWorld({ migration: ensembleId(desired), hosts: [desired.hosts] }, act);
}

async function isFinalized(world: World, desired: EnsembleDesired): Promise<boolean> {
  const marks = await Promise.all(
    namesOf(desired.hosts).map((name) => world.host(name).readFile(FINALIZED_MARK)),
  );
  return marks.some((mark) => mark !== undefined);
}

async function observe(
  world: World,
  desired: EnsembleDesired,
): Promise<{
  observed?: EnsembleObserved;
  complaints: readonly Complaint[];
  /** Consumers for whose sake the servers that are down stay so. */
  namedBy: readonly string[];
}> {
  const facts = await preflight(world, desired);
  const complaints = complainPreflight(desired, facts);
  if (complaints.length > 0) return { complaints, namedBy: [] };
  const [observed, migrations] = await Promise.all([
    observeServers(world, desired, facts),
    migrationsOn(world, namesOf(desired.hosts)),
  ]);
  return { observed, complaints, namedBy: migrations.flatMap((one) => namedStill(desired, one)) };
}

function sayLeft(servers: readonly { readonly name: string }[], namedBy: readonly string[]): string {
  const names = servers.map(({ name }) => name).join(", ");
  return `left stopped: ${names}; ${namedBy.join(", ")} may name them until repointed to the source`;
}

function complainClient(address: string, connections: number): Complaint {
  return {
    where: address,
    found: `${connections} connection${connections === 1 ? "" : "s"} to the ensemble`,
    expected: "no client left before its servers are removed",
    next: "Move the client away, or end it, and run the same command again. Nothing was changed.",
  };
}
