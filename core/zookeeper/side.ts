/**
 * One side of a migration, whoever installed it: what planning and steps need to know of an ensemble that is either
 * managed here or run by its owners' commands. Holds no connection, since it travels in plans and journals.
 */
import type { EnsembleDesired, ExistingDesired } from "./desired";
import { addressOf, homeOf, namesOf } from "./desired";

export interface Server {
  /** Short host name. */
  readonly name: string;
  /** What clients dial. */
  readonly address: string;
}

export interface Side {
  readonly servers: readonly Server[];
  readonly clientPort: number;
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Shell commands as the ensemble's owners run them, on the host itself. */
  readonly start: string;
  readonly stop: string;
  /** Present where this package installed the ensemble. */
  readonly managed?: {
    readonly version: string;
    /** Folder that holds bin/, conf/ and lib/. */
    readonly home: string;
    readonly runAs: string;
    readonly maxHeap: string;
    /** The server's own log. */
    readonly logFile: string;
  };
  /** Bytes; the largest request and the largest znode that its servers read. Default of ZooKeeper: 1 048 575. */
  readonly juteMaxBuffer: number;
  /** Whether `extendedTypesEnabled=true`: without it TTL nodes count as dead ephemerals and are deleted at start. */
  readonly extendedTypes: boolean;
}

/** `jute.maxbuffer`'s default, org.apache.jute.BinaryInputArchive. */
export const DEFAULT_JUTE_MAX_BUFFER = 0xfffff;

export function sideOfManaged(desired: EnsembleDesired): Side {
  const home = homeOf(desired);
  return {
    servers: serversOf(desired),
    clientPort: desired.clientPort,
    dataDir: desired.dataDir,
    dataLogDir: desired.dataLogDir,
    start: serviceCommand(desired, "start"),
    stop: serviceCommand(desired, "stop"),
    managed: {
      version: desired.version,
      home,
      runAs: desired.runAs,
      maxHeap: desired.jvm.maxHeap,
      logFile: `${desired.logDir}/zookeeper.log`,
    },
    juteMaxBuffer: juteMaxBufferOf(desired.jvm.flags),
    extendedTypes: (desired.zooCfg["extendedTypesEnabled"] ?? "false") === "true",
  };
}

/** `found` is what a look at a running server told about its flags; defaults where it is down. */
export function sideOfExisting(
  desired: ExistingDesired,
  found: { juteMaxBuffer?: number; extendedTypes?: boolean } = {},
): Side {
  return {
    servers: serversOf(desired),
    clientPort: desired.clientPort,
    dataDir: desired.dataDir,
    dataLogDir: desired.dataLogDir ?? desired.dataDir,
    start: desired.start,
    stop: desired.stop,
    juteMaxBuffer: found.juteMaxBuffer ?? DEFAULT_JUTE_MAX_BUFFER,
    extendedTypes: found.extendedTypes ?? false,
  };
}

/** `zk-old1, zk-old2` */
export function sayServers({ servers }: { readonly servers: readonly Server[] }): string {
  return servers.map(({ name }) => name).join(", ");
}

/** How many of an ensemble's servers make a quorum; all of them vote. */
export function quorumOf({ servers }: { readonly servers: readonly unknown[] }): number {
  return Math.floor(servers.length / 2) + 1;
}

/** Finds the bytes in `-Djute.maxbuffer=…`; decimal or 0x, as Integer.getInteger reads it. The last one wins. */
export function juteMaxBufferOf(flags: readonly string[]): number {
  const values = flags
    .flatMap((flag) => flag.split(/\s+/))
    .map((flag) => /^-Djute\.maxbuffer=(0x[0-9a-fA-F]+|\d+)$/.exec(flag)?.[1])
    .filter((value): value is string => value !== undefined);
  const last = values[values.length - 1];
  return last === undefined ? DEFAULT_JUTE_MAX_BUFFER : Number(last);
}

export function serviceCommand(desired: EnsembleDesired, verb: "start" | "stop"): string {
  if (desired.service === "systemd") return `systemctl ${verb} zookeeper`;
  return `runuser -u ${desired.runAs} -- ${homeOf(desired)}/bin/zkServer.sh ${verb}`;
}

function serversOf(desired: Pick<ExistingDesired, "hosts">): Server[] {
  return namesOf(desired.hosts).map((name) => ({ name, address: addressOf(desired.hosts, name) }));
}
