/** Commands that only look: `cluster_info`, `nodes`, `ls`, `app`, `get_meta_level`, `ddd_diagnose`, `server_info`. */
import { app as appTables, apps } from "../answers/apps";
import { clusterInfo, nodes as nodeTables } from "../answers/cluster";
import type { Table } from "../answers/tables";
import { GIT_COMMIT } from "../server/config";
import { type ClusterView, call } from "../server/protocol";
import type { PartitionRecord } from "../server/records";
import { optionSpecs, readOptions } from "./arguments";
import { type Outcome, type ShellContext, ask, err, out, print, view } from "./context";

export async function clusterInfoCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions("cluster_info", words, optionSpecs("r:resolve_ip o:output= j:json"));
  if (!options.ok) return complain(options.complaint);
  const found = await view(
    context,
    "RPC_CM_CLUSTER_INFO",
    (code) => `get cluster info failed, error=${code}`,
  );
  if (found === undefined) return "done";
  const table = clusterInfo(found, context.clusterName);
  print([table], { json: options.flags.has("json"), output: options.values.get("output"), single: true });
  return "done";
}

/** `-u`, `-q` and `-i` are taken and change nothing: a stand-in uses no resources worth a column. */
const NODES_OPTIONS =
  "d:detailed j:json r:resolve_ip o:output= s:status= u:resource_usage q:qps i:sample_interval_ms=";

export async function nodesCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions("nodes", words, optionSpecs(NODES_OPTIONS));
  if (!options.ok) return complain(options.complaint);
  const status = options.values.get("status") ?? "all";
  if (status !== "all" && status !== "alive" && status !== "unalive") return "usage";
  const found = await view(context, "RPC_CM_LIST_NODES", (code) => `list nodes failed, error=${code}`);
  if (found === undefined) return "done";
  const output = options.values.get("output");
  const parameters = [
    ...(options.values.has("status") ? [["status", status] as const] : []),
    ...(output === undefined ? [] : [["out_file", output] as const]),
  ];
  const tables: Table[] = [
    ...(parameters.length > 0 ? [{ name: "parameters", pairs: parameters }] : []),
    ...nodeTables(found, options.flags.has("detailed"), status),
  ];
  print(tables, { json: options.flags.has("json"), output });
  return "done";
}

export async function lsCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions("ls", words, optionSpecs("a:all d:detailed j:json o:output= s:status="));
  if (!options.ok) return complain(options.complaint);
  const found = await view(context, "RPC_CM_LIST_APPS", (code) => {
    const detail =
      code === "ERR_NETWORK_FAILURE" ? `: request meta failed: task=RPC_CM_LIST_APPS, error=${code}` : "";
    return `list apps failed, error=${code}${detail}`;
  });
  if (found === undefined) return "done";
  const { flags } = options;
  const tables = apps(found, "shell", { all: flags.has("all"), detailed: flags.has("detailed") });
  print(tables, { json: flags.has("json"), output: options.values.get("output") });
  return "done";
}

export async function appCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions("app", words, optionSpecs("d:detailed r:resolve_ip j:json o:output="));
  if (!options.ok) return complain(options.complaint);
  const [name] = options.rest;
  if (name === undefined) return "usage";
  const sayFailed = (code: string) => `query app ${name} failed, error=${code}`;
  const found = await view(context, "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX", sayFailed);
  if (found === undefined) return "done";
  const table = found.apps.find(
    (candidate) => candidate.app_name === name && candidate.status === "AVAILABLE",
  );
  if (table === undefined) {
    err(`${sayFailed("ERR_OBJECT_NOT_FOUND")}\n`);
    return "done";
  }
  const detailed = options.flags.has("detailed");
  const parameters: Table = {
    name: "parameters",
    pairs: [
      ["app_name", name],
      ["detailed", String(detailed)],
    ],
  };
  const tables = [parameters, ...appTables(table, "shell", detailed)];
  print(tables, { json: options.flags.has("json"), output: options.values.get("output") });
  return "done";
}

export async function getMetaLevelCommand(context: ShellContext): Promise<Outcome> {
  const found = await view(context, "RPC_CM_CONTROL_META", (code) => `get meta level got error ${code}`);
  if (found !== undefined) out(`current meta level is fl_${found.levelSet}\n`);
  return "done";
}

/** Partitions that nobody holds and that the meta alone may not give to anybody. */
export async function dddDiagnoseCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions(
    "ddd_diagnose",
    words,
    optionSpecs("g:gpid= d:diagnose a:auto_diagnose s:skip_prompt o:output="),
  );
  if (!options.ok) return complain(options.complaint);
  const found = await view(
    context,
    "RPC_CM_DDD_DIAGNOSE",
    (code) => `ERROR: DDD diagnose failed with err = ${code}`,
  );
  if (found === undefined) return "done";
  const alive = new Set(found.nodes.filter((node) => node.alive).map(({ name }) => name));
  const available = found.apps
    .filter((table) => table.status === "AVAILABLE")
    .flatMap((table) => table.partitions);
  const ddd = available.filter(({ ballot, primary, secondaries, last_drops: drops }) => {
    const mayBeCured =
      secondaries.some(({ name }) => alive.has(name)) || drops.slice(-2).every(({ name }) => alive.has(name));
    return ballot > 0 && primary === undefined && !mayBeCured;
  });
  out(`Total ${ddd.length} ddd partitions:\n\n`);
  ddd.forEach((partition, index) => out(dddText(partition, index, alive, ddd.length)));
  out("Diagnose ddd done.\n");
  return "done";
}

export async function serverInfoCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions("server_info", words, optionSpecs("t:type= l:list= r:resolve_ip"));
  if (!options.ok) return complain(options.complaint);
  const wanted = options.values.get("type") ?? "all";
  const reply = await ask(context, "view", { task: "RPC_CM_LIST_NODES" });
  const servers = [
    ...context.metas.map((name) => ({ name, role: "meta-server" })),
    ...replicaServers(reply.view),
  ];
  const asked = servers.filter(({ role }) => wanted === "all" || wanted === role);
  const answers = await Promise.all(
    asked.map(async (server) => ({ ...server, info: await call(server.name, "info", {}) })),
  );
  const failed = answers.filter(({ info }) => info.err !== "ERR_OK").length;
  const details = answers.map(({ name, role, info }) => [
    name,
    {
      acked: info.err === "ERR_OK",
      message: {
        build_type: "stand-in",
        git_SHA: GIT_COMMIT,
        start_time: info.started,
        version: info.version,
      },
      role,
    },
  ]);
  const text = {
    command: "server-info ",
    details: Object.fromEntries(details),
    failed_count: failed,
    succeed_count: answers.length - failed,
  };
  out(`${JSON.stringify(text, null, 2)}\n`);
  return "done";
}

function replicaServers(found: ClusterView | undefined): readonly { name: string; role: string }[] {
  return (found?.nodes ?? [])
    .filter((node) => node.alive)
    .map(({ name }) => ({ name, role: "replica-server" }));
}

function dddText(
  partition: PartitionRecord,
  index: number,
  alive: ReadonlySet<string>,
  total: number,
): string {
  const drops = partition.last_drops;
  const mark = (at: number) =>
    at === drops.length - 1
      ? "  <== the latest"
      : at === drops.length - 2
        ? "  <== the secondary latest"
        : "";
  const lines = [
    `(${index + 1}) ${partition.pid}`,
    `    config: ballot(${partition.ballot}), last_committed(${partition.last_committed_decree})`,
    "    ----",
    ...drops.map(
      ({ name }, at) =>
        `    dropped[${at}]: node(${name}), drop_time(1970-01-01 00:00:00.000), alive(${alive.has(name)}), ` +
        `collected(${alive.has(name)}), ballot(-1), last_committed(-1), last_prepared(-1)${mark(at)}`,
    ),
    "    ----",
    ...drops.map(({ name }, at) => `    last_drops[${at}]: node(${name})${mark(at)}`),
    "    ----",
    `    ddd_reason: ${drops
      .filter(({ name }) => !alive.has(name))
      .map(({ name }) => `${name} is not alive`)
      .join("; ")}`,
    "",
    `Proposed count: 0/${total}`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function complain(text: string): Outcome {
  err(`${text}\n`);
  return "usage";
}
