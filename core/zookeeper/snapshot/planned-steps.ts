/**
 * The steps that a move is made of, one function each: what it is called, what its handler needs, what the reviewer
 * reads. Their order is `plan.ts`'s. Pure.
 */
import type { JsonObject, Step } from "../../engine/step";
import { serverArgs } from "../service-steps";
import type { Server, Side } from "../side";
import type { MoveDesired, MoveFacts } from "./move";

export function quietStep({ origin }: MoveDesired, { from }: MoveFacts): Step {
  return {
    id: QUIET,
    host: from.name,
    kind: "zk.quiet",
    args: { clientPort: origin.clientPort, quietMs: 2000, timeoutMs: 60_000 },
    says: "wait until the last zxid stands still",
  };
}

/** Whoever writes seldom is not seen in two seconds, but in the time that the whole copy took. */
export function stillQuietStep({ origin }: MoveDesired, { from }: MoveFacts): Step {
  return {
    id: "origin stood still",
    host: from.name,
    kind: "zk.stillQuiet",
    args: { clientPort: origin.clientPort, dataDir: origin.dataDir, dataLogDir: origin.dataLogDir },
    says: "nobody wrote on the origin while it was copied",
  };
}

/**
 * The lead may move while a move is prepared, or while its run is away: another server then takes writes until it is
 * stopped, and what it acknowledges in its last moment need not be in the files that are taken.
 */
export function leadsStep({ origin }: MoveDesired, { from, reachableOrigin }: MoveFacts): Step {
  return {
    id: `${from.name} still leads`,
    host: from.name,
    kind: "zk.leads",
    args: {
      clientPort: origin.clientPort,
      servers: reachableOrigin.map(({ name, address }) => ({ name, address })),
      of: origin.servers.length,
    },
    says: "make sure that it still leads",
    holdsUntil: `stop ${from.name}`,
  };
}

export function setAsideStep(desired: MoveDesired, server: Server): Step {
  const { origin, destination, operation } = desired;
  return {
    id: `set aside ${server.name}`,
    host: server.name,
    kind: "zk.setAside",
    args: {
      dataDir: destination.dataDir,
      dataLogDir: destination.dataLogDir,
      clientPort: destination.clientPort,
      operation,
      left: { servers: serverArgs(origin), clientPort: origin.clientPort },
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

export function stageStep(desired: MoveDesired, facts: MoveFacts): Step {
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

export function tailStep(desired: MoveDesired, facts: MoveFacts): Step {
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

export function foldStep(desired: MoveDesired, facts: MoveFacts): Step {
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

export function handOverStep(desired: MoveDesired, facts: MoveFacts): Step {
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
export function reckonStep({ destination }: MoveDesired, facts: MoveFacts): Step {
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

export function proveStep(desired: MoveDesired, facts: MoveFacts): Step {
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

/**
 * An ensemble that was stopped for good may be started by hand, or by its hosts' boot: consumers that still name it would
 * write there what the copy does not have.
 * @param to the side that is joined: a move to the target can still go back, which keeps what was written
 * @param until the step after which none of them names it any more
 */
export function stayedFencedStep(left: Side, to: "source" | "target", until: string | undefined): Step {
  return {
    id: "what is left stayed fenced",
    host: left.servers[0]?.name ?? "ops",
    kind: "zk.stayedFenced",
    args: {
      servers: left.servers.map(({ name, address }) => ({ name, address })),
      clientPort: left.clientPort,
      ...(to === "source" ? { stopAgain: left.stop } : {}),
    },
    says: "the ensemble that is left does not serve",
    holdsUntil: until,
  };
}

export function cleanStep(facts: MoveFacts): Step {
  return {
    id: "clean staging",
    host: facts.foldOn.server.name,
    kind: "zk.cleanStaging",
    args: { staging: stagingOf(facts.foldOn.side) },
    says: "remove what was staged",
  };
}

/** Folders of the fold, on the host that folds. */
export function stagingOf(side: Side): string {
  return `${side.dataDir}/.pulumi-zookeeper-staging`;
}

function sayTargets(facts: MoveFacts): string {
  return facts.reachableDestination.map(({ name }) => name).join(", ");
}
