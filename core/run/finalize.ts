/**
 * Closes the way back: proves that the target is active and whole, marks it, archives the journal with the originals,
 * and removes the old ensemble's data where that was asked for.
 */
import { UserError } from "../engine/errors";
import type { Progress } from "../engine/execute";
import { describeSteps } from "../engine/plan-text";
import type { Handler, Plan, Stage } from "../engine/step";
import { FINALIZED_MARK, folderOf } from "../journal/folder";
import type { World } from "../transports/contract";
import { namesOf } from "../zookeeper/desired";
import { joinedStep } from "../zookeeper/service-steps";
import { sideOfManaged } from "../zookeeper/side";
import { migrationId, type MigrationDesired } from "./desired";
import { handlers } from "./handlers";
import { operations, readHistory } from "./history";
import { keepersOf, withMigrationWorld } from "./open";
import { sideOf } from "./sides";
import { withSession } from "./session";

export async function finalize(desired: MigrationDesired, progress: Progress): Promise<void> {
  await withMigrationWorld(desired, (opened) =>
    withSession(opened, finalizeHandlers, progress, keepersOf(desired), async (world, session) => {
      const history = readHistory(await session.runs());
      if (history.finalized) return;
      const behind = desired.consumers.filter(
        ({ name }) => history.consumers.get(name) !== "target" || history.awaitsRepointing(name),
      );
      if (!history.isSettledOn("target") || behind.length > 0) {
        throw new UserError(
          `the migration cannot be finalized: ${
            history.active === "target"
              ? `${behind.map((one) => one.name).join(", ")} not repointed yet`
              : "the source is active"
          }. Run pulumi up without finalized first, then set it.`,
        );
      }
      await session.run(planFinalize(world.migration, desired));
    }),
  );
}

/** What a preview shows of it. */
export function reviewFinalize(desired: MigrationDesired): { closes: string; steps: string[] } {
  return {
    closes: "the way back, for good: destroy then removes the resources and touches no host",
    steps: describeSteps(
      planFinalize(migrationId(desired), desired),
      "-- from here on there is no way back --",
    ),
  };
}

function planFinalize(migration: string, desired: MigrationDesired): Plan {
  const target = sideOfManaged(desired.target);
  const source = sideOf(desired.source);
  const first = target.servers[0];
  const stages: Stage[] = [
    { phase: "clean up", steps: first ? [joinedStep(target, first, 60_000)] : [] },
    {
      phase: "clean up",
      steps: desired.cleanUpSource
        ? namesOf(desired.source.hosts).map((host) => ({
            id: `clean ${host}`,
            host,
            kind: "zk.cleanSource",
            args: { dataDir: source.dataDir, dataLogDir: source.dataLogDir, clientPort: source.clientPort },
            says: "remove the old ensemble's data",
            pointOfNoReturn: true,
          }))
        : [],
    },
    {
      phase: "clean up",
      steps: namesOf(desired.target.hosts).map((host) => ({
        id: `mark ${host}`,
        host,
        kind: "zk.finalize",
        args: { migration },
        says: "mark the way back as closed",
        pointOfNoReturn: true,
      })),
    },
  ];
  return {
    title: "finalize",
    operation: operations.finalize,
    stages: stages.filter(({ steps }) => steps.length > 0),
  };
}

const finalizeHandlers: Readonly<Record<string, Handler<World>>> = {
  ...handlers,
  "zk.finalize": {
    async look({ step, world }) {
      const done = (await world.host(step.host).readFile(FINALIZED_MARK)) !== undefined;
      return { done, found: done ? "marked" : "not marked" };
    },
    async apply({ step, world }) {
      const mark = { migration: step.args["migration"], journal: folderOf(world.migration) };
      await world.host(step.host).writeFile(FINALIZED_MARK, `${JSON.stringify(mark)}\n`, { mode: "0600" });
    },
  },
  "zk.cleanSource": {
    async look({ step: { host, args }, world }) {
      const { stdout } = await world
        .host(host)
        .script('find "$1" "$2" -maxdepth 1 -name "version-2*" 2>/dev/null; true', [
          String(args["dataDir"]),
          String(args["dataLogDir"]),
        ]);
      return { done: stdout.trim() === "", found: stdout.trim() || "no data" };
    },
    async apply({ step: { host, args }, world }) {
      await world
        .host(host)
        .script(CLEAN, [String(args["clientPort"]), String(args["dataDir"]), String(args["dataLogDir"])]);
    },
  },
};

const CLEAN = `
set -e
if [ -n "$(ss -Hltn "sport = :$1")" ]; then echo "a server still listens on $1: stop it first" >&2; exit 1; fi
find "$2" "$3" -maxdepth 1 -name 'version-2*' -exec rm -rf {} +`;
