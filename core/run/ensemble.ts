/** `ZooKeeperEnsemble`: installs it, changes it server by server, says how it differs, removes it. */
import type { Complaint } from "../engine/errors";
import { Refusal } from "../engine/errors";
import type { Progress } from "../engine/execute";
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
import { withSession } from "./session";
import { withWorld } from "./world";

/** Installs what is missing, changes what differs, starts what is down. */
export async function ensureEnsemble(desired: EnsembleDesired, progress: Progress): Promise<readonly Span[]> {
  return withEnsembleWorld(desired, (world) =>
    withSession(world, handlers, progress, namesOf(desired.hosts), async (session) => {
      const { observed, complaints } = await observe(world, desired);
      if (!observed) throw new Refusal(complaints);
      const plan = planEnsemble(desired, observed);
      return plan.stages.length === 0 ? [] : timelineOf(await session.run(plan));
    }),
  );
}

/** The plan as it would be carried out now, or what speaks against it. Changes nothing. */
export async function reviewEnsemble(
  desired: EnsembleDesired,
): Promise<{ plan?: Plan; complaints: readonly Complaint[]; observed?: EnsembleObserved }> {
  return withEnsembleWorld(desired, async (world) => {
    const { observed, complaints } = await observe(world, desired);
    return { plan: observed && planEnsemble(desired, observed), complaints, observed };
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
 * @throws Refusal while clients are connected
 */
export async function removeEnsemble(desired: EnsembleDesired, progress: Progress): Promise<boolean> {
  return withEnsembleWorld(desired, async (world) => {
    if (await isFinalized(world, desired)) {
      progress.say("the migration to this ensemble is finalized: it stays as it is");
      return false;
    }
    return withSession(world, handlers, progress, namesOf(desired.hosts), async (session) => {
      const side = sideOfManaged(desired);
      const facts = await observeEnsemble(world, side);
      const foreign = foreignClients(facts, new Set());
      if (foreign.size > 0) throw new Refusal([...foreign].map(([address, n]) => complainClient(address, n)));
      await session.run(planRemoval(desired, side, facts));
      return true;
    });
  });
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
): Promise<{ observed?: EnsembleObserved; complaints: readonly Complaint[] }> {
  const facts = await preflight(world, desired);
  const complaints = complainPreflight(desired, facts);
  if (complaints.length > 0) return { complaints };
  return { observed: await observeServers(world, desired, facts), complaints };
}

function complainClient(address: string, connections: number): Complaint {
  return {
    where: address,
    found: `${connections} connection${connections === 1 ? "" : "s"} to the ensemble`,
    expected: "no client left before its servers are removed",
    next: "Move the client away, or end it, and run the same command again. Nothing was changed.",
  };
}
