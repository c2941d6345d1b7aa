/**
 * Which of the stand-in's calls a meta answers, by its part in the cluster. A follower names the leader; a
 * leader that waits for `recover` hears beacons and `start-recovery` and answers everything else with
 * ERR_UNDER_RECOVERY, also questions that would change nothing.
 */
import type { RpcHandlers } from "../server/http-server";
import type { ErrorCode } from "../server/protocol";
import type { Leader } from "./leader";

export function followerCalls(leader: () => string | undefined): RpcHandlers {
  return {
    ...answering(() => ({ err: "ERR_FORWARD_TO_OTHERS", leader: leader() })),
    beacon: () => ({ err: "ERR_OK", isMaster: false, primary: leader() ?? "", leaderSince: 0 }),
  };
}

export function waitingCalls(): RpcHandlers {
  return answering(() => ({ err: "ERR_UNDER_RECOVERY" }));
}

export function leaderCalls(leader: Leader): RpcHandlers {
  return {
    "control-meta": (request) => leader.controlMeta(request),
    "create-app": (request) => leader.createApp(request),
    "drop-app": (request) => leader.dropApp(request),
    "rename-app": (request) => leader.renameApp(request),
    "set-envs": (request) => leader.setEnvs(request),
    "add-node-data": (request) => leader.addNodeData(request),
    "config-sync": (request) => leader.configSync(request),
    "update-config": (request) => leader.updateConfig(request),
  };
}

function answering(reply: () => { err: ErrorCode; leader?: string }): RpcHandlers {
  return {
    view: reply,
    "control-meta": reply,
    "create-app": reply,
    "drop-app": reply,
    "rename-app": reply,
    "set-envs": reply,
    "add-node-data": reply,
    "config-sync": reply,
    "update-config": reply,
    "start-recovery": reply,
  };
}
