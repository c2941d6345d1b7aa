/**
 * Files a report after an operation, whether it went well or not: reads the journal once more and writes the page.
 *
 * A report that cannot be written is said and changes nothing: the move is done, and its journal holds what the next
 * report is made from.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../engine/errors";
import type { Progress } from "../engine/execute";
import type { Run } from "../engine/journal";
import { conceal, secretsIn } from "../report/conceal";
import { episodesOf, moveOf } from "../report/episodes";
import type { Report } from "../report/model";
import { reportOf } from "../report/model";
import { reportPage } from "../report/page/report-page";
import { markCharts } from "./chart-marks";
import type { MigrationDesired } from "./desired";
import { migrationId } from "./desired";
import { readHistory } from "./history";
import { keepersOf, withMigrationWorld } from "./open";
import { acceptedBy, factsOf, onCallOf, wayBackOf } from "./report-facts";
import { writePage } from "./report-files";
import { readRuns } from "./session";

export interface Reporting {
  readonly desired: MigrationDesired;
  readonly progress: Progress;
}

/**
 * Does `act` and files the report of it.
 * @param waits whether somebody still waits for what comes next (a fenced consumer): then only a failure is reported
 */
export async function reported<T>(
  reporting: Reporting,
  act: () => Promise<T>,
  waits: (value: T) => boolean = () => false,
): Promise<{ readonly value: T; readonly report?: string }> {
  const began = new Date().toISOString();
  let value: T;
  try {
    value = await act();
  } catch (error) {
    if (error instanceof UserError) await fileReport(reporting, { error: error.message, since: began });
    throw error;
  }
  return { value, report: waits(value) ? undefined : await fileReport(reporting) };
}

/** @returns the path of the page; undefined where nothing has been done yet, or it could not be written */
async function fileReport(
  { desired, progress }: Reporting,
  failure?: { readonly error: string; readonly since: string },
): Promise<string | undefined> {
  try {
    const runs = await withMigrationWorld(desired, (world) => readRuns(world, keepersOf(desired)));
    const last = runs[runs.length - 1];
    // Refused before anything was done: the journal holds nothing of it.
    if (!last || (failure && lastEntry(last) < failure.since)) return undefined;
    const report = makeReport(desired, runs, failure?.error);
    const name = `${stampOf(report)}-${report.runs[0]?.operation.split(" ")[0] ?? "report"}`;
    const path = await writePage(desired, name, { html: reportPage(report), data: report });
    progress.say(`report: ${path}`);
    await markCharts(desired, latestEpisode(runs), progress);
    return path;
  } catch (error) {
    progress.say(
      `the report could not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

/** Of the latest episode. */
function makeReport(desired: MigrationDesired, runs: readonly Run[], error: string | undefined): Report {
  const episode = latestEpisode(runs);
  const history = readHistory(runs);
  const to = moveOf(episode).plan.operation === "back" ? "source" : "target";
  const report = reportOf(episode, runs.slice(0, runs.length - episode.length), {
    migration: migrationId(desired),
    facts: [...factsOf(desired, to), ["versions", sayVersions()]],
    accepted: acceptedBy(desired),
    onCall: onCallOf(desired),
    error,
    ...wayBackOf(desired, history.active, history.finalized),
    written: new Date().toISOString(),
  });
  return conceal(report, secretsIn(desired));
}

function latestEpisode(runs: readonly Run[]): Run[] {
  return episodesOf(runs).at(-1) ?? [];
}

/** `20261128T011022Z`, of the first run: a report that is filed twice replaces itself. */
function stampOf({ runs, written }: Report): string {
  return (runs[0]?.begun ?? written).replace(/[-:]|\.\d+/g, "");
}

function lastEntry({ entries, begun }: Run): string {
  return entries[entries.length - 1]?.at ?? begun;
}

function sayVersions(): string {
  return `pulumi-zookeeper ${ownVersion()}, Node.js ${process.versions.node}`;
}

/** From the package's own package.json, which lies above both the sources and what is compiled from them. */
function ownVersion(folder = __dirname): string {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      version: string;
    };
    if (name === "pulumi-zookeeper") return version;
  } catch {
    // Not here; further up.
  }
  return folder === dirname(folder) ? "of unknown version" : ownVersion(dirname(folder));
}
