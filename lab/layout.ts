/**
 * Who is who in the lab: names, addresses, ports and folders, in one place, because the hosts' files, the
 * network, the inventory and the tests must all agree on them.
 */
import { join } from "node:path";

export type Scenario = "clickhouse" | "pegasus" | "full";
export const SCENARIOS: readonly Scenario[] = ["clickhouse", "pegasus", "full"];

export type Role = "old-zookeeper" | "new-zookeeper" | "clickhouse" | "pegasus-meta" | "pegasus-replica";

export interface HostSpec {
  readonly name: string;
  readonly address: string;
  readonly role: Role;
}

/**
 * Which of the machine's labs this is, 0 to 9: each has a network, disks and an inventory of its own, so that tests
 * can run beside a lab that somebody looks at. `PULUMI_ZOOKEEPER_LAB=1` is another lab than the one without.
 */
export const LAB_NUMBER = Number(/^\d$/.exec(process.env.PULUMI_ZOOKEEPER_LAB ?? "0")?.[0] ?? "0");

const NETWORK = `10.77.${LAB_NUMBER}`;
export const BRIDGE = `pzk${LAB_NUMBER}`;
export const BRIDGE_ADDRESS = `${NETWORK}.1`;
export const NETWORK_PREFIX = 24;
/** In front of every network namespace and link of the lab, so that left-overs are recognised by name alone. */
export const NAME_PREFIX = `pzk${LAB_NUMBER}-`;

export const ZK_CLIENT_PORT = 2181;
export const ZK_PEER_PORT = 2888;
export const ZK_ELECTION_PORT = 3888;
export const CLICKHOUSE_HTTP_PORT = 8123;
export const CLICKHOUSE_TCP_PORT = 9000;
export const SSH_PORT = 22;
/** As shipped. */
export const PEGASUS_META_PORT = 34601;
export const PEGASUS_REPLICA_PORT = 34801;

export const OLD_ZOOKEEPER_HOME = "/opt/zookeeper-3.4.14";
export const ZK_DATA_DIR = "/opt/zookeeper/data";
export const ZK_DATA_LOG_DIR = "/opt/zookeeper/log";

const ADDRESSES: Readonly<Record<Role, readonly [prefix: string, firstAddress: number, count: number]>> = {
  "old-zookeeper": ["zk-old", 11, 3],
  "new-zookeeper": ["zk-new", 21, 3],
  clickhouse: ["ck", 31, 2],
  "pegasus-meta": ["pg-meta", 41, 2],
  "pegasus-replica": ["pg-rep", 51, 3],
};

const ROLES: Readonly<Record<Scenario, readonly Role[]>> = {
  clickhouse: ["old-zookeeper", "new-zookeeper", "clickhouse"],
  pegasus: ["old-zookeeper", "new-zookeeper", "pegasus-meta", "pegasus-replica"],
  full: ["old-zookeeper", "new-zookeeper", "clickhouse", "pegasus-meta", "pegasus-replica"],
};

/** The hosts of a scenario, the old ensemble first. */
export function hostsOf(scenario: Scenario): HostSpec[] {
  return ROLES[scenario].flatMap((role) => {
    const [prefix, first, count] = ADDRESSES[role];
    return Array.from({ length: count }, (_, at) => ({
      name: `${prefix}${at + 1}`,
      address: `${NETWORK}.${first + at}`,
      role,
    }));
  });
}

export function withRole(hosts: readonly HostSpec[], role: Role): HostSpec[] {
  return hosts.filter((host) => host.role === role);
}

/** `10.77.0.11:2181,10.77.0.12:2181,…` */
export function connectString(hosts: readonly HostSpec[]): string {
  return hosts.map((host) => `${host.address}:${ZK_CLIENT_PORT}`).join(",");
}

/**
 * Where the hosts' disks lie. It must be on a file system that can hold an overlay's upper layer (ext4, xfs,
 * btrfs, tmpfs; not an overlay itself): in a container, point `PULUMI_ZOOKEEPER_LAB_DIR` at a volume.
 */
export function stateDir(): string {
  const parent = process.env.PULUMI_ZOOKEEPER_LAB_DIR ?? "/var/lib/pulumi-zookeeper-lab";
  return join(parent, String(LAB_NUMBER));
}

export const hostDir = (name: string) => join(stateDir(), "hosts", name);
/** A tmpfs: an overlay refuses a lower layer that lies inside another one, and `/` is one of them. */
export const layersDir = () => join(stateDir(), "layers");
export const keysDir = () => join(stateDir(), "keys");
export const savedDir = (name: string) => join(stateDir(), "saved", name);
export const checkout = () => join(__dirname, "..");
/** `.lab/inventory.json`, and `.lab/1/inventory.json` for lab 1. */
export const inventoryFile = () =>
  join(checkout(), ".lab", ...(LAB_NUMBER === 0 ? [] : [String(LAB_NUMBER)]), "inventory.json");
