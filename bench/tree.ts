/**
 * `npm run bench -- tree`: how fast a subtree is copied between two ensembles of three servers, against two bounds.
 *
 * - What the same client writes with bare multis of the same znodes into the same ensemble: what remains of it is
 *   what reading, ACLs and order cost. Both take turns, because servers get faster as they compile.
 * - What an existing tool, zk-shell's `cp`, does with the same znodes, a thousand of them.
 *
 * Where the servers' own work fills the cores, no client can reach the first bound: what one that costs nothing would
 * reach is told beside it, from the servers' processor time.
 *
 * Memory is measured last, in a process of its own that does nothing but copy.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { UserError } from "../core/engine/errors";
import { compareTrees, copyTree, type Endpoint } from "../core/zookeeper/tree";
import { startEnsemble, type Ensemble } from "./ensemble";
import type { MemoryReport } from "./tree-memory";
import { endpointOf, fill, type Shape } from "./tree-seed";
import { installZkShell, zkShellCopy } from "./zk-shell";

const DATA_BYTES = 100;
const ROUNDS = 5;
const SHELL_ZNODES = 1_000;
const BOUND_OF_BARE = 0.6;
const BOUND_OF_SHELL = 20;
const BOUND_MB = 300;

interface TreeBenchOptions {
  readonly znodes: number;
  readonly memoryZnodes: number;
}

export function treeCommand(): Command {
  return new Command("tree")
    .description("copy of a subtree: rate against bare multis and zk-shell, and memory at a million znodes")
    .option("--znodes <n>", "znodes of the copy that is timed", wholeNumber, 100_000)
    .option(
      "--memory-znodes <n>",
      "znodes of the copy whose memory is measured; 0 leaves it out",
      wholeNumber,
      1_000_000,
    )
    .action(benchTree);
}

async function benchTree({ znodes, memoryZnodes }: TreeBenchOptions): Promise<void> {
  console.log(
    "Two ensembles of three 3.7.1 servers on loopback, fsync on; they and the client share this machine.",
  );
  const shell = await installZkShell();
  const old = await startEnsemble("old");
  try {
    const fresh = await startEnsemble("new");
    try {
      const verdicts = await measure(old, fresh, znodes, shell);
      if (memoryZnodes > 0) verdicts.push(await measureMemory(old, fresh, memoryZnodes));
      if (verdicts.includes(false)) process.exitCode = 1;
    } finally {
      await fresh.stop();
    }
  } finally {
    await old.stop();
  }
}

async function measure(old: Ensemble, fresh: Ensemble, znodes: number, shell: string): Promise<boolean[]> {
  const target = endpointOf(fresh);
  // One server reads cheaper than three on so few cores: they would only take turns.
  const source = { ...endpointOf(old, 1), name: "old" };
  await fill(endpointOf(old), "/bench", { znodes, dataBytes: DATA_BYTES });
  await fill(endpointOf(old), "/shell", { znodes: SHELL_ZNODES, dataBytes: DATA_BYTES });
  const bare: number[] = [];
  const copies: number[] = [];
  const atMost: number[] = [];
  let reading = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const began = cpuSeconds(old, fresh);
    bare.push(znodes / (await fill(target, `/bare${round}`, { znodes, dataBytes: DATA_BYTES })));
    const between = cpuSeconds(old, fresh);
    copies.push(znodes / (await timedCopy(source, { ...target, chroot: `/copy${round}` }, "/bench", znodes)));
    const ended = cpuSeconds(old, fresh);
    atMost.push((between.all - began.all) / (ended.old + ended.fresh - between.old - between.fresh));
    reading = ((ended.old - between.old) / znodes) * 1e6;
    console.log(`round ${round}: bare multis ${rate(bare.at(-1))}, tree copy ${rate(copies.at(-1))}`);
  }
  await proveEqual(source, { ...target, chroot: "/copy1" });
  const shellRate =
    SHELL_ZNODES / (await zkShellCopy(shell, old.servers[0] ?? "", fresh.servers[0] ?? "", "/shell"));
  // Round by round: what else the machine does changes from one to the next, and weighs on both alike.
  const of = median(copies.map((each, round) => each / (bare[round] ?? NaN)));
  const than = median(copies) / shellRate;
  console.log(
    `bare multis          ${rate(median(bare))} (median of ${ROUNDS}, ${znodes} znodes of ${DATA_BYTES} B)`,
  );
  console.log(
    `tree copy            ${rate(median(copies))} (median of ${ROUNDS}; read back and found equal)`,
  );
  console.log(
    `a client for nothing  ${(median(atMost) * 100).toFixed(0)} % of bare multis, were the cores full: a znode's reading costs its server ${reading.toFixed(0)} µs`,
  );
  console.log(`zk-shell cp          ${rate(shellRate)} (${SHELL_ZNODES} znodes)`);
  return [
    verdict(
      "of bare multis",
      `${(of * 100).toFixed(0)} %`,
      of >= BOUND_OF_BARE,
      `at least ${BOUND_OF_BARE * 100} %`,
    ),
    verdict("times zk-shell", than.toFixed(0), than >= BOUND_OF_SHELL, `at least ${BOUND_OF_SHELL}`),
  ];
}

/** Processor time used so far. */
function cpuSeconds(old: Ensemble, fresh: Ensemble): { old: number; fresh: number; all: number } {
  const { user, system } = process.cpuUsage();
  const servers = { old: old.cpuSeconds(), fresh: fresh.cpuSeconds() };
  return { ...servers, all: servers.old + servers.fresh + (user + system) / 1e6 };
}

async function timedCopy(source: Endpoint, target: Endpoint, root: string, znodes: number): Promise<number> {
  const began = performance.now();
  const { created } = await copyTree({ source, target, roots: [root] });
  if (created !== znodes) throw new UserError(`The copy made ${created} znodes; expected ${znodes}.`);
  return (performance.now() - began) / 1000;
}

async function proveEqual(source: Endpoint, target: Endpoint): Promise<void> {
  const { equal, counts } = await compareTrees({ source, target, roots: ["/bench"] });
  if (!equal) throw new UserError(`The copy is not equal to its source: ${JSON.stringify(counts)}.`);
}

async function measureMemory(old: Ensemble, fresh: Ensemble, znodes: number): Promise<boolean> {
  const shape: Shape = { znodes, dataBytes: DATA_BYTES };
  await fill(endpointOf(old), "/memory", shape);
  const child = fork(require.resolve("./tree-memory"), [old.servers[0] ?? "", fresh.servers.join(",")], {
    execArgv: process.execArgv,
  });
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  if (typeof message !== "object" || message === null) throw new UserError("The copy for the memory failed.");
  const report = message as MemoryReport;
  console.log(
    `a copy of ${report.znodes} znodes in ${report.seconds.toFixed(0)} s, ${rate(report.znodes / report.seconds)}`,
  );
  return verdict("peak RSS", `${report.peakMb} MB`, report.peakMb < BOUND_MB, `below ${BOUND_MB} MB`);
}

function verdict(what: string, found: string, holds: boolean, expected: string): boolean {
  console.log(`${what.padEnd(20)} ${found.padEnd(10)} ${holds ? "ok" : "MISSED"} (${expected})`);
  return holds;
}

function median(values: readonly number[]): number {
  return values.slice().sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function rate(value = 0): string {
  return `${Math.round(value)}/s`;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return value;
}
