/**
 * What an earlier version has written is still of use: its state destroys, since its arguments are read, its folders on
 * the hosts are found under the same names, and the provider that it names is still there; its journals say where the
 * consumers are, and every step in them can be gone on with or taken back.
 *
 * The state was exported after a `pulumi up` of 0.1.0 on the lab (scenario `full`); plans, reports and the provider's
 * text are left out, and a word stands for the decrypted private key. The journals are those of a target's server after
 * a `pulumi up` (scenarios `clickhouse`, `pegasus`); the owner's name is changed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runsOf } from "../../../core/engine/journal";
import { parseJournals } from "../../../core/journal/remote-journal";
import { readDesired, refuseNewerState, type Properties } from "../../../core/resources/lifecycle";
import { migration } from "../../../core/resources/migration";
import { repoint } from "../../../core/resources/repoint";
import { ensembleId, migrationId, migrationSchema, repointSchema } from "../../../core/run/desired";
import { handlers } from "../../../core/run/handlers";
import { readHistory } from "../../../core/run/history";
import { ensembleSchema } from "../../../core/zookeeper/desired";

interface Recorded {
  readonly type: string;
  readonly id: string;
  readonly outputs: Properties;
}

const recorded = JSON.parse(
  readFileSync(join(__dirname, "recorded/state-0.1.0.json"), "utf8"),
) as readonly Recorded[];
const find = (type: string) =>
  recorded.filter((one) => one.type === `pulumi-nodejs:dynamic/zookeeper:${type}`);

test("every resource is of a schema that this version knows", () => {
  for (const { outputs } of recorded) expect(() => refuseNewerState(outputs)).not.toThrow();
  expect(recorded.map(({ outputs }) => outputs["schemaVersion"])).toEqual([1, 1, 1, 1]);
});

test("ensemble and migration are found on the hosts under the names that they were given", () => {
  const [installed] = find("ZooKeeperEnsemble");
  const [moved] = find("ZkDataMigration");
  expect(ensembleId(readDesired(ensembleSchema, installed?.outputs ?? {}))).toBe(installed?.id);
  expect(migrationId(readDesired(migrationSchema, moved?.outputs ?? {}))).toBe(moved?.id);
  for (const { id, outputs } of find("ConsumerRepoint")) {
    const { consumer, migration } = readDesired(repointSchema, outputs);
    expect(`${migrationId(migration)}-${consumer.name}`).toBe(id);
  }
});

test("it is deleted: repointings touch no host, and nor does a migration whose way back is closed", async () => {
  for (const { id, outputs } of find("ConsumerRepoint")) await repoint.delete(id, outputs);
  for (const { id, outputs } of find("ZkDataMigration"))
    await migration.delete(id, { ...outputs, finalized: true });
});

test("what the state calls by name is there: the entry point of the package, and its exports", () => {
  const { exports } = JSON.parse(readFileSync(join(__dirname, "../../../package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  expect(exports).toHaveProperty(["./dist/providers/server"]);
  const server = readFileSync(join(__dirname, "../../../providers/server.ts"), "utf8");
  expect(server).toMatch(/export \{[^}]*\bensemble\b[^}]*\bmigration\b[^}]*\brepoint\b[^}]*\}/);
});

test.each(["clickhouse", "pegasus"])(
  "a journal with %s says where it is, and what can be done about it",
  (consumer) => {
    const text = readFileSync(join(__dirname, `recorded/journal-0.1.0-${consumer}.jsonl`), "utf8");
    const runs = runsOf(parseJournals([text]));
    expect(runs.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    const history = readHistory(runs);
    expect([history.active, history.pendingMove]).toEqual(["target", undefined]);
    expect(history.workedOf(consumer)).toMatchObject({ on: "target" });
    const kinds = new Set(runs.flatMap(({ begunSteps }) => begunSteps.map(({ kind }) => kind)));
    expect(kinds.size).toBeGreaterThan(5);
    expect([...kinds].filter((kind) => !(kind in handlers))).toEqual([]);
  },
);

test("state of a newer version is refused", () => {
  expect(() => refuseNewerState({ schemaVersion: 2 })).toThrow("Install that version. Nothing was changed.");
});
