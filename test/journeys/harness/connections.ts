/** Who is connected to which ZooKeeper, as the kernel of each host has it. */
import { ZK_CLIENT_PORT } from "../../../lab/layout";
import type { LabHost } from "../../../lab/host";

/** Addresses of the servers whose client port the host is connected to, each once. */
export async function serversOf(host: LabHost): Promise<string[]> {
  const peers = await established(host, `dport = :${ZK_CLIENT_PORT}`);
  return [...new Set(peers.map(({ peer }) => peer))].sort();
}

/** Addresses connected to the host's own client port. */
export async function clientsOf(host: LabHost): Promise<string[]> {
  const peers = await established(host, `sport = :${ZK_CLIENT_PORT}`);
  return [...new Set(peers.map(({ peer }) => peer))].sort();
}

async function established(host: LabHost, filter: string): Promise<{ peer: string }[]> {
  const { code, stdout, stderr } = await host.exec([
    "ss",
    "-Htn",
    "state",
    "established",
    ...filter.split(" "),
  ]);
  if (code !== 0) throw new Error(`${host.name}: ss: ${stderr}`);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => ({
      peer: (line.trim().split(/\s+/)[3] ?? "").replace(/:\d+$/, "").replace(/^\[::ffff:|\]$/g, ""),
    }));
}
