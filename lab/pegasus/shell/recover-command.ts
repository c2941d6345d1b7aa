/**
 * `recover`: reads the node list, refuses what does not resolve before any meta is asked, then waits.
 * The result is printed whatever it is; with `-o` all of it goes to the file but one line.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { optionSpecs, readOptions } from "./arguments";
import { type Outcome, type ShellContext, ask, err, out } from "./context";

const RULE = "=============================";

export async function recoverCommand(context: ShellContext, words: readonly string[]): Promise<Outcome> {
  const specs = optionSpecs(
    "f:node_list_file= s:node_list_str= w:wait_seconds= b:skip_bad_nodes l:skip_lost_partitions o:output=",
  );
  const options = readOptions("recover", words, specs);
  if (!options.ok) return usage(options.complaint);
  const { flags, values } = options;
  const wait = Number(values.get("wait_seconds") ?? "100");
  if (!Number.isInteger(wait)) return usage(`parse ${values.get("wait_seconds")} as wait_seconds failed`);
  if (wait <= 0) return usage(`invalid wait_seconds ${wait}, should be positive number`);
  const file = values.get("node_list_file");
  const list = values.get("node_list_str");
  if (file === undefined && list === undefined)
    return usage("should specify one of node_list_file/node_list_str");
  if (file !== undefined && list !== undefined)
    return usage("should only specify one of node_list_file/node_list_str");

  const nodes = file === undefined ? await fromString(context, list ?? "") : await fromFile(context, file);
  if (nodes === undefined) return "done";
  const flagsAsked = {
    skipBadNodes: flags.has("skip_bad_nodes"),
    skipLostPartitions: flags.has("skip_lost_partitions"),
  };
  const output = values.get("output");
  const printed: string[] = [];
  const print = output === undefined ? out : (text: string) => void printed.push(text);
  const result = await recover(context, { nodes, ...flagsAsked }, wait, print);
  if (output !== undefined) {
    writeFileSync(output, printed.join(""));
    out(`recover complete with err = ${result}\n`);
  }
  return "done";
}

async function recover(
  context: ShellContext,
  request: { nodes: readonly string[]; skipBadNodes: boolean; skipLostPartitions: boolean },
  wait: number,
  print: (text: string) => void,
): Promise<string> {
  print(
    `Wait seconds: ${wait}\nSkip bad nodes: ${request.skipBadNodes}\nSkip lost partitions: ${request.skipLostPartitions}\n`,
  );
  print(`Node list:\n${RULE}\n${request.nodes.map((node) => `${node}\n`).join("")}${RULE}\n`);
  let seconds = 0;
  const ticking = setInterval(() => print(`Wait recovery for ${seconds++} seconds\n`), 1000);
  const reply = await ask(context, "start-recovery", request, wait * 1000);
  clearInterval(ticking);
  if (["ERR_NETWORK_FAILURE", "ERR_TIMEOUT", "ERR_HANDLER_NOT_FOUND"].includes(reply.err)) {
    print("Wait recovery failed, administrator should check the meta for progress\n");
    return "ERR_TIMEOUT";
  }
  print(`Recover result: ${reply.err}\n`);
  if (reply.hint) print(`${RULE}\n${reply.hint}${RULE}\n`);
  return reply.err;
}

async function fromFile(context: ShellContext, file: string): Promise<readonly string[] | undefined> {
  if (!existsSync(file)) return refuse(`open file ${file} failed`);
  const nodes: string[] = [];
  for (const [index, raw] of readFileSync(file, "utf8").split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    if (!(await resolves(line))) {
      return refuse(`parse ${line} at file ${file} line ${index + 1} as ${nodeForm(context)} failed`);
    }
    nodes.push(line);
  }
  return nodes.length > 0 ? nodes : refuse(`no node specified in file ${file}`);
}

async function fromString(context: ShellContext, list: string): Promise<readonly string[] | undefined> {
  const nodes = list.split(",").filter((node) => node !== "");
  if (nodes.length === 0) return refuse("can't parse node from node_list_str");
  for (const node of nodes) {
    if (!(await resolves(node))) return refuse(`parse ${node} as a ${nodeForm(context)} node failed`);
  }
  return nodes;
}

function nodeForm(context: ShellContext): string {
  return context.release === "2.5" ? "ip:port" : "host:port";
}

async function resolves(node: string): Promise<boolean> {
  const host = /^([^:\s]+):\d+$/.exec(node)?.[1];
  if (host === undefined) return false;
  return lookup(host, { family: 4 }).then(
    () => true,
    () => false,
  );
}

function refuse(text: string): undefined {
  err(`${text}\n`);
}

function usage(complaint: string): Outcome {
  err(`${complaint}\n`);
  return "usage";
}
