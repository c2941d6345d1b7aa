/** Ensembles and hosts as a user would write them, for tests that change one thing at a time. */
import type { EnsembleDesired, EnsembleInput } from "../../../core/zookeeper/desired";
import type { Mode } from "../../../core/transports/fourlw";
import { ensembleSchema } from "../../../core/zookeeper/desired";
import type { SeenServer, ServerFacts } from "../../../core/zookeeper/observe";
import type { Side } from "../../../core/zookeeper/side";

export const SHA512 = "ab".repeat(64);

/** Hosts of the given names with addresses from `first` on. */
export function hosts(names: readonly string[], first: string) {
  const [prefix, last] = [first.replace(/\d+$/, ""), Number(/\d+$/.exec(first)?.[0])];
  return Object.fromEntries(
    names.map((name, at) => [name, { connection: { host: `${prefix}${last + at}` } }]),
  );
}

export const NEW_HOSTS = hosts(["zk-new1", "zk-new2", "zk-new3"], "10.0.0.21");
export const OLD_HOSTS = hosts(["zk-old1", "zk-old2", "zk-old3"], "10.0.0.11");

export function ensembleInput(change: Partial<EnsembleInput> = {}): EnsembleInput {
  return {
    hosts: NEW_HOSTS,
    distribution: { path: "/srv/apache-zookeeper-3.7.1-bin.tar.gz", sha512: SHA512 },
    ...change,
  };
}

export function ensemble(change: Partial<EnsembleInput> = {}): EnsembleDesired {
  return ensembleSchema.parse(ensembleInput(change));
}

export const existing = {
  hosts: OLD_HOSTS,
  dataDir: "/var/lib/zookeeper",
  start: "zkServer.sh start",
  stop: "zkServer.sh stop",
};

/** A server of `side` that serves, changed as asked. */
export function serving(side: Side, name: string, mode: Mode, change: Partial<SeenServer> = {}): ServerFacts {
  const server = side.servers.find((one) => one.name === name)!;
  const seen: SeenServer = {
    pid: 4711,
    config: new Map(),
    juteMaxBuffer: 0xfffff,
    extendedTypes: false,
    answer: { kind: "serving", mode, version: "3.4.14", zxid: 0x100000005n, nodeCount: 4 },
    clients: [],
    snapshots: [],
    logs: [],
    ...change,
  };
  return { server, seen };
}
