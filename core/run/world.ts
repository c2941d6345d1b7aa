/** Opens the machines of a run, and closes them whatever happens: the only place that makes transports. */
import { spawn } from "node:child_process";
import { hostname, userInfo } from "node:os";
import { CommandFailed, Refusal, UnknownHost } from "../engine/errors";
import type { Progress } from "../engine/execute";
import { TURN_FILE } from "../journal/folder";
import type { HostAccess, Hosts, RunResult, UserCommand, World } from "../transports/contract";
import { openHost } from "../transports/ssh";
import { gatherHosts } from "./desired";

export interface WorldOptions {
  /** Which migration or ensemble this is; names its folder on every host. */
  readonly migration: string;
  readonly hosts: readonly Hosts[];
  readonly secrets?: Readonly<Record<string, string | undefined>>;
}

/** @throws Refusal when arguments of a connection cannot be right, with every complaint */
export async function withWorld<T>(options: WorldOptions, act: (world: World) => Promise<T>): Promise<T> {
  const { hosts, complaints } = gatherHosts(options.hosts);
  if (complaints.length > 0) throw new Refusal(complaints);
  const opened = await Promise.allSettled(Object.entries(hosts).map(([name, host]) => openHost(name, host)));
  const refused = opened.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const refusals = refused.filter((reason): reason is Refusal => reason instanceof Refusal);
  if (refusals.length > 0) throw new Refusal(refusals.flatMap((refusal) => refusal.complaints));
  if (refused.length > 0) throw refused[0];
  const byName = new Map<string, HostAccess>();
  for (const one of opened) if (one.status === "fulfilled") byName.set(one.value.name, one.value);

  const world: World = {
    migration: options.migration,
    host(name) {
      const host = byName.get(name);
      if (host) return host;
      throw new UnknownHost(name, [...byName.keys()]);
    },
    command: (command) => runCommand(world, command),
    secret: (name) => options.secrets?.[name],
  };
  try {
    return await act(world);
  } finally {
    await Promise.allSettled([...byName.values()].map((host) => host.close()));
  }
}

/** The same machines for one run, whose commands wait for those of earlier runs, and end where a later one begins. */
export function inTurn(world: World, owner: string, progress: Progress): World {
  const hosts = new Map<string, HostAccess>();
  const mine: World = {
    ...world,
    host(name) {
      const turn = { file: TURN_FILE, owner, say: (line: string) => progress.say(line) };
      const host = hosts.get(name) ?? world.host(name).inTurn(turn);
      hosts.set(name, host);
      return host;
    },
    command: (command) => runCommand(mine, command),
  };
  return mine;
}

/** Who we are, for the lock and the journal. */
export function ownerName(): string {
  return `${userInfo().username}@${hostname()}, pid ${process.pid}, since ${new Date().toISOString()}`;
}

async function runCommand(world: Pick<World, "host">, command: UserCommand): Promise<RunResult> {
  return command.on === undefined ? runHere(command) : runThere(world.host(command.on), command);
}

async function runThere(host: HostAccess, command: UserCommand): Promise<RunResult> {
  const result = await host.script(command.run, [], { timeoutMs: timeoutOf(command), accept: "any" });
  return judge(host.name, command, result);
}

function runHere(command: UserCommand): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command.run], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutOf(command),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const ended = signal === null ? "" : `\nended by ${signal} after ${timeoutOf(command) / 1000} s`;
      try {
        resolve(judge("ops", command, { code: code ?? 1, stdout, stderr: stderr + ended }));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function judge(place: string, command: UserCommand, result: RunResult): RunResult {
  if (result.code !== 0) {
    throw new CommandFailed(place, command.run, result.code, `${result.stdout}${result.stderr}`);
  }
  if (command.expect !== undefined && !new RegExp(command.expect).test(result.stdout)) {
    throw new CommandFailed(
      place,
      command.run,
      0,
      `printed ${JSON.stringify(result.stdout.slice(0, 300))}, expected /${command.expect}/`,
    );
  }
  return result;
}

function timeoutOf(command: UserCommand): number {
  return (command.timeoutSeconds ?? 60) * 1000;
}
