/**
 * The demo: a whole migration under load and its roll back, on real servers, as somebody at a terminal would do it.
 *
 * It ends with 0 only if everything that any writer was told is written was found, on both ways. `--keep` stops after
 * the migration and leaves the lab up.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../core/engine/errors";
import { METRIKA_XML, untilWritable } from "./clickhouse";
import { bootLab, type Lab } from "./lab";
import { checkout, inventoryFile, LAB_NUMBER } from "./layout";
import { Load } from "./load/process";
import { PulumiStack, type PulumiResult } from "./pulumi";
import { STACK_NAME, stackConfig } from "./stack-config";

const ZNODES = 10_000;
const begun = Date.now();

interface Span {
  readonly phase: string;
  readonly seconds: number;
}

async function demo(keep: boolean): Promise<void> {
  const folder = join(dirname(inventoryFile()), "demo");
  mkdirSync(folder, { recursive: true });
  title("A lab: ZooKeeper 3.4.14 on three hosts, ClickHouse on two, three empty hosts");
  const lab = await bootLab({ znodes: ZNODES, say });
  let load: Load | undefined;
  try {
    load = await Load.start(folder);
    say("the load writes: inserts over both replicas, raw znodes of every kind");
    const stack = await PulumiStack.create(folder, stackConfig(lab.inventory, { withLoad: true }));
    await migrate(lab, stack, load);
    if (keep) {
      await load.give("pause");
      sayHowToLook(lab, stack);
      return;
    }
    await rollBack(lab, stack, load);
    title("Everything that was acknowledged is there, after the way forward and after the way back.");
  } finally {
    await load?.end();
    if (!keep) {
      await lab.down();
      say("the lab is down");
    }
  }
}

async function migrate(lab: Lab, stack: PulumiStack, load: Load): Promise<void> {
  title("$ pulumi preview");
  show(await stack.preview([], LIVE));

  title("$ pulumi up, while the writers write");
  const since = Date.now();
  show(await stack.up([], LIVE));
  await load.untilWriting();
  const { timeline } = (await stack.outputs()) as {
    timeline: { data: Span[]; consumers: Record<string, Span[]> };
  };
  const spans = [...timeline.data, ...Object.values(timeline.consumers).flat()];
  say(`forward: ${spans.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(1)} s`).join(", ")}`);
  sayPauses(load, since);
  await check(lab, load, lab.inventory.new);
}

async function rollBack(lab: Lab, stack: PulumiStack, load: Load): Promise<void> {
  await load.give("resume");
  await load.untilWriting();
  title("$ pulumi destroy: the roll back, with what was written since");
  const since = Date.now();
  const output = show(await stack.destroy([], LIVE));
  const seconds = (Date.now() - since) / 1000;
  await load.untilWriting();
  const timeline = /^.*\bfence \d[\d.]* s, .*$/m.exec(output)?.[0].trim() ?? "(no timeline)";
  say(`back in ${seconds.toFixed(1)} s (the procedure allows 600): ${timeline}`);
  sayPauses(load, since);
  await check(lab, load, lab.inventory.old);
}

/** Both replicas writable, and all of the ledger in ZooKeeper and on both. @throws UserError with what is missing */
async function check(lab: Lab, load: Load, connect: string): Promise<void> {
  await untilWritable(lab.clickhouse);
  await load.give("pause");
  const { rows, znodes, missing } = await load.verify(lab.inventory, connect);
  if (missing.length > 0) {
    throw new UserError(
      `${missing.length} acknowledged writes are missing:\n${missing.slice(0, 20).join("\n")}`,
    );
  }
  say(`acknowledged so far: ${rows} rows, ${znodes} znodes; all of it is at ${connect} and on both replicas`);
}

function sayPauses(load: Load, since: number): void {
  const pauses = load.pauses(since).map(({ who, ms }) => `${who} ${(ms / 1000).toFixed(1)} s`);
  say(`longest pause as the writers felt it: ${pauses.join(", ")}`);
}

function sayHowToLook(lab: Lab, stack: PulumiStack): void {
  const number = LAB_NUMBER === 0 ? [] : [`export PULUMI_ZOOKEEPER_LAB=${LAB_NUMBER}`];
  const [first] = Object.values(lab.inventory.hosts);
  title("The migrated lab is up, its writers paused. To look around, paste any of these:");
  const lines = [
    `cd ${checkout()}`,
    ...number,
    ...Object.entries(stack.env).map(([name, value]) =>
      name === "PATH" ? `export PATH=${value.split(":")[0] ?? ""}:$PATH` : `export ${name}=${value}`,
    ),
    "",
    "npm run lab -- status                                   # who serves what",
    `npm run lab -- exec ck1 cat ${METRIKA_XML}              # as it was edited`,
    "npm run lab -- exec zk-new1 sh -c 'echo srvr | nc 127.0.0.1 2181'",
    `ssh -i ${first?.keyPath ?? ""} root@${first?.address ?? ""}`,
    `pulumi stack output --stack ${STACK_NAME} --json                # plan, timeline, write pause`,
    `pulumi config set active source --stack ${STACK_NAME} && pulumi up --stack ${STACK_NAME}   # back …`,
    `pulumi config set active target --stack ${STACK_NAME} && pulumi up --stack ${STACK_NAME}   # … and forward again`,
    `pulumi destroy --stack ${STACK_NAME}                            # or roll it all back`,
    "",
    "npm run lab -- down                                     # when you have seen enough",
  ];
  console.log(lines.map((line) => `  ${line}`).join("\n"));
}

/** Minutes, for machines that are busy. */
const LIVE = { onLine: (line: string) => console.log(line), timeoutMs: 600_000 };

function show({ code, output }: PulumiResult): string {
  if (code !== 0) throw new UserError(`pulumi ended with exit code ${code}; what it printed is above.`);
  return output;
}

function title(text: string): void {
  console.log(`\n== ${text}`);
}

function say(line: string): void {
  console.log(`  ${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

demo(process.argv.includes("--keep")).catch((error: unknown) => {
  console.error(error instanceof UserError ? `\ndemo: ${error.message}` : error);
  process.exitCode = 1;
});
