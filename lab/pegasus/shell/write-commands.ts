/**
 * Commands that change something: `set_meta_level`, `create`, `drop`, `rename`, `use`, `set_app_envs`, `add_dup`,
 * `add_backup_policy`. What `drop`, `use` and `set_app_envs` print is the source's (table_management.cpp); no answer of a
 * real server to them is recorded.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ErrorCode } from "../server/protocol";
import { membersOf } from "../server/records";
import { optionSpecs, readOptions } from "./arguments";
import { type Outcome, type ShellContext, ask, err, out, red } from "./context";

const LEVELS = ["stopped", "blind", "freezed", "steady", "lively"];

export async function setMetaLevelCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const [level] = words;
  if (level === undefined) return "usage";
  if (!LEVELS.includes(level)) {
    red(`parse ${level} as meta function level failed`);
    return "usage";
  }
  const reply = await ask(context, "control-meta", { level });
  if (reply.err === "ERR_OK") out(`control meta level ok, the old level is fl_${reply.oldLevel}\n`);
  else err(`control meta level got error ${reply.err}\n`);
  return "done";
}

export async function createCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions(
    "create",
    words,
    optionSpecs("p:partition_count= r:replica_count= f:fail_if_exist e:envs="),
  );
  const name = options.ok ? options.rest[0] : undefined;
  if (!options.ok || name === undefined) return "usage";
  const partitions = Number(options.values.get("partition_count") ?? "4");
  const replicas = Number(options.values.get("replica_count") ?? "3");
  const pairs = (options.values.get("envs") ?? "").split(",").filter((pair) => pair.includes("="));
  const envs = Object.fromEntries(pairs.map((pair) => pair.split("=", 2)));
  const reply = await ask(context, "create-app", { name, partitions, replicas, envs });
  if (reply.err !== "ERR_OK") {
    err(`${reply.err}: create app ${name} failed: [create] received server error\n`);
    err(`create app "${name}" failed, error = ${reply.err}\n`);
    return "done";
  }
  out(`create app ${name} succeed, waiting for app ready\n`);
  const failure = await waitUntilReady(context, name, partitions, replicas);
  if (failure === undefined) out(`create app "${name}" succeed\n`);
  else err(`create app "${name}" failed, error = ${failure}\n`);
  return "done";
}

export async function dropCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const options = readOptions("drop", words, optionSpecs("r:reserve_seconds="));
  const name = options.ok ? options.rest[0] : undefined;
  if (!options.ok || name === undefined) return "usage";
  const reserveSeconds = Number(options.values.get("reserve_seconds") ?? "0");
  out(`reserve_seconds = ${reserveSeconds}\n`);
  const reply = await ask(context, "drop-app", { name, reserveSeconds });
  if (reply.err === "ERR_OK") out(`drop app ${name} succeed\n`);
  else out(`drop app ${name} failed, error=${reply.err}\n`);
  return "done";
}

/** Any name will do: whether there is such a table is for the commands that follow to find out. */
export async function useCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const [name] = words;
  if (name !== undefined) context.currentApp = name;
  out(name === undefined ? `The current app is: ${context.currentApp ?? ""}\n` : "OK\n");
  return "done";
}

export async function setAppEnvsCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  if (context.currentApp === undefined) {
    err("No app is using now\nUSAGE: use [app_name]\n");
    return "done";
  }
  if (words.length < 2) return "usage";
  const envs = Object.fromEntries(
    Array.from({ length: words.length / 2 }, (_, at) => [words[2 * at], words[2 * at + 1]] as const),
  );
  const reply = await ask(context, "set-envs", { name: context.currentApp, envs });
  if (reply.err === "ERR_OK") out("set app envs succeed\n");
  else err(`set app envs failed with error ${reply.err} [hint:""]!\n`);
  return "done";
}

export async function renameCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const [name, newName] = words;
  if (name === undefined || newName === undefined) return "usage";
  const reply = await ask(context, "rename-app", { name, newName });
  if (reply.err === "ERR_OK") out(`rename app ok, new name is ${newName}\n`);
  else err(`rename app ${name} failed, error = ${reply.err}\n`);
  return "done";
}

/** Leaves a duplication node in ZooKeeper, which a recovery does not bring back. Nothing is duplicated. */
export async function addDupCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const [name, remote] = words;
  if (name === undefined || remote === undefined) return "usage";
  const data = JSON.stringify({
    remote,
    status: "DS_PREPARE",
    create_timestamp_ms: Date.now(),
    fail_mode: "FAIL_SLOW",
  });
  const reply = await ask(context, "add-node-data", { kind: "duplication", name, data });
  if (reply.err === "ERR_OK")
    out(`adding duplication succeed [app: ${name}, remote: ${remote}, dupid: ${reply.id}]\n`);
  else err(`adding duplication failed, error = ${reply.err}\n`);
  return "done";
}

/** Leaves a policy node below `backup`, which a recovery does not bring back. Nothing is backed up. */
export async function addBackupPolicyCommand(
  context: ShellContext,
  words: readonly string[],
): Promise<Outcome> {
  const specs = optionSpecs(
    "p:policy_name= b:backup_provider_type= a:app_ids= i:backup_interval_seconds= s:start_time= c:backup_history_cnt=",
  );
  const options = readOptions("add_backup_policy", words, specs);
  const name = options.ok ? options.values.get("policy_name") : undefined;
  if (!options.ok || name === undefined) return "usage";
  const data = JSON.stringify(Object.fromEntries(options.values));
  const reply = await ask(context, "add-node-data", { kind: "backup", name, data });
  if (reply.err === "ERR_OK") out(`add backup policy succeed, policy_name = ${name}\n`);
  else err(`add backup policy failed, error = ${reply.err}\n`);
  return "done";
}

/** As the real shell, which looks again and again until each partition has all of its replicas, or nobody answers. */
async function waitUntilReady(
  context: ShellContext,
  name: string,
  partitions: number,
  replicas: number,
): Promise<ErrorCode | undefined> {
  for (;;) {
    const reply = await ask(context, "view", { task: "RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX" });
    if (reply.err !== "ERR_OK") return reply.err;
    const table = reply.view?.apps.find((candidate) => candidate.app_name === name);
    const ready = (table?.partitions ?? []).filter((one) => membersOf(one).length >= replicas).length;
    if (ready === partitions) {
      out(`${name} is ready now: (${ready}/${partitions})\n`);
      return undefined;
    }
    out(`${name} not ready yet, still waiting... (${ready}/${partitions})\n`);
    await pause(500);
  }
}
