/**
 * The stand-in's interactive shell: one command to a line of standard input, one answer after the other,
 * exit code 0 at the end whatever they were.
 *
 * Two habits of the real one are kept because whoever reads its output must bear them: four warnings on
 * stderr each time, and an abort (134) in the middle of the help when a command is not known.
 */
import { createInterface } from "node:readline";
import { GIT_COMMIT, versionOf } from "../server/config";
import { logHead } from "../server/log";
import { splitLine } from "./arguments";
import { type Outcome, type ShellContext, err, out } from "./context";
import {
  appCommand,
  clusterInfoCommand,
  dddDiagnoseCommand,
  getMetaLevelCommand,
  lsCommand,
  nodesCommand,
  serverInfoCommand,
} from "./read-commands";
import { recoverCommand } from "./recover-command";
import {
  addBackupPolicyCommand,
  addDupCommand,
  createCommand,
  dropCommand,
  renameCommand,
  setAppEnvsCommand,
  setMetaLevelCommand,
  useCommand,
} from "./write-commands";

interface Command {
  readonly usage: readonly string[];
  readonly run: (context: ShellContext, words: readonly string[]) => Promise<Outcome>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  help: { usage: [""], run: async () => (out(help()), "done") },
  version: {
    usage: [""],
    run: async (context) => (
      out(`Pegasus Shell ${versionOf(context.release)} (${GIT_COMMIT}) stand-in\n`),
      "done"
    ),
  },
  cluster_info: { usage: ["[-r|--resolve_ip] [-o|--output file_name] [-j|--json]"], run: clusterInfoCommand },
  app: {
    usage: ["<app_name> [-d|--detailed] [-r|--resolve_ip] [-o|--output file_name]", "[-j|--json]"],
    run: appCommand,
  },
  ls: { usage: ["[-a|--all] [-d|--detailed] [-j|--json] [-o|--output file_name]"], run: lsCommand },
  nodes: {
    usage: [
      "[-d|--detailed] [-j|--json] [-r|--resolve_ip] [-u|--resource_usage]",
      "[-o|--output file_name] [-s|--status all|alive|unalive] [-q|--qps]",
      "[-i|--sample_interval_ms num]",
    ],
    run: nodesCommand,
  },
  create: { usage: ["<app_name> [-p|--partition_count num] [-r|--replica_count num]"], run: createCommand },
  drop: { usage: ["<app_name> [-r|--reserve_seconds num]"], run: dropCommand },
  rename: { usage: ["<old_app_name> <new_app_name>"], run: renameCommand },
  use: { usage: ["[app_name]"], run: useCommand },
  set_app_envs: { usage: ["<key> <value> [key value...]"], run: setAppEnvsCommand },
  set_meta_level: { usage: ["<stopped|blind|freezed|steady|lively>"], run: setMetaLevelCommand },
  get_meta_level: { usage: [""], run: getMetaLevelCommand },
  server_info: { usage: ["[-t all|meta-server|replica-server] [-r|--resolve_ip]"], run: serverInfoCommand },
  recover: {
    usage: [
      "[-f|--node_list_file file_name] [-s|--node_list_str str]",
      "[-w|--wait_seconds num] [-b|--skip_bad_nodes]",
      "[-l|--skip_lost_partitions] [-o|--output file_name]",
    ],
    run: recoverCommand,
  },
  ddd_diagnose: {
    usage: ["[-g|--gpid appid|appid.pidx] [-d|--diagnose] [-o|--output file_name]"],
    run: dddDiagnoseCommand,
  },
  add_dup: { usage: ["<app_name> <remote_cluster_name>"], run: addDupCommand },
  add_backup_policy: {
    usage: ["<-p|--policy_name str> <-b|--backup_provider_type str>"],
    run: addBackupPolicyCommand,
  },
};

export async function runShell(context: ShellContext, input: NodeJS.ReadableStream): Promise<void> {
  for (const line of warnings()) err(line);
  out(`Pegasus Shell ${versionOf(context.release)}\n`);
  out('Type "help" for more information.\nType "Ctrl-D" or "Ctrl-C" to exit the shell.\n\n');
  out("log_dir is not set, use './pegasus_shell.data/log' instead\nThe config file is: config.ini\n");
  out(`The cluster name is: ${context.clusterName}\nThe cluster meta list is: ${context.metas.join(",")}\n`);
  for await (const line of createInterface({ input })) {
    const [name, ...words] = splitLine(line);
    if (name === undefined) continue;
    if (name === "exit" || name === "quit") break;
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) abort(name);
    else if ((await command.run(context, words)) === "usage") out(`USAGE: ${usageOf(name, command)}`);
  }
  out("dsn exit with code 0\n");
}

function abort(name: string): never {
  out(`ERROR: invalid subcommand '${name}'\n${help()}`);
  err("terminate called after throwing an instance of 'std::logic_error'\n");
  err("  what():  basic_string: construction from null is not valid\n");
  process.exit(134);
}

function help(): string {
  return `Usage:\n${Object.entries(COMMANDS)
    .map(([name, command]) => usageOf(name, command))
    .join("")}`;
}

/** The name padded to 27, further lines below the first. */
function usageOf(name: string, { usage }: Command): string {
  return usage.map((line, index) => `\t${(index === 0 ? name : "").padEnd(27)}${line}\n`).join("");
}

function warnings(): readonly string[] {
  const calls = ["RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX", "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX_ACK"];
  return [...calls, ...calls].map(
    (call) =>
      `${logHead("W")} : overwrite default thread pool for task ${call} from THREAD_POOL_META_SERVER to THREAD_POOL_DEFAULT\n`,
  );
}
