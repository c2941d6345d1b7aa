/**
 * What each role of host is made of: the read-only layers under its disk, the files put on it when it is delivered,
 * and what has to answer before the host counts as ready.
 *
 * A new kind of host is an entry here and its addresses in layout.ts; nothing else knows about kinds.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { putClickHouse, untilWritable } from "./clickhouse";
import { Disk } from "./disk";
import { layersDir, withRole, type HostSpec, type Role } from "./layout";
import { putPegasus, untilHealthy } from "./pegasus-hosts";
import { putOldZooKeeper, untilQuorum } from "./old-zookeeper";

export interface Part {
  /** Folders of {@link layersDir}, uppermost first. */
  readonly layers: readonly string[];
  /** Writes the host's own files; the disk has just been wiped and the host is off. */
  put(disk: Disk, spec: HostSpec, lab: PartContext): void;
  /** Waits until all hosts of this role serve, as far as they start by themselves. */
  untilReady(hosts: readonly HostSpec[]): Promise<void>;
}

export interface PartContext {
  readonly everyHost: readonly HostSpec[];
  readonly znodes: number;
}

const nothing: Part = { layers: ["clock", "base"], put: () => undefined, untilReady: async () => undefined };

/** In the order in which they become ready: ClickHouse starts when the old ensemble serves. */
export const PARTS: Readonly<Record<Role, Part>> = {
  "old-zookeeper": {
    layers: ["old-zookeeper", "clock", "base"],
    put: (disk, _spec, lab) => putOldZooKeeper(disk, withRole(lab.everyHost, "old-zookeeper"), lab.znodes),
    untilReady: async (hosts) => {
      if (hosts.every((host) => startsAtBoot(host, "zookeeper"))) await untilQuorum(hosts);
    },
  },
  "new-zookeeper": nothing,
  clickhouse: {
    layers: ["clickhouse", "base"],
    put: (disk, spec, lab) => {
      const debian = join(layersDir(), "clickhouse/etc/clickhouse-server/config.xml");
      putClickHouse(disk, spec, withRole(lab.everyHost, "old-zookeeper"), debian);
    },
    untilReady: (hosts) => untilWritable(hosts.filter((host) => startsAtBoot(host, "clickhouse"))),
  },
  "pegasus-meta": {
    layers: ["base"],
    put: (disk, spec, lab) => putPegasus(disk, spec, lab.everyHost),
    untilReady: (hosts) => untilHealthy(hosts.filter((host) => startsAtBoot(host, "pegasus"))),
  },
  "pegasus-replica": {
    layers: ["base"],
    put: (disk, spec, lab) => putPegasus(disk, spec, lab.everyHost),
    // The metas say when the replica servers have all that they should.
    untilReady: async () => undefined,
  },
};

function startsAtBoot(host: HostSpec, service: string): boolean {
  return !existsSync(new Disk(host.name).at(`/etc/lab/boot.d/${service}.disabled`));
}
