/** Servers that go by names, told by the addresses that a host which uses them resolves those to. */
import { isIP } from "node:net";
import type { HostAccess } from "../transports/contract";

/**
 * Of each server, `host:port`, what it may be to that host: as given, and with each address that its name resolves to there. One
 * that does not resolve is as given alone.
 */
export async function resolveServers(
  host: HostAccess,
  servers: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const addresses = await addressesOf(
    host,
    servers.map(nameOf).filter((name) => isIP(name) === 0),
  );
  return new Map(
    servers.map((server) => {
      const name = nameOf(server);
      const resolved = (addresses.get(name) ?? []).map((ip) => `${ip}${server.slice(name.length)}`);
      return [server, [server, ...resolved]];
    }),
  );
}

async function addressesOf(host: HostAccess, names: readonly string[]): Promise<Map<string, string[]>> {
  const addresses = new Map<string, string[]>();
  if (names.length === 0) return addresses;
  const { stdout } = await host.script(RESOLVE, [...new Set(names)]);
  for (const line of stdout.split("\n")) {
    const [address = "", name = ""] = line.trim().split(" ");
    addresses.set(name, [...(addresses.get(name) ?? []), address]);
  }
  return addresses;
}

/** Of each name in the arguments, an address and the name a line. */
const RESOLVE = `for name in "$@"; do getent ahosts "$name" | awk -v name="$name" '{print $1, name}' | sort -u; done`;

/** Of `host:port`. */
function nameOf(server: string): string {
  return server.slice(0, server.lastIndexOf(":"));
}
