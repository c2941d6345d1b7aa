/** What journals on hosts say of an ensemble that its consumers have not left yet. */
import type { Entry, Outcome } from "../../../core/engine/journal";
import type { Plan, Step } from "../../../core/engine/step";
import { migrationsOn, namedStill } from "../../../core/run/journals";
import { planOf, step } from "../engine/scene";
import { ensemble, OLD_HOSTS } from "../zookeeper/samples";
import { World } from "../world";

const OLD = ["zk-old1", "zk-old2", "zk-old3"];
const NEW = ["zk-new1", "zk-new2", "zk-new3"];
const EVERYWHERE = [...OLD, ...NEW];
const FOLDER = "/var/lib/pulumi-zookeeper";

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

describe("an ensemble whose data went back", () => {
  const servers = Object.entries(OLD_HOSTS).map(([name, { connection }]) => ({
    name,
    address: connection.host,
  }));
  const joined = [step("joined", { kind: "zk.joined", args: { servers } })];
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
    expect(await named(undefined, ...there, ["back", undefined, joined])).toEqual([]);
    const back: readonly Told[] = [...there, ["back", "done", joined]];
    expect(await named(undefined, ...back)).toEqual(["ck"]);
    expect(await named(undefined, ...back, ["repoint ck to source"])).toEqual(["ck"]);
    expect(await named(undefined, ...back, ["forward"])).toEqual(["ck"]);
    expect(await named(undefined, ...back, ["repoint ck to source", "done"])).toEqual([]);
    expect(await named(undefined, ...back, ["forward", "done"])).toEqual([]);
  });

  test("is not the one that they went back to, nor one that serves on beside it", async () => {
    expect(await named(OLD_HOSTS, ...there, ["back", "done", joined])).toEqual([]);
    expect(await named(undefined, ...there, ["back", "done"])).toEqual([]);
  });
});
