/**
 * What every process answers for itself, leader or not: `/version`, `/recentStartTime`, `/config`, `/`.
 * `/config` shows the value that this process has loaded, which is what proves a repointed meta.
 */
import { type Config, GIT_COMMIT, versionOf } from "./config";
import type { GetHandler, HttpResult } from "./http-server";
import { stamp } from "./log";

export const STARTED = stamp(new Date()).slice(0, 19);

export function commonCalls(config: Config): GetHandler {
  return (path, query) => {
    switch (path) {
      case "/version":
        return json({ Version: versionOf(config.release), GitCommit: GIT_COMMIT });
      case "/recentStartTime":
        return json({ RecentStartTime: STARTED });
      case "/config":
        return option(config, query.get("name") ?? "");
      case "/":
        return json(CALLS);
      default:
        return undefined;
    }
  };
}

/** JSON as the real servers send it: one line, and a line end. */
export function json(value: object): HttpResult {
  return { status: 200, body: `${JSON.stringify(value)}\n` };
}

/** Options that can be asked for, with the defaults of a server whose file does not name them. */
const OPTIONS: readonly {
  name: string;
  section: string;
  type: string;
  description: string;
  default: string;
}[] = [
  {
    name: "hosts_list",
    section: "zookeeper",
    type: "FV_STRING",
    description: "ZooKeeper hosts list",
    default: "",
  },
  {
    name: "timeout_ms",
    section: "zookeeper",
    type: "FV_INT32",
    description: "ZooKeeper session timeout",
    default: "30000",
  },
  {
    name: "cluster_root",
    section: "meta_server",
    type: "FV_STRING",
    description:
      "The root of the cluster meta state service to be stored on remote storage. Different meta servers in the " +
      "same cluster need to be configured with the same value, while different clusters using different values " +
      "if they share the same remote storage",
    default: "/",
  },
  {
    name: "recover_from_replica_server",
    section: "meta_server",
    type: "FV_BOOL",
    description:
      "Whether to recover tables from replica servers when there is no data of the tables in remote storage",
    default: "false",
  },
  {
    name: "server_list",
    section: "meta_server",
    type: "FV_STRING",
    description: "Comma-separated list of MetaServers in the Pegasus cluster",
    default: "",
  },
  {
    name: "meta_function_level_on_start",
    section: "meta_server",
    type: "FV_STRING",
    description: "The function level of the meta server after it starts",
    default: "steady",
  },
  {
    name: "fd_lease_seconds",
    section: "replication",
    type: "FV_INT32",
    description: "The lease in seconds of a replica server",
    default: "20",
  },
  {
    name: "fd_grace_seconds",
    section: "replication",
    type: "FV_INT32",
    description: "The grace in seconds of a meta server",
    default: "22",
  },
  {
    name: "fd_beacon_interval_seconds",
    section: "replication",
    type: "FV_INT32",
    description: "The interval in seconds of beacons",
    default: "3",
  },
  {
    name: "fd_check_interval_seconds",
    section: "replication",
    type: "FV_INT32",
    description: "The interval in seconds of checks",
    default: "2",
  },
  {
    name: "distributed_lock_service_parameters",
    section: "meta_server",
    type: "FV_STRING",
    description: "Parameters of the distributed lock service",
    default: "",
  },
];

function option(config: Config, name: string): HttpResult {
  const known = OPTIONS.find((candidate) => candidate.name === name);
  if (known === undefined) return { status: 200, body: `ERR_OBJECT_NOT_FOUND: '${name}' is not found` };
  const { section, type, description } = known;
  return json({
    name,
    section,
    type,
    tags: "",
    description,
    value: config.text(section, name, known.default),
  });
}

const CALLS = {
  "/": "List all supported calls.",
  "/config": "name=<config_name>. Gets the details of a specified config.",
  "/meta/app": "name=<app_name>[&detail]. Query app info.",
  "/meta/apps": "[detail]. List all apps in the cluster.",
  "/meta/cluster": "Query the cluster info.",
  "/meta/nodes": "[detail]. Query the replica servers info.",
  "/recentStartTime": "Get the server start time.",
  "/version": "Get the server version.",
};
