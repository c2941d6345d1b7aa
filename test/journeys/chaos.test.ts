/**
 * A seeded sample of the crash explorer, under load: `up` and `destroy`, each killed again and again on its way. The
 * whole of it is `npm run chaos`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gapsOf } from "../../chaos/choose";
import { DIRECTIONS, Explorer } from "../../chaos/explore";
import { subjectOf } from "../../chaos/subjects";
import { bootLab, type Lab } from "../../lab/lab";

const SEED = 371;

let lab: Lab;
let explorer: Explorer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "chaos-"));
  lab = await bootLab({ znodes: 300, replace: true });
  explorer = await Explorer.begin(subjectOf(lab, "clickhouse"), folder);
});
afterAll(async () => {
  await explorer?.close();
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
});

test("killed on the way forward and on the way back: nothing lost, nobody on two ensembles, nothing left", async () => {
  const gaps = gapsOf(SEED);
  for (const name of ["up", "destroy"]) {
    const direction = DIRECTIONS.find((one) => one.name === name)!;
    const { kills, findings } = await explorer.relay(direction, "again and again", gaps);
    expect([name, findings, kills > 3]).toEqual([name, [], true]);
  }
  expect(explorer.unmeantTexts()).toEqual([]);
  expect(await explorer.end()).toEqual([]);
});
