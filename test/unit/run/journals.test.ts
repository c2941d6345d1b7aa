/** What journals on hosts say of other migrations, and of an ensemble that its consumers have not left yet. */
import type { Entry, Outcome } from "../../../core/engine/journal";
import type { Plan, Step } from "../../../core/engine/step";
import { migrationSchema } from "../../../core/run/desired";
import { readHistory } from "../../../core/run/history";
import { migrationsOn, namedStill, refuseAnother } from "../../../core/run/journals";
import { runsOf } from "../../../core/engine/journal";
import { planOf, step } from "../engine/scene";
import { ensemble, ensembleInput, existing, OLD_HOSTS } from "../zookeeper/samples";
import { World } from "../world";

const OLD = ["zk-old1", "zk-old2", "zk-old3"];
const NEW = ["zk-new1", "zk-new2", "zk-new3"];
const EVERYWHERE = [...OLD, ...NEW];
const FOLDER = "/var/lib/pulumi-zookeeper";
const desired = migrationSchema.parse({ source: existing, target: ensembleInput() });

type Told = readonly [operation: string, outcome?: Outcome, steps?: readonly Step[]];

/** Runs one after the other, as their journal has them. */
function journal(...runs: readonly Told[]): Entry[] {
  return runs.flatMap(([operation, outcome, steps = []], number) => {
    const plan: Plan = { ...planOf(steps), title: `move of ${operation}`, operation };
    const place = { run: `run-${number}`, at: "2026-01-02T03:04:05Z" };
    const begin: Entry = { ...place, seq: 0, event: "begin", owner: "ana", plan, number };
    return outcome ? [begin, { ...place, seq: 1, event: "end", outcome }] : [begin];
  });
}

/** Hosts of both ensembles, of which some have the journal of a migration. */
function worldWith(migration: string, entries: readonly Entry[], hosts: readonly string[] = EVERYWHERE) {
  const world = new World(EVERYWHERE);
  const text = entries.map((entry) => `\n${JSON.stringify(entry)}\n`).join("");
  for (const name of hosts) {
    world.host(name).answer = (script) =>
      script.includes("migration-*") ? `\u0001${FOLDER}/${migration}\n${text}` : "";
  }
  return world;
}

const refusal = (world: World, own: readonly Entry[] = []) =>
  refuseAnother(world, desired, readHistory(runsOf(own))).then(
    () => "",
    (error: Error) => error.message,
  );

const THERE = journal(["forward", "done"]);

test("another migration's data on the target is a refusal: where its journal lies, which, and what to put back", async () => {
  expect(await refusal(worldWith("migration-2", THERE, NEW))).toBe(
    `${FOLDER}/migration-2 on zk-new1, zk-new2, zk-new3: found another migration of these hosts, whose data is on its target: ` +
      "move of forward, begun 2026-01-02T03:04:05Z; expected the source and target of that migration, or one that is back on " +
      "its source or finalized. Put the hosts and ports of source and target back as they were, and run the same command " +
      "again; or first set finalized: true with them, where the way back is no longer wanted. Nothing was changed.",
  );
});

test("also for one that has been there and back itself since", async () => {
  const own = journal(["forward", "done"], ["back", "done"]);
  expect(await refusal(worldWith("migration-2", THERE), own)).toContain("another migration of these hosts");
});

test("so is one that is half done, in either direction; a way back that was taken back is not its last move", async () => {
  expect(await refusal(worldWith("migration-2", journal(["forward"])))).toContain(
    "half done: move of forward",
  );
  expect(await refusal(worldWith("migration-2", journal(["forward", "done"], ["back"])))).toContain(
    "half done: move of back",
  );
  const stayed = journal(["forward", "done"], ["back", "taken back"]);
  expect(await refusal(worldWith("migration-2", stayed))).toContain("on its target: move of forward");
});

test("one host of the target that answers is enough, and those that do not are passed over", async () => {
  const world = worldWith("migration-2", THERE);
  for (const name of [...OLD, "zk-new1", "zk-new2"]) world.host(name).down = "no route";
  expect(await refusal(world)).toContain("migration-2 on zk-new3: found");
  world.host("zk-new3").down = "no route";
  expect(await refusal(world)).toBe("");
});

test.each<[string, string, readonly Entry[], readonly string[]]>([
  ["its own journal", "migration-1", THERE, EVERYWHERE],
  ["one that was finalized", "migration-2", journal(["forward", "done"], ["finalize", "done"]), EVERYWHERE],
  ["one that went back", "migration-2", journal(["forward", "done"], ["back", "done"]), EVERYWHERE],
  ["one that was taken back", "migration-2", journal(["forward", "taken back"]), EVERYWHERE],
  ["one that brought the data to what is the source now", "migration-2", THERE, OLD],
])("nothing is said about %s", async (_what, migration, entries, hosts) => {
  expect(await refusal(worldWith(migration, entries, hosts))).toBe("");
});

test("a migration whose own data is on the target, or half way, is never kept from going back", async () => {
  expect(await refusal(worldWith("migration-2", THERE), THERE)).toBe("");
  expect(await refusal(worldWith("migration-2", THERE), journal(["forward"]))).toBe("");
});

describe("an ensemble whose data went back", () => {
  const servers = Object.entries(OLD_HOSTS).map(([name, { connection }]) => ({
    name,
    address: connection.host,
  }));
  const joined = [step("joined", { kind: "zk.joined", args: { servers } })];
  const started = [step("start zk-old1", { host: "zk-old1", kind: "zk.start" }), ...joined];
  const there: readonly Told[] = [
    ["forward", "done"],
    ["repoint ck to target", "done"],
  ];
  const named = async (hosts: typeof OLD_HOSTS | undefined, ...runs: readonly Told[]) => {
    const [found] = await migrationsOn(worldWith("migration-2", journal(...runs)), NEW);
    return namedStill(ensemble(hosts && { hosts }), found!);
  };

  test("is named by the consumers that are not repointed yet, until they are, or the data is there again", async () => {
    expect(await named(undefined, ...there)).toEqual([]);
    expect(await named(undefined, ...there, ["back", undefined, started])).toEqual([]);
    const back: readonly Told[] = [...there, ["back", "done", started]];
    expect(await named(undefined, ...back)).toEqual(["ck"]);
    expect(await named(undefined, ...back, ["repoint ck to source"])).toEqual(["ck"]);
    expect(await named(undefined, ...back, ["forward"])).toEqual(["ck"]);
    expect(await named(undefined, ...back, ["repoint ck to source", "done"])).toEqual([]);
    expect(await named(undefined, ...back, ["forward", "done"])).toEqual([]);
  });

  test("is not the one that they went back to, nor one that serves on beside it", async () => {
    expect(await named(OLD_HOSTS, ...there, ["back", "done", started])).toEqual([]);
    // A way back over the wire waits until the source serves, and starts none of its servers.
    expect(await named(undefined, ...there, ["back", "done", joined])).toEqual([]);
  });
});
