/**
 * The journals that lie on hosts, of whichever migration. A state that was lost, or another list of hosts, makes Pulumi
 * ask for something else than what was begun there: then the hosts alone know whose data is where.
 */
import type { Complaint } from "../engine/errors";
import { ifReachable, Refusal } from "../engine/errors";
import { runsOf } from "../engine/journal";
import { stepsOf } from "../engine/step";
import { folderOf, STATE_FOLDER } from "../journal/folder";
import { parseJournals } from "../journal/remote-journal";
import type { World } from "../transports/contract";
import type { EnsembleDesired } from "../zookeeper/desired";
import { addressOf, namesOf } from "../zookeeper/desired";
import type { Server } from "../zookeeper/side";
import type { MigrationDesired } from "./desired";
import type { History } from "./history";
import { readHistory } from "./history";
import { keepersOf } from "./open";

export interface FoundMigration {
  readonly folder: string;
  /** Names of those that have its journal. */
  readonly hosts: readonly string[];
  readonly history: History;
}

/** Hosts that do not answer are passed over: a way back goes on without them. */
export async function migrationsOn(world: World, names: readonly string[]): Promise<FoundMigration[]> {
  const parts = (await Promise.all(names.map((name) => journalsOn(world, name)))).flat();
  return [...new Set(parts.map(({ folder }) => folder))].map((folder) => {
    const copies = parts.filter((part) => part.folder === folder);
    const history = readHistory(runsOf(parseJournals(copies.map(({ text }) => text))));
    return { folder, hosts: copies.map(({ name }) => name), history };
  });
}

/** Whether it needs nothing more: its data is where it came from, or its way back is closed. */
export function isOver({ history }: FoundMigration): boolean {
  return history.finalized || history.isSettledOn("source");
}

/**
 * Consumers that may still name the ensemble after its data went back to the source: started before they are repointed, it
 * would take writes of theirs that the source never sees.
 */
export function namedStill(ensemble: EnsembleDesired, { history }: FoundMigration): readonly string[] {
  const back = history.runs.findLast(({ plan, outcome }) => plan.operation === "back" && outcome === "done");
  // A way back by snapshot starts the source, and leaves the target stopped; any other leaves both at work.
  const steps = back ? stepsOf(back.plan) : [];
  if (!steps.some(({ kind }) => kind === "zk.start")) return [];
  const joined = steps.find(({ kind }) => kind === "zk.joined");
  const source = joined?.args["servers"] as unknown as readonly Server[] | undefined;
  const ours = namesOf(ensemble.hosts).map((name) => addressOf(ensemble.hosts, name));
  return source && !source.some(({ address }) => ours.includes(address)) ? history.unreleased : [];
}

/**
 * A migration is named by its addresses: with another list of hosts it is a new one, that knows of no move. It would lay
 * its source's old data over what consumers write on the target, or, asked to go back, find nothing to do.
 * @throws Refusal where its target belongs to another one that is not over
 */
export async function refuseAnother(
  world: World,
  desired: MigrationDesired,
  history: History,
): Promise<void> {
  // Otherwise it knows of its own move, and nothing may keep it from going back.
  if (!history.isSettledOn("source")) return;
  const others = (await migrationsOn(world, keepersOf(desired))).filter(
    (one) =>
      one.folder !== folderOf(world.migration) &&
      one.hosts.some((name) => name in desired.target.hosts) &&
      !isOver(one),
  );
  if (others.length > 0) throw new Refusal(others.map(complainAnother));
}

function complainAnother({ folder, hosts, history: { pendingMove, runs } }: FoundMigration): Complaint {
  const move = runs.findLast(
    ({ plan, outcome }) => /^(forward|back)$/.test(plan.operation) && outcome !== "taken back",
  );
  return {
    where: `${folder} on ${hosts.join(", ")}`,
    found:
      `another migration of these hosts, ${pendingMove ? "half done" : "whose data is on its target"}: ` +
      `${move?.plan.title}, begun ${move?.begun}`,
    expected: "the source and target of that migration, or one that is back on its source or finalized",
    next:
      "Put the hosts and ports of source and target back as they were, and run the same command again; or first set " +
      "finalized: true with them, where the way back is no longer wanted. Nothing was changed.",
  };
}

async function journalsOn(world: World, name: string) {
  const said = await ifReachable(world.host(name).script(JOURNALS, [STATE_FOLDER]));
  const parts = said?.stdout.split("\u0001").slice(1) ?? [];
  return parts.map((part) => {
    const folder = part.slice(0, part.indexOf("\n"));
    return { name, folder, text: part.slice(folder.length) };
  });
}

const JOURNALS = `
for journal in "$1"/migration-*/journal.jsonl; do
  [ -e "$journal" ] || continue
  printf '\\001%s\\n' "$(dirname "$journal")"
  cat "$journal"
done`;
