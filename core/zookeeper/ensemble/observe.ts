/** How the servers of a managed ensemble are: which of its files lie on each host, and what each server answers. */
import type { World } from "../../transports/contract";
import { askSrvr } from "../ask";
import { configFiles } from "../config-files";
import type { EnsembleDesired } from "../desired";
import type { HostFacts } from "./preflight";

export interface ServerState {
  readonly name: string;
  readonly javaMajor: number;
  /** Whether the release is unpacked where it should be. */
  readonly unpacked: boolean;
  readonly mode: "down" | "no quorum" | "leader" | "follower" | "standalone";
  /** Content of each configuration file that exists. */
  readonly files: ReadonlyMap<string, string>;
}

export interface EnsembleObserved {
  readonly servers: readonly ServerState[];
}

/** @param hosts a preflight without complaints: every host was reached and has a Java */
export async function observeServers(
  world: World,
  desired: EnsembleDesired,
  hosts: readonly HostFacts[],
): Promise<EnsembleObserved> {
  return { servers: await Promise.all(hosts.map((facts) => observeServer(world, desired, facts))) };
}

async function observeServer(
  world: World,
  desired: EnsembleDesired,
  { name, seen }: HostFacts,
): Promise<ServerState> {
  const javaMajor = seen?.java?.major ?? 0;
  const host = world.host(name);
  const paths = configFiles(desired, name, javaMajor).map((file) => file.path);
  const [answer, ...contents] = await Promise.all([
    askSrvr(host, desired.clientPort),
    ...paths.map((path) => host.readFile(path)),
  ]);
  const files = new Map<string, string>();
  contents.forEach((content, index) => {
    const path = paths[index];
    if (content !== undefined && path !== undefined) files.set(path, content.toString("utf8"));
  });
  return { name, javaMajor, unpacked: seen?.unpacked ?? false, mode: modeOf(answer), files };
}

function modeOf(answer: Awaited<ReturnType<typeof askSrvr>>): ServerState["mode"] {
  if (answer.kind === "notServing") return "no quorum";
  if (answer.kind !== "serving") return "down";
  const mode = answer.mode;
  return mode === "leader" || mode === "standalone" ? mode : "follower";
}
