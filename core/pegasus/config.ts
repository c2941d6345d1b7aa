/** What is read from a meta's config.ini, by the real parser's rules, and what is written into it. */
import { EditError } from "../editors/errors";
import { setIniValues } from "../editors/ini/set-ini-values";
import { getIniValue, type IniChange } from "../editors/ini/parse-ini";
import { decodeText, editBytes } from "../editors/text";
import type { Complaint } from "../engine/errors";

/** The two values that a migration changes. */
export interface ZooKeeperSettings {
  /** `a:2181,b:2181`, with the chroot behind it if there is one. */
  readonly hostsList: string;
  /** Undefined where the file has no such line. */
  readonly recover?: string;
}

export const SHIPPED_META_PORT = 34601;
/** As shipped; what the code falls back to is shorter, and the longer one is the safe one. */
const SHIPPED = {
  fd_lease_seconds: 20,
  fd_grace_seconds: 22,
  fd_beacon_interval_seconds: 3,
  fd_check_interval_seconds: 2,
} as const;
export type LeaseKey = keyof typeof SHIPPED;
export const LEASE_KEYS = Object.keys(SHIPPED) as readonly LeaseKey[];

export function readSettings(config: Buffer): ZooKeeperSettings {
  const { text } = decodeText(config);
  return {
    hostsList: getIniValue(text, "zookeeper", "hosts_list") ?? "",
    recover: getIniValue(text, "meta_server", "recover_from_replica_server"),
  };
}

/** The file with these values; the very same bytes when it has them already. @throws EditError */
export function writeSettings(config: Buffer, settings: ZooKeeperSettings): Buffer {
  const changes: IniChange[] = [{ section: "zookeeper", key: "hosts_list", value: settings.hostsList }];
  if (settings.recover !== undefined) {
    changes.push({ section: "meta_server", key: "recover_from_replica_server", value: settings.recover });
  }
  return editBytes(config, (text) => setIniValues(text, changes).edits);
}

/** The new servers under the chroot that the old list had. */
export function hostsListFor(servers: string, current: string): string {
  const slash = current.indexOf("/");
  return slash < 0 ? servers : `${servers}${current.slice(slash).trim()}`;
}

/** `/pegasus` of `a:1,b:1/pegasus`; empty where there is none. */
export function chrootOf(hostsList: string): string {
  const slash = hostsList.indexOf("/");
  return slash < 0 ? "" : hostsList.slice(slash).trim().replace(/\/+$/, "");
}

export function metaPortOf(config: Buffer): number {
  const ports = getIniValue(decodeText(config).text, "apps.meta", "ports") ?? "";
  return Number(/^\d+/.exec(ports)?.[0] ?? SHIPPED_META_PORT);
}

export function lockPathOf(config: Buffer, root: string): string {
  return getIniValue(decodeText(config).text, "meta_server", "distributed_lock_service_parameters") || root;
}

export function explicitNameOf(config: Buffer): string | undefined {
  return getIniValue(decodeText(config).text, "network", "explicit_host_address");
}

export function leaseValueOf(config: Buffer, key: LeaseKey): number {
  const value = Number(getIniValue(decodeText(config).text, "replication", key) || SHIPPED[key]);
  return Number.isFinite(value) ? value : SHIPPED[key];
}

/**
 * How long after the last beacon every replica server has gone INACTIVE: the longer of lease and grace, a beacon that
 * may have been on its way, two rounds of the check that notices, and a second for the clocks. 30 s as shipped.
 */
export function leaseSecondsOf(values: Readonly<Record<LeaseKey, number>>): number {
  const longest = Math.max(values.fd_lease_seconds, values.fd_grace_seconds);
  return longest + values.fd_beacon_interval_seconds + 2 * values.fd_check_interval_seconds + 1;
}

/** What keeps the file from being edited, or from being loaded by the server. */
export function complainConfig(config: Buffer, where: string): Complaint[] {
  try {
    writeSettings(config, { hostsList: "probe:2181", recover: "true" });
    return [];
  } catch (error) {
    if (error instanceof EditError) return [{ where, ...error.complaint }];
    throw error;
  }
}
