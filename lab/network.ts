/**
 * The lab's network: one bridge, and for each host a network namespace with a link to it.
 *
 * A namespace outlives its host's processes, so that a power cut can take the link down first: otherwise the
 * kernel would close every connection politely, which no machine without power does. Each host keeps one MAC
 * address for the same reason: nobody should wait for a neighbour's cache when it comes back.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { BRIDGE, BRIDGE_ADDRESS, NAME_PREFIX, NETWORK_PREFIX, type HostSpec } from "./layout";
import { capture, must } from "./shell";

export const namespaceOf = (host: string) => `${NAME_PREFIX}${host}`;
const linkOf = namespaceOf;

export async function createNetwork(hosts: readonly HostSpec[]): Promise<void> {
  await withSmallSocketTables(() => ip(hosts.map((host) => `netns add ${namespaceOf(host.name)}`)));
  await ip([
    `link add ${BRIDGE} type bridge forward_delay 0`,
    `addr add ${BRIDGE_ADDRESS}/${NETWORK_PREFIX} dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
    ...hosts.flatMap((host) => [
      `link add ${linkOf(host.name)} type veth peer name eth0 address ${macOf(host)} netns ${namespaceOf(host.name)}`,
      `link set ${linkOf(host.name)} master ${BRIDGE} up`,
    ]),
  ]);
  await Promise.all(
    hosts.map((host) =>
      ip(
        [
          "link set lo up",
          `addr add ${host.address}/${NETWORK_PREFIX} dev eth0`,
          "link set eth0 up",
          `route add default via ${BRIDGE_ADDRESS}`,
        ],
        namespaceOf(host.name),
      ),
    ),
  );
}

/** Unplugs a host: packets are lost in both directions and nobody is told. */
export const unplug = (host: string) => ip([`link set ${linkOf(host)} down`]);
export const plug = (host: string) => ip([`link set ${linkOf(host)} up`]);

/** Removes everything that carries the lab's names, whether this process made it or one that crashed. */
export async function removeNetwork(): Promise<void> {
  for (const name of await namespaces()) await must(["ip", "netns", "del", name]);
  const links = (await must(["ip", "-o", "link", "show"])).matchAll(/^\d+: ([^:@]+)/gm);
  for (const [, name = ""] of links) {
    // A namespace that has just gone may take its link with it at any moment.
    if (name === BRIDGE || name.startsWith(NAME_PREFIX)) await capture(["ip", "link", "del", name]);
  }
}

/** Namespaces with the lab's prefix. */
export async function namespaces(): Promise<string[]> {
  const listed = await must(["ip", "netns", "list"]);
  return listed
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name.startsWith(NAME_PREFIX));
}

/** Processes that live in a namespace of the lab, by their ids on this machine. */
export async function processesIn(namespace: string): Promise<number[]> {
  return (await must(["ip", "netns", "pids", namespace])).split("\n").filter(Boolean).map(Number);
}

/**
 * Namespaces share one table of connections, a quarter of a million rows on a large machine, and whoever asks one of
 * them for its connections (`ss`, /proc/net/tcp) makes the kernel walk it all. Linux 6.1 and later can give each
 * namespace that is made meanwhile a table of its own (`tcp_child_ehash_entries`, ip-sysctl).
 */
async function withSmallSocketTables(make: () => Promise<void>): Promise<void> {
  if (!existsSync(CHILD_TABLE)) return make();
  const before = readFileSync(CHILD_TABLE, "utf8");
  writeFileSync(CHILD_TABLE, "1024");
  try {
    await make();
  } finally {
    writeFileSync(CHILD_TABLE, before);
  }
}

const CHILD_TABLE = "/proc/sys/net/ipv4/tcp_child_ehash_entries";

function macOf(host: HostSpec): string {
  const last = Number(host.address.split(".")[3]);
  return `02:77:00:00:00:${last.toString(16).padStart(2, "0")}`;
}

async function ip(lines: readonly string[], namespace?: string): Promise<void> {
  const within = namespace ? ["-n", namespace] : [];
  await must(["ip", ...within, "-batch", "-"], `${lines.join("\n")}\n`);
}
