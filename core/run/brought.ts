/**
 * A way back that was interrupted after it had brought everything to the source. From then on it needs the target no more:
 * where hosts of that die, the source goes on with what it was given, and nothing is taken back.
 */
import type { Complaint } from "../engine/errors";
import { ifReachable, Refusal } from "../engine/errors";
import type { Run } from "../engine/journal";
import type { Plan } from "../engine/step";
import type { World } from "../transports/contract";
import type { EnsembleFacts } from "../zookeeper/observe";
import { observeEnsemble } from "../zookeeper/observe";
import { quorumOf, sayServers, sideOfManaged, type Server } from "../zookeeper/side";
import { broughtIn } from "../zookeeper/snapshot/plan";
import { hasAside } from "../zookeeper/snapshot/set-aside";
import { complainQuorum } from "./complain-move";
import type { MigrationDesired } from "./desired";
import type { History } from "./history";
import { observeAll, stillFenced } from "./move";
import { carriesOf, planData } from "./plan-data";
import { sideOf, withFlags } from "./sides";

export interface Brought {
  /** Id of the run that brought it. */
  readonly by: string;
  /** Servers of the source that have it, and can be reached. */
  readonly to: readonly Server[];
}

/**
 * What an unfinished way back has brought, as far as it is known to be complete: since the target was fenced none of its
 * servers runs, and nothing was taken back.
 */
export async function broughtSoFar(
  world: World,
  desired: MigrationDesired,
  run: Run,
): Promise<Brought | undefined> {
  const by = run.results.has("tail") ? run.id : run.rewound ? undefined : broughtIn(run.plan);
  if (by === undefined) return undefined;
  const source = sideOf(desired.source);
  const [target, has] = await Promise.all([
    observeEnsemble(world, sideOfManaged(desired.target)),
    Promise.all(
      source.servers.map(({ name }) => ifReachable(hasAside(world.host(name), source.dataDir, by))),
    ),
  ]);
  if (target.servers.some(({ seen }) => seen?.pid !== undefined)) return undefined;
  return { by, to: source.servers.filter((_, index) => has[index] === true) };
}

/** @throws Refusal with every complaint */
export async function planOnBrought(
  world: World,
  desired: MigrationDesired,
  history: History,
  { by, to }: Brought,
): Promise<Plan> {
  const target = sideOfManaged(desired.target);
  const [targetFacts, sourceFacts, consumers] = await Promise.all([
    observeEnsemble(world, target),
    observeEnsemble(world, sideOf(desired.source)),
    observeAll(world, desired, { from: target, to: "source" }, history),
  ]);
  const source = withFlags(desired.source, sourceFacts);
  const complaints = [
    ...(desired.acceptDataLoss ? [] : complainUnseen(targetFacts)),
    ...complainQuorum(source, to.length),
    ...consumers.flatMap((one) => one.complain({ healthMatters: false, carries: carriesOf(desired) })),
  ];
  if (complaints.length > 0) throw new Refusal(complaints);
  return planData(desired, {
    operation: "back",
    origin: target,
    destination: source,
    consumers,
    fenced: stillFenced(desired, history),
    acceptDataLoss: desired.acceptDataLoss,
    snapshot: {
      ownFiles: true,
      broughtBy: by,
      reachableOrigin: targetFacts.servers.flatMap(({ server, seen }) => (seen ? [server] : [])),
      reachableDestination: to,
    },
  });
}

/** Servers that nobody sees may have been started since, and are enough to take writes. */
function complainUnseen({ servers }: EnsembleFacts): Complaint[] {
  const unseen = servers.filter(({ seen }) => !seen).map(({ server }) => server);
  if (unseen.length < quorumOf({ servers })) return [];
  return [
    {
      where: sayServers({ servers: unseen }),
      found: "no way in; whether they were started since the fence, and took writes, cannot be seen",
      expected: "so many of the target in reach that the others are no quorum",
      next:
        "The source has everything up to the fence already. Bring one of them back and run the same command again; or, where they " +
        "are surely down, set acceptDataLoss: true: the source then goes on with that.",
    },
  ];
}
