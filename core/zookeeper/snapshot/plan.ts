/**
 * Plans the move of a whole ensemble's data by snapshot and log, in either direction.
 *
 * Order: while the origin still serves, empty the destination, stage what there is, fold it into one snapshot and
 * hand that to every server of the destination → fence → bring what was written since as one log behind it, to all
 * of them before any starts (two empty servers would found an ensemble without the third) → start → prove. So the
 * pause has in it what grows with the time since staging, and nothing that grows with the tree but the servers' own
 * loading of it.
 *
 * The way back is this very plan with the sides changed. It works from files and needs no quorum on the origin.
 *
 * Pure: facts come from `observe.ts`, steps are run by `engine/execute.ts`.
 */
import type { Plan, Stage } from "../../engine/step";
import { stepsOf } from "../../engine/step";
import { joinedStep, startStep, stopStep } from "../service-steps";
import { sayServers, type Server, type Side } from "../side";
import type { MoveDesired, MoveFacts, ReachableHosts } from "./move";
import {
  cleanStep,
  foldStep,
  handOverStep,
  leadsStep,
  proveStep,
  quietStep,
  reckonStep,
  setAsideStep,
  stageStep,
  stillQuietStep,
  tailStep,
} from "./planned-steps";

export function planMove(desired: MoveDesired, facts: MoveFacts): Plan {
  const { origin, destination } = desired;
  const targets = facts.reachableDestination;
  const stages: Stage[] = [
    {
      phase: "prepare",
      steps: targets.map((server) => stopStep(destination, server, "stop (empty or left behind)")),
    },
    { phase: "prepare", steps: targets.map((server) => setAsideStep(desired, server)) },
    { phase: "prepare", steps: [stageStep(desired, facts)] },
    { phase: "fold", steps: [foldStep(desired, facts)] },
    { phase: "fold", steps: [handOverStep(desired, facts)] },
    ...desired.consumerFence,
    ...fenceStages(desired, facts),
    { phase: "copy", steps: [tailStep(desired, facts)] },
    {
      phase: "start",
      steps: [
        ...targets.map((server) => startStep(destination, server, "start")),
        reckonStep(desired, facts),
      ],
    },
    { phase: "start", steps: [joinedStep(sideOf(destination, targets), targets[0] as Server, 120_000)] },
    { phase: "start", steps: [proveStep(desired, facts)] },
    ...(desired.fence === "consumersOnly"
      ? [{ phase: "start" as const, steps: [stillQuietStep(desired, facts)] }]
      : []),
    { phase: "clean up", steps: [cleanStep(facts)] },
  ];
  return {
    title: `move ${sayServers(origin)} to ${sayServers(destination)}`,
    operation: desired.operation,
    stages: stages.filter((stage) => stage.steps.length > 0),
  };
}

/** Lets the destination go on with its own files: everything written on the origin is lost. */
export function planOwnFiles(
  desired: MoveDesired,
  { reachableOrigin, reachableDestination }: ReachableHosts,
): Plan {
  const { origin, destination } = desired;
  const via = reachableDestination[0] as Server;
  const joined = joinedStep(sideOf(destination, reachableDestination), via, 120_000);
  const stages: Stage[] = [
    ...desired.consumerFence,
    {
      phase: "fence",
      steps: reachableOrigin.map((server) =>
        stopStep(origin, server, "stop", { undo: "start", lasting: true }),
      ),
    },
    {
      phase: "start",
      steps: reachableDestination.map((server) => startStep(destination, server, "start on its own files")),
    },
    { phase: "start", steps: [{ ...joined, args: { ...joined.args, acceptDataLoss: true } }] },
  ];
  return {
    title: `let ${sayServers(destination)} go on with their own files; what ${sayServers(origin)} took is lost`,
    operation: desired.operation,
    stages: stages.filter((stage) => stage.steps.length > 0),
  };
}

function fenceStages(desired: MoveDesired, facts: MoveFacts): Stage[] {
  const { origin, fence } = desired;
  if (fence === "consumersOnly") {
    return [{ phase: "fence", steps: [quietStep(desired, facts)] }];
  }
  const others = facts.reachableOrigin.filter((server) => server.name !== facts.from.name);
  const fenced = { undo: "start", lasting: true } as const;
  return [
    { phase: "fence", steps: facts.fromLeads ? [leadsStep(desired, facts)] : [] },
    { phase: "fence", steps: others.map((server) => stopStep(origin, server, "stop (follower)", fenced)) },
    { phase: "fence", steps: [stopStep(origin, facts.from, `stop (${facts.fromIs})`, fenced)] },
  ];
}

/** Whether a plan was made for somebody who accepts that data is lost. */
export function acceptsDataLoss(plan: Plan): boolean {
  return stepsOf(plan).some((step) => step.args["acceptDataLoss"] === true);
}

function sideOf(side: Side, servers: readonly Server[]): Side {
  return { ...side, servers };
}
