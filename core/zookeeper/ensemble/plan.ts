/**
 * Plans the installation of an ensemble, and every later change of it.
 *
 * Servers that are down, or run without a quorum, have none to lose: all of them are prepared side by side and started
 * together. Then everybody is waited for: a server that cannot join, as under an argument that an earlier run brought to
 * it alone, holds the change up there, while the others still serve. Those that serve are changed after that one at a
 * time, followers first, the leader last, each one synced before the next is touched, so that a quorum stands at every
 * moment. A server that is already as it should be is left alone.
 *
 * Pure: facts come from `observe.ts`, steps are run by `engine/execute.ts`.
 */
import type { Plan, Stage, Step } from "../../engine/step";
import type { ConfigFile } from "../config-files";
import { configFiles } from "../config-files";
import type { EnsembleDesired } from "../desired";
import { connectStringOf, homeOf, namesOf } from "../desired";
import { joinedStep, startStep, stopStep } from "../service-steps";
import type { Server, Side } from "../side";
import { sideOfManaged } from "../side";
import type { EnsembleObserved, ServerState } from "./observe";

/** @param leaveDown whether servers that are down are only prepared, and stay so */
export function planEnsemble(desired: EnsembleDesired, observed: EnsembleObserved, leaveDown = false): Plan {
  const side = sideOfManaged(desired);
  const left = leaveDown ? observed.servers.filter(({ mode }) => mode === "down") : [];
  const wrong = observed.servers.filter((state) => state.mode === "down" || differs(desired, state));
  const idle = wrong.filter((state) => !serves(state));
  const serving = wrong
    .filter(serves)
    .sort((a, b) => LEADER_LAST.indexOf(a.mode) - LEADER_LAST.indexOf(b.mode));
  const joined = joinedStep(side, side.servers[0] as Server, joinTimeoutMs(desired));
  // Those that are left down would be waited for in vain.
  const wait = (step: Step): Stage => ({ phase: "start", steps: left.length > 0 ? [] : [step] });
  const started = idle.filter((state) => !left.includes(state));
  const stages: Stage[] = [
    ...prepare(desired, side, idle),
    { phase: "start", steps: startSteps(side, started) },
    ...(driftOf(desired, observed).length === 0 ? [] : [wait(joined)]),
    { phase: "start", steps: metricsSteps(desired, started) },
    ...serving.flatMap((state) => [
      ...prepare(desired, side, [state]),
      { phase: "start", steps: startSteps(side, [state]) } as const,
      wait({ ...joined, id: `joined after ${state.name}`, host: state.name }),
    ]),
  ];
  return {
    title: `ZooKeeper ${desired.version} on ${namesOf(desired.hosts).join(", ")} (${connectStringOf(desired)})`,
    operation: "install",
    stages: stages.filter((stage) => stage.steps.length > 0),
  };
}

/** How the servers differ from what is wanted, in words; empty when they do not. */
export function driftOf(desired: EnsembleDesired, observed: EnsembleObserved): string[] {
  return observed.servers.flatMap((state) => [
    ...(state.mode === "down" ? [`${state.name}: not running`] : []),
    ...(state.mode === "no quorum" ? [`${state.name}: runs without a quorum`] : []),
    ...(state.unpacked ? [] : [`${state.name}: ${homeOf(desired)} is missing`]),
    ...differing(desired, state).map((file) => `${state.name}: ${file.path} was changed`),
  ]);
}

const LEADER_LAST: readonly ServerState["mode"][] = ["follower", "leader", "standalone"];

function serves({ mode }: ServerState): boolean {
  return mode !== "down" && mode !== "no quorum";
}

function differs(desired: EnsembleDesired, state: ServerState): boolean {
  return !state.unpacked || differing(desired, state).length > 0;
}

/** Makes the servers as they should be, side by side; afterwards none of them runs. */
function prepare(desired: EnsembleDesired, side: Side, states: readonly ServerState[]): Stage[] {
  const toUnpack = states.filter((state) => !state.unpacked);
  const toStop = states.filter(({ mode }) => mode !== "down");
  const toConfigure = states.filter((state) => differing(desired, state).length > 0);
  return [
    { phase: "install", steps: toUnpack.map((state) => fetchStep(desired, state.name)) },
    { phase: "install", steps: toUnpack.map((state) => unpackStep(desired, state.name)) },
    {
      phase: "install",
      steps: toStop.map((state) => stopStep(side, serverOf(side, state), `stop (${state.mode})`)),
    },
    { phase: "install", steps: toConfigure.map((state) => configureStep(desired, state)) },
  ];
}

function startSteps(side: Side, states: readonly ServerState[]): Step[] {
  return states.map((state) => startStep(side, serverOf(side, state), "start"));
}

function fetchStep(desired: EnsembleDesired, name: string): Step {
  const { url, path, sha512 } = desired.distribution;
  return {
    id: `fetch ${name}`,
    host: name,
    kind: "zk.fetch",
    args: {
      url,
      path,
      sha512: sha512.toLowerCase(),
      installDir: desired.installDir,
      home: homeOf(desired),
      archive: archiveOf(desired),
    },
    says: `${url === undefined ? `receive ${path}` : `fetch ${url}`}, check its SHA-512`,
  };
}

function unpackStep(desired: EnsembleDesired, name: string): Step {
  return {
    id: `unpack ${name}`,
    host: name,
    kind: "zk.unpack",
    args: {
      archive: archiveOf(desired),
      home: homeOf(desired),
      version: desired.version,
      runAs: desired.runAs,
      installDir: desired.installDir,
    },
    says: `unpack into ${homeOf(desired)}, run as ${desired.runAs}`,
  };
}

function configureStep(desired: EnsembleDesired, state: ServerState): Step {
  const files = differing(desired, state);
  return {
    id: `configure ${state.name}`,
    host: state.name,
    kind: "zk.configure",
    args: {
      files: files.map((file) => ({ ...file })),
      runAs: desired.runAs,
      folders: [desired.dataDir, desired.dataLogDir, desired.logDir],
    },
    says: `write ${files.map((file) => file.path.split("/").pop()).join(", ")}`,
  };
}

function metricsSteps(desired: EnsembleDesired, started: readonly ServerState[]): Step[] {
  const { metrics } = desired;
  if (metrics === false) return [];
  return started.map(({ name }) => ({
    id: `metrics ${name}`,
    host: name,
    kind: "zk.metrics",
    args: { port: metrics.port },
    says: `metrics answer on port ${metrics.port}`,
  }));
}

/** Files that do not lie on the host as they should. */
export function differing(desired: EnsembleDesired, state: ServerState): ConfigFile[] {
  return configFiles(desired, state.name, state.javaMajor).filter(
    (file) => state.files.get(file.path) !== file.content,
  );
}

function archiveOf(desired: EnsembleDesired): string {
  return `${desired.installDir}/.apache-zookeeper-${desired.version}-bin.tar.gz`;
}

/** Long enough for an election and a full sync with the limits that the ensemble itself has. */
function joinTimeoutMs(desired: EnsembleDesired): number {
  return 30_000 + desired.tickTime * (desired.initLimit + desired.syncLimit);
}

function serverOf(side: Side, { name }: ServerState): Server {
  return side.servers.find((one) => one.name === name) as Server;
}
