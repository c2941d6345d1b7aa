/**
 * Plans the move of a whole ensemble's data by snapshot and log, in either direction.
 *
 * Order: while the origin still serves, empty the destination, stage what there is, fold it into one snapshot and
 * hand that to every server of the destination → fence → bring what was written since as one log behind it, to all
 * of them before any starts (two empty servers would found an ensemble without the third) → start → prove. So the
 * pause has in it what grows with the time since staging, and nothing that grows with the tree but the servers' own
 * loading of it.
 *
 * The way back is this very plan with the sides changed. It works from files and needs no quorum on the origin.
 *
 * Pure: facts come from `observe.ts`, steps are run by `engine/execute.ts`.
 */
import type { JsonObject, Plan, Stage, Step } from "../../engine/step";
import { stepsOf } from "../../engine/step";
import { joinedStep, startStep, stopStep } from "../service-steps";
import type { Server, Side } from "../side";

export type Fence = "stopSource" | "consumersOnly";

export interface MoveDesired {
  /** `forward` or `back`: part of every name that the move leaves on a host. */
  readonly operation: "forward" | "back";
  readonly origin: Side;
  readonly destination: Side;
  readonly fence: Fence;
  /** What the consumers do to stop writing, and to go on where nothing was moved. */
  readonly consumerFence: readonly Stage[];
  readonly acceptDataLoss: boolean;
}

export interface ReachableHosts {
  /** Servers of the origin that can be reached; the others cannot be stopped, and are not needed. */
  readonly reachableOrigin: readonly Server[];
  readonly reachableDestination: readonly Server[];
}

export interface MoveFacts extends ReachableHosts {
  /** The server whose files are taken: the leader, or the most advanced where there is no leader. */
  readonly from: Server;
  /** Its mode, for the reviewer: `leader`, `last zxid 0x…`. */
  readonly fromIs: string;
  /** A reachable host with the newer of the two versions installed, where the set is folded. */
  readonly foldOn: { readonly server: Server; readonly side: Side };
  /** Format of the destination's snapshots; 3.6 added a digest behind the tree. */
  readonly snapshotFormat: "3.4" | "3.6+";
}

export function planMove(desired: MoveDesired, facts: MoveFacts): Plan {
  const { origin, destination } = desired;
  const targets = facts.reachableDestination;
  const stages: Stage[] = [
    {
      phase: "prepare",
      steps: targets.map((server) => stopStep(destination, server, "stop (empty or left behind)")),
    },
    { phase: "prepare", steps: targets.map((server) => setAsideStep(desired, server)) },
    { phase: "prepare", steps: [stageStep(desired, facts)] },
    { phase: "fold", steps: [foldStep(desired, facts)] },
    { phase: "fold", steps: [handOverStep(desired, facts)] },
    ...desired.consumerFence,
    ...fenceStages(desired, facts),
    { phase: "copy", steps: [tailStep(desired, facts)] },
    {
      phase: "start",
      steps: [
        ...targets.map((server) => startStep(destination, server, "start")),
        reckonStep(desired, facts),
      ],
    },
    { phase: "start", steps: [joinedStep(sideOf(destination, targets), targets[0] as Server, 120_000)] },
    { phase: "start", steps: [proveStep(desired, facts)] },
    ...(desired.fence === "consumersOnly"
      ? [{ phase: "start" as const, steps: [stillQuietStep(desired, facts)] }]
      : []),
    { phase: "clean up", steps: [cleanStep(facts)] },
  ];
  return {
    title: `move ${sayServers(origin)} to ${sayServers(destination)}`,
    operation: desired.operation,
    stages: stages.filter((stage) => stage.steps.length > 0),
  };
}

/** Lets the destination go on with its own files: everything written on the origin is lost. */
export function planOwnFiles(
  desired: MoveDesired,
  { reachableOrigin, reachableDestination }: ReachableHosts,
): Plan {
  const { origin, destination } = desired;
  const via = reachableDestination[0] as Server;
  const joined = joinedStep(sideOf(destination, reachableDestination), via, 120_000);
  const stages: Stage[] = [
    ...desired.consumerFence,
    {
      phase: "fence",
      steps: reachableOrigin.map((server) =>
        stopStep(origin, server, "stop", { undo: "start", lasting: true }),
      ),
    },
    {
      phase: "start",
      steps: reachableDestination.map((server) => startStep(destination, server, "start on its own files")),
    },
    { phase: "start", steps: [{ ...joined, args: { ...joined.args, acceptDataLoss: true } }] },
  ];
  return {
    title: `let ${sayServers(destination)} go on with their own files; what ${sayServers(origin)} took is lost`,
    operation: desired.operation,
    stages: stages.filter((stage) => stage.steps.length > 0),
  };
}

/** Folders of the fold, on the host that folds. */
export function stagingOf(side: Side): string {
  return `${side.dataDir}/.pulumi-zookeeper-staging`;
}

function fenceStages(desired: MoveDesired, facts: MoveFacts): Stage[] {
  const { origin, fence } = desired;
  if (fence === "consumersOnly") {
    return [
      {
        phase: "fence",
        steps: [
          {
            id: QUIET,
            host: facts.from.name,
            kind: "zk.quiet",
            args: { clientPort: origin.clientPort, quietMs: 2000, timeoutMs: 60_000 },
            says: "wait until the last zxid stands still",
          },
        ],
      },
    ];
  }
  const others = facts.reachableOrigin.filter((server) => server.name !== facts.from.name);
  const fenced = { undo: "start", lasting: true } as const;
  return [
    { phase: "fence", steps: others.map((server) => stopStep(origin, server, "stop (follower)", fenced)) },
    { phase: "fence", steps: [stopStep(origin, facts.from, `stop (${facts.fromIs})`, fenced)] },
  ];
}

/** Whoever writes seldom is not seen in two seconds, but in the time that the whole copy took. */
function stillQuietStep({ origin }: MoveDesired, { from }: MoveFacts): Step {
  return {
    id: "origin stood still",
    host: from.name,
    kind: "zk.stillQuiet",
    args: { clientPort: origin.clientPort, dataDir: origin.dataDir, dataLogDir: origin.dataLogDir },
    says: "nobody wrote on the origin while it was copied",
  };
}

function setAsideStep(desired: MoveDesired, server: Server): Step {
  const { destination, operation } = desired;
  return {
    id: `set aside ${server.name}`,
    host: server.name,
    kind: "zk.setAside",
    args: {
      dataDir: destination.dataDir,
      dataLogDir: destination.dataLogDir,
      clientPort: destination.clientPort,
      operation,
    },
    says: "set version-2 aside",
    undo: "put version-2 back",
  };
}

/** Steps whose results tell how far the origin had come. */
function fencedBy(desired: MoveDesired, facts: MoveFacts): string[] {
  if (desired.fence === "consumersOnly") return [QUIET];
  return facts.reachableOrigin.map((server) => `stop ${server.name}`);
}

const QUIET = "origin stands still";

function stageStep(desired: MoveDesired, facts: MoveFacts): Step {
  return {
    id: "stage",
    host: facts.foldOn.server.name,
    kind: "zk.stage",
    args: {
      ...stagingArgs(desired, facts),
      ...destinationLimits(desired, facts),
      originLimits: limitsOf(desired.origin),
    },
    says: `stage the newest snapshot and the logs of ${facts.from.name} while it serves, and check them`,
    undo: "remove what was staged",
  };
}

function tailStep(desired: MoveDesired, facts: MoveFacts): Step {
  return {
    id: "tail",
    host: facts.foldOn.server.name,
    kind: "zk.tail",
    args: {
      ...stagingArgs(desired, facts),
      ...destinationLimits(desired, facts),
      targetLogDir: desired.destination.dataLogDir,
      fencedBy: fencedBy(desired, facts),
    },
    says: `bring the rest of ${facts.from.name}'s log to ${sayTargets(facts)}; end the sessions in it`,
  };
}

function stagingArgs({ origin }: MoveDesired, { from, foldOn }: MoveFacts): JsonObject {
  const { dataDir, dataLogDir } = origin;
  return { from: from.name, dataDir, dataLogDir, staging: stagingOf(foldOn.side) };
}

function foldStep(desired: MoveDesired, facts: MoveFacts): Step {
  const { side, server } = facts.foldOn;
  return {
    id: "fold",
    host: server.name,
    kind: "zk.fold",
    args: {
      staging: stagingOf(side),
      home: side.managed?.home,
      version: side.managed?.version,
      runAs: side.managed?.runAs,
      maxHeap: side.managed?.maxHeap,
      juteMaxBuffer: Math.max(desired.origin.juteMaxBuffer, desired.destination.juteMaxBuffer, 64 << 20),
    },
    says: `fold the set into one snapshot with ZooKeeper ${side.managed?.version}, offline`,
  };
}

function handOverStep(desired: MoveDesired, facts: MoveFacts): Step {
  const { destination } = desired;
  return {
    id: "hand over",
    host: facts.foldOn.server.name,
    kind: "zk.handOver",
    args: {
      staging: stagingOf(facts.foldOn.side),
      ...destinationLimits(desired, facts),
      dataDir: destination.dataDir,
      dataLogDir: destination.dataLogDir,
      clientPort: destination.clientPort,
    },
    says: `hand it to ${sayTargets(facts)}`,
  };
}

/** What the servers must hold, from the files that they were given: in the time that they take to load them. */
function reckonStep({ destination }: MoveDesired, facts: MoveFacts): Step {
  const { dataDir, dataLogDir } = destination;
  return {
    id: "reckon",
    host: (facts.reachableDestination[0] as Server).name,
    kind: "zk.reckon",
    args: { to: facts.reachableDestination.map(({ name }) => name), dataDir, dataLogDir },
    says: "reckon from the files what each server must hold",
  };
}

/** What the destination can load, and what may be lost there. */
function destinationLimits({ destination, acceptDataLoss }: MoveDesired, facts: MoveFacts): JsonObject {
  return {
    to: facts.reachableDestination.map((server) => server.name),
    format: facts.snapshotFormat,
    juteMaxBuffer: destination.juteMaxBuffer,
    extendedTypes: destination.extendedTypes,
    acceptDataLoss,
  };
}

/** Kept in the plan for the way back: the origin's flags cannot be seen once it is stopped. */
function limitsOf({ juteMaxBuffer, extendedTypes }: Side): JsonObject {
  return { juteMaxBuffer, extendedTypes };
}

/** Whether a plan was made for somebody who accepts that data is lost. */
export function acceptsDataLoss(plan: Plan): boolean {
  return stepsOf(plan).some((step) => step.args["acceptDataLoss"] === true);
}

function proveStep(desired: MoveDesired, facts: MoveFacts): Step {
  return {
    id: "prove",
    host: facts.foldOn.server.name,
    kind: "zk.prove",
    proves: "the tree is whole on every server",
    args: {
      clientPort: desired.destination.clientPort,
      servers: facts.reachableDestination.map(({ name, address }) => ({ name, address })),
      dataDir: desired.destination.dataDir,
      // Servers of 3.6 and later log the digest of what they load.
      logFile: facts.snapshotFormat === "3.6+" ? desired.destination.managed?.logFile : undefined,
    },
    says: "prove: znodes, digest and zxid as reckoned on every server; probe a write and its sync",
  };
}

function cleanStep(facts: MoveFacts): Step {
  return {
    id: "clean staging",
    host: facts.foldOn.server.name,
    kind: "zk.cleanStaging",
    args: { staging: stagingOf(facts.foldOn.side) },
    says: "remove what was staged",
  };
}

function sideOf(side: Side, servers: readonly Server[]): Side {
  return { ...side, servers };
}

function sayTargets(facts: MoveFacts): string {
  return facts.reachableDestination.map(({ name }) => name).join(", ");
}

function sayServers(side: Side): string {
  return side.servers.map((server) => server.name).join(", ");
}
