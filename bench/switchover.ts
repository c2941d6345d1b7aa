/**
 * `npm run bench -- switchover --znodes 300000`: the published procedure against this package, on one lab.
 *
 * Both begin from the same saved disks, with the new ensemble installed and running (by the same installer, with the
 * same JVM flags), under the same load; each moves forward and back. What is compared is what the writers felt: on
 * every replica, from the last insert acknowledged before to the first one after.
 */
import { Command, Option } from "commander";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureEnsemble } from "../core/run/ensemble";
import { bootLab, type Lab } from "../lab/lab";
import { longestPauses } from "../lab/load/ledger";
import { Load } from "../lab/load/process";
import { until } from "../lab/wait";
import { ageEnsemble } from "./switchover/age";
import { desiredOf, runOurs } from "./switchover/ours";
import { runPublished } from "./switchover/published";
import type { Measured, Phases } from "./switchover/table";
import { pausesTable, phasesTable, worstRatio } from "./switchover/table";

interface Options {
  readonly znodes: string;
  readonly only?: "published" | "ours";
  readonly fence: "readOnly" | "stopped";
  readonly keep?: boolean;
}

type Way = "forward" | "back";
type Measurements = Record<Way, Measured>;
type Switchover = (to: "target" | "source") => Promise<Phases>;

export function switchoverCommand(): Command {
  return new Command("switchover")
    .description("the write pause of a switchover and of its way back, against the published procedure")
    .option("--znodes <count>", "znodes in the old ensemble", "300000")
    .option("--only <which>", "published or ours: without a comparison")
    .addOption(
      new Option("--fence <kind>", "of ClickHouse, in ours: stopped cuts off SELECTs for the whole pause")
        .choices(["readOnly", "stopped"])
        .default("stopped"),
    )
    .option("--keep", "leave the lab up afterwards")
    .action(benchSwitchover);
}

async function benchSwitchover(options: Options): Promise<void> {
  const began = Date.now();
  const say = (line: string) =>
    console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  const lab = await bootLab({ znodes: Number(options.znodes), replace: true, say });
  try {
    const forward = desiredOf(lab.inventory, "target", options.fence);
    const back = desiredOf(lab.inventory, "source", options.fence);
    await ageEnsemble(lab);
    await ensureEnsemble(forward.target, { say: () => undefined });
    say("the new ensemble is installed");
    await lab.save(SAVED);
    const published: Switchover = (to) => runPublished(forward, lab.inventory, to);
    const ours: Switchover = (to) => runOurs(to === "target" ? forward : back, say);
    const start = () => ensureEnsemble(forward.target, { say: () => undefined });
    const theirs =
      options.only === "ours" ? undefined : await measure("published", lab, start, published, say);
    if (theirs) await lab.restore(SAVED);
    const mine = options.only === "published" ? undefined : await measure("ours", lab, start, ours, say);
    print(theirs, mine);
  } finally {
    if (!options.keep) await lab.down();
  }
}

const SAVED = "bench-switchover";
/** With ten inserts a second and replica, a pause is measured to about a tenth of a second. */
const RATES = { inserts: 10, znodes: 20 };
/** Inserts that every replica must have acknowledged before and after a switchover. */
const INSERTS_AROUND = 20;

async function measure(
  name: string,
  lab: Lab,
  startTarget: () => Promise<unknown>,
  switchover: Switchover,
  say: (line: string) => void,
): Promise<Measurements> {
  await startTarget();
  const replicas = lab.clickhouse.map((host) => host.name);
  const load = await Load.start(mkdtempSync(join(tmpdir(), "bench-")), RATES);
  const one = async (way: Way, to: "target" | "source"): Promise<Measured> => {
    const from = Date.now();
    await untilAcknowledged(load, replicas, from);
    const phases = await switchover(to);
    await untilAcknowledged(load, replicas, Date.now());
    const pauses = pausesBetween(load, from, Date.now());
    say(
      `${name} ${way}: ${[...pauses].map(([who, seconds]) => `${who} ${seconds.toFixed(1)} s`).join(", ")}`,
    );
    return { phases, pauses };
  };
  try {
    return { forward: await one("forward", "target"), back: await one("back", "source") };
  } finally {
    await load.end();
  }
}

/** Waits until every replica has acknowledged some inserts after `since`, so that a pause has two ends. */
function untilAcknowledged(load: Load, replicas: readonly string[], since: number): Promise<void> {
  return until(
    "inserts on every replica",
    () => {
      const inserts = load.entries().filter((entry) => entry.kind === "insert" && entry.at >= since);
      const behind = replicas.filter(
        (replica) =>
          inserts.filter((one) => "replica" in one && one.replica === replica).length < INSERTS_AROUND,
      );
      return Promise.resolve(behind.length === 0 ? undefined : `${behind.join(", ")} behind`);
    },
    180_000,
  );
}

/** The longest time without an acknowledged insert between two moments, in seconds, by replica. */
function pausesBetween(load: Load, from: number, to: number): Map<string, number> {
  const inserts = load.entries().filter((one) => one.kind === "insert" && one.at >= from && one.at <= to);
  return new Map(longestPauses(inserts).map(({ who, ms }) => [who, ms / 1000]));
}

function print(published: Measurements | undefined, ours: Measurements | undefined): void {
  for (const way of ["forward", "back"] as const) {
    if (published) console.log(phasesTable(`published, ${way}`, published[way]));
    if (ours) console.log(phasesTable(`ours, ${way}`, ours[way]));
  }
  if (!published || !ours) return;
  const rows = (["forward", "back"] as const).map((way) => ({
    way,
    published: published[way],
    ours: ours[way],
  }));
  console.log(pausesTable(rows));
  const worst = worstRatio(rows);
  console.log(`worst ratio ${worst.toFixed(2)}; allowed ${ALLOWED_RATIO}`);
  if (!(worst <= ALLOWED_RATIO)) process.exitCode = 1;
}

/** The promise: at most half of the published procedure's pause, in both directions and on every replica. */
const ALLOWED_RATIO = 0.5;
