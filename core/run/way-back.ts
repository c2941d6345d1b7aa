/**
 * Plans the way back to the source, from whatever is left of the target.
 *
 * Where nothing of the target can be read any more, the source's own files are the fallback, as they were at the
 * fence: only for a user who accepts that everything since is lost, and after saying since when that is.
 */
import type { Complaint } from "../engine/errors";
import { Refusal } from "../engine/errors";
import type { Run } from "../engine/journal";
import type { Plan } from "../engine/step";
import { stepsOf } from "../engine/step";
import type { World } from "../transports/contract";
import type { EnsembleFacts } from "../zookeeper/observe";
import { observeEnsemble } from "../zookeeper/observe";
import type { Side } from "../zookeeper/side";
import { sayServers, sideOfManaged } from "../zookeeper/side";
import type { OriginChoice } from "../zookeeper/snapshot/observe";
import { chooseAnyhow, complainQuorumServes, foreignClients } from "../zookeeper/snapshot/observe";
import { changesSince } from "../zookeeper/snapshot/untouched";
import { complainForeign, complainQuorum, formatOf } from "./complain-move";
import { addressesOf } from "./consumers";
import type { MigrationDesired } from "./desired";
import { isManaged } from "./desired";
import type { History } from "./history";
import { observeAll, stillFenced } from "./move";
import { carriesOf, planData } from "./plan-data";
import { sideOf, silentIn, withFlags } from "./sides";

/** @throws Refusal with every complaint */
export async function planBack(world: World, desired: MigrationDesired, history: History): Promise<Plan> {
  const target = sideOfManaged(desired.target);
  const [targetFacts, sourceFacts, consumers] = await Promise.all([
    observeEnsemble(world, target),
    observeEnsemble(world, sideOf(desired.source)),
    observeAll(world, desired, { from: target, to: "source" }, history),
  ]);
  const carries = carriesOf(desired);
  const theirs = consumers.flatMap((one) => one.complain({ healthMatters: false, carries }));
  const back = {
    operation: "back" as const,
    origin: target,
    consumers,
    fenced: stillFenced(desired, history),
    acceptDataLoss: desired.acceptDataLoss,
  };
  if (desired.strategy !== "snapshot") {
    const complaints = [
      ...complainQuorumServes(sourceFacts),
      ...(carries === "nothing" ? [] : complainQuorumServes(targetFacts).map(orRecover)),
      ...theirs,
    ];
    if (complaints.length > 0) throw new Refusal(complaints);
    const silent = silentIn(sourceFacts, targetFacts);
    return planData(desired, { ...back, destination: withFlags(desired.source, sourceFacts), silent });
  }
  const forward = history.runs.findLast(
    ({ plan, outcome }) => plan.operation === "forward" && outcome === "done",
  );
  const source = withLimitsThen(withFlags(desired.source, sourceFacts), sourceFacts, forward);
  const choice = await chooseAnyhow(world, target, targetFacts, desired.acceptDataLoss);
  const reachableDestination = reachable(sourceFacts);
  const complaints = [
    ...sayWhatIsLost(choice, desired, forward),
    ...complainQuorum(source, reachableDestination.length),
    ...(await complainMovedOn(world, desired, source, sourceFacts, forward)),
    ...theirs,
  ];
  if (complaints.length > 0) throw new Refusal(complaints);
  const hosts = { reachableOrigin: reachable(targetFacts), reachableDestination };
  const { origin } = choice;
  return planData(desired, {
    ...back,
    destination: source,
    snapshot: origin
      ? {
          ...origin,
          ...hosts,
          foldOn: { server: origin.from, side: target },
          snapshotFormat: isManaged(desired.source) ? formatOf(desired.source.version) : "3.4",
        }
      : { ownFiles: true, ...hosts },
  });
}

/** What Pegasus's replica servers hold is newer than the source's old metadata, and enough to rebuild it. */
function orRecover(complaint: Complaint): Complaint {
  const recovery =
    "Or, where it is lost for good: strategy { kind: none }, method recover and active: source rebuild the metadata on " +
    "the source out of the replica servers.";
  return { ...complaint, next: `${complaint.next} ${recovery}` };
}

/** A stopped server shows no flags: then those count that it had when the move forward was planned. */
function withLimitsThen(source: Side, facts: EnsembleFacts, forward: Run | undefined): Side {
  const runs = facts.servers.some(({ seen }) => seen?.pid !== undefined);
  const stage = forward && stepsOf(forward.plan).find(({ id }) => id === "stage");
  const limits = stage?.args["originLimits"] as Pick<Side, "juteMaxBuffer" | "extendedTypes"> | undefined;
  return runs || !limits ? source : { ...source, ...limits };
}

/** Without any usable files: what remains is the source's own, and what it would cost to go on with them. */
function sayWhatIsLost(
  choice: OriginChoice,
  desired: MigrationDesired,
  forward: Run | undefined,
): readonly Complaint[] {
  if (choice.origin) return choice.complaints;
  if (desired.acceptDataLoss) return [];
  const lastZxid = forward?.results.get("tail")?.["lastZxid"];
  const then = typeof lastZxid === "string" ? `zxid 0x${BigInt(lastZxid).toString(16)}` : "the fence";
  return [
    ...choice.complaints,
    {
      where: "target",
      found: "no server whose files make a whole tree",
      expected: "one at least, to bring back what was written since the move",
      next:
        `Bring back a host with a whole disk. Or set acceptDataLoss: true and active: source, and run pulumi up: the source ` +
        `then goes on with its own files, and every write acknowledged since the move (${then}, begun ${forward?.begun ?? "?"}) is lost.`,
    },
  ];
}

/**
 * With the fence `consumersOnly` the source went on serving others, and the way back lays the target's data over what
 * they wrote there since.
 */
async function complainMovedOn(
  world: World,
  desired: MigrationDesired,
  source: Side,
  facts: EnsembleFacts,
  forward: Run | undefined,
): Promise<Complaint[]> {
  if (!facts.servers.some(({ seen }) => seen?.answer.kind === "serving")) return [];
  const foreign = foreignClients(facts, new Set(desired.consumers.flatMap(addressesOf)));
  const complaints = complainForeign({ ...desired, fence: "stopSource" }, foreign);
  if (desired.acceptDataLoss) return complaints;
  const changes = forward && (await changesSince(world, forward, source));
  if (changes?.length === 0) return complaints;
  return [
    ...complaints,
    {
      where: sayServers(source),
      found: changes
        ? `${changes.join(", ")} in the source's logs since the fence: it went on serving others`
        : "a source that serves, and nothing that tells whether it was written to since the fence",
      expected: "a source as it was left at the fence: the way back lays the target's data over it",
      next:
        "Move those clients' data away first. Or set acceptDataLoss: true, and run pulumi up: what they wrote is then lost to " +
        "them, and stays in version-2.aside-… on the source's hosts.",
    },
  ];
}

function reachable(facts: EnsembleFacts) {
  return facts.servers.filter((one) => one.seen !== undefined).map((one) => one.server);
}
