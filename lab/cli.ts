/**
 * `npm run lab -- …`: the lab by hand. Every command says what it did in a line; what goes wrong is one sentence.
 */
import { spawn } from "node:child_process";
import { Command, InvalidArgumentError, Option } from "commander";
import { UserError } from "../core/engine/errors";
import { query } from "./clickhouse";
import { clearGround, refuseWithoutRoot } from "./ground";
import { attachLab, bootLab, type LabOptions } from "./lab";
import { inventoryFile, SCENARIOS, type HostSpec } from "./layout";
import { modeOf } from "./old-zookeeper";
import { view } from "./pegasus-hosts";

const program = new Command("lab")
  .description("Real servers on hosts of their own, on this machine: see ARCHITECTURE.md, the lab.")
  .enablePositionalOptions()
  .showHelpAfterError();

program
  .command("up")
  .description("boot a lab from nothing")
  .addOption(new Option("--scenario <name>", "what is on the hosts").choices(SCENARIOS).default("clickhouse"))
  .option("--znodes <n>", "znodes to load into the old ensemble", wholeNumber, 0)
  .option("--replace", "take down a lab that runs already")
  .action(async (options: LabOptions) => {
    const begun = Date.now();
    const say = (line: string) =>
      console.log(`  ${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
    await bootLab({ ...options, say });
    say(`ready; ${inventoryFile()}`);
  });

program
  .command("down")
  .description("take the lab down and leave nothing of it")
  .action(async () => {
    refuseWithoutRoot();
    await clearGround();
    console.log("The lab is down.");
  });

program
  .command("status")
  .description("hosts, and what answers on them")
  .action(async () => {
    const lab = attachLab();
    for (const spec of lab.specs) {
      const state = lab.host(spec.name).isOn() ? await serving(spec) : "off";
      console.log(`${spec.name.padEnd(10)} ${spec.address.padEnd(12)} ${spec.role.padEnd(16)} ${state}`);
    }
  });

program
  .command("exec")
  .description("run a program on a host, as root")
  .argument("<host>")
  .argument("<command...>")
  .passThroughOptions()
  .allowUnknownOption()
  .action(async (host: string, argv: string[]) => {
    const command = argv[0] === "--" ? argv.slice(1) : argv;
    const [nsenter = "", ...args] = attachLab().host(host).enter(command);
    const child = spawn(nsenter, args, { stdio: "inherit" });
    process.exitCode = await new Promise<number>((resolve) =>
      child.on("close", (code) => resolve(code ?? 1)),
    );
  });

const onHost = (name: string, description: string, done: string, act: (host: string) => Promise<void>) =>
  program
    .command(name)
    .description(description)
    .argument("<host>")
    .action(async (host: string) => {
      await act(host);
      console.log(`${host} ${done}`);
    });

onHost("kill", "cut a host's power", "is off", (host) => attachLab().host(host).kill());
onHost("start", "power a host on", "is on", (host) => attachLab().host(host).start());
onHost("partition", "take a host off the network", "is cut off", (host) =>
  attachLab().host(host).partition(),
);
onHost("heal", "put a host back on the network", "is reachable", (host) => attachLab().host(host).heal());
onHost("reset", "cut a host's power and give it an empty disk", "is as delivered", (host) =>
  attachLab().resetHost(host),
);

program
  .command("save")
  .description("keep all disks under a name (shuts the hosts down and boots them again)")
  .argument("<name>")
  .action((name: string) => attachLab().save(name));
program
  .command("restore")
  .description("put saved disks back and boot")
  .argument("<name>")
  .action((name: string) => attachLab().restore(name));

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof UserError ? `lab: ${error.message}` : error);
  process.exitCode = 1;
});

async function serving(spec: HostSpec): Promise<string> {
  if (spec.role.endsWith("zookeeper")) return `on, ZooKeeper: ${await modeOf(spec)}`;
  if (spec.role === "pegasus-meta") {
    const known = await view([spec]).catch((error: Error) => error.message);
    return `on, Pegasus (a stand-in): ${typeof known === "string" ? known : `leads, ${known.view?.apps.length} tables`}`;
  }
  if (spec.role !== "clickhouse") return "on";
  const sql =
    "SELECT concat(version(), ', ', toString(sum(is_readonly)), ' of ', toString(count()), ' tables read-only') FROM system.replicas";
  return `on, ClickHouse ${await query(spec, sql, 3_000).catch((error: Error) => `does not answer (${error.message})`)}`;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return value;
}
