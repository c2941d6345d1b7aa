/**
 * The load: writers that go on while ZooKeeper is moved under them, in a process of their own.
 *
 * `tsx lab/load/main.ts --ledger FILE [--inventory FILE] [--inserts N] [--znodes N]` prints `writing` once every
 * writer is up. It ends on `stop`, or on SIGTERM, after what is under way has been answered.
 */
import { Command } from "commander";
import { readInventory } from "../inventory";
import { inventoryFile } from "../layout";
import { listen } from "./control";
import { InsertWriter } from "./insert-writer";
import { Ledger } from "./ledger";
import { ZnodeWriter } from "./znode-writer";

interface Options {
  readonly ledger: string;
  readonly inventory: string;
  readonly inserts: string;
  readonly znodes: string;
  readonly whileStdin?: boolean;
}

async function main(options: Options): Promise<void> {
  const inventory = readInventory(options.inventory);
  const ledger = new Ledger(options.ledger);
  const run = `r${Date.now().toString(36)}`;
  const replicas = Number(options.inserts) > 0 ? Object.values(inventory.hosts).filter(isClickHouse) : [];
  const inserts = replicas.map(
    (host) => new InsertWriter(host.name, host.address, run, ledger, Number(options.inserts)),
  );
  const znodes =
    Number(options.znodes) > 0 ? [new ZnodeWriter(inventory.old, run, ledger, Number(options.znodes))] : [];
  const loops = [...inserts, ...znodes].map((writer) => writer.loop);

  const pause = () =>
    Promise.all([...inserts.map((writer) => writer.loop.pause()), ...znodes.map((w) => w.pause())]);
  const stop = async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
    await Promise.all(znodes.map((writer) => writer.pause()));
    ledger.note("stopped");
    setImmediate(() => process.exit(0));
  };
  const commands: Readonly<Record<string, (argument: string) => Promise<string>>> = {
    pause: async () => {
      await pause();
      ledger.note("paused");
      return "paused: nothing is under way, no session is open";
    },
    resume: async () => {
      loops.forEach((loop) => loop.resume());
      ledger.note("resumed");
      return "resumed";
    },
    repoint: async (connectString) => {
      if (!connectString) throw new Error("repoint needs a connect string: repoint HOST:PORT,…");
      await Promise.all(znodes.map((writer) => writer.repoint(connectString)));
      ledger.note(`repointed to ${connectString}`);
      return `repointed to ${connectString}; paused until resume`;
    },
    status: async () => `run ${run}, ${loops.length} writers`,
    stop: async () => {
      setImmediate(() => void stop());
      return "stopping";
    },
  };
  const server = await listen((command, argument) => {
    const handler = commands[command];
    if (handler) return handler(argument);
    return Promise.reject(
      new Error(`unknown command ${command}; there are ${Object.keys(commands).join(", ")}`),
    );
  });
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  // Nobody is left to stop it when who started it dies.
  if (options.whileStdin) process.stdin.resume().once("end", () => process.exit(1));
  server.unref();
  console.log("writing");
  await Promise.all(loops.map((loop) => loop.run()));
}

const isClickHouse = (host: { readonly role: string }) => host.role === "clickhouse";

const program = new Command("load")
  .requiredOption("--ledger <file>", "where acknowledged writes are noted")
  .option("--inventory <file>", "the lab's inventory", inventoryFile())
  .option("--inserts <perSecond>", "blocks a second and replica; 0 for none", "10")
  .option("--znodes <perSecond>", "raw znodes a second; 0 for none", "50")
  .option("--while-stdin", "end when standard input does")
  .action(main);
program.parseAsync().catch((error: Error) => {
  console.error(`load: ${error.message}`);
  process.exitCode = 1;
});
