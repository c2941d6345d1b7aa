/** Before a consumer is repointed, the ensemble that it leaves is looked at wherever it was stopped: on both ways. */
import type { Stage } from "../../../core/engine/step";
import type { ObservedConsumer } from "../../../core/run/consumers";
import { migrationSchema } from "../../../core/run/desired";
import type { ActiveSide } from "../../../core/run/history";
import { repointStages } from "../../../core/run/plan-data";
import { step } from "../engine/scene";
import { ensembleInput, existing } from "../zookeeper/samples";

const stages: Stage[] = [
  { phase: "repoint", steps: [step("edit")] },
  { phase: "repoint", steps: [step("restart", { pointOfNoReturn: true })] },
];
const consumer = { repoint: () => stages } as unknown as ObservedConsumer;

function guardOf(to: ActiveSide, options: object = {}) {
  const desired = migrationSchema.parse({ source: existing, target: ensembleInput(), ...options });
  const first = repointStages(desired, consumer, to)[0]?.steps[0];
  return first?.kind === "zk.stayedFenced" ? first : undefined;
}

test("a whole ensemble is left stopped on either way, until its consumers have started elsewhere", () => {
  expect(guardOf("target")).toMatchObject({ host: "zk-old1", holdsUntil: "restart" });
  expect(guardOf("source")).toMatchObject({
    host: "zk-new1",
    holdsUntil: "restart",
    args: { stopAgain: expect.stringContaining("zkServer.sh stop") },
  });
});

test("what others use goes on serving: the source with the fence consumersOnly, both sides of a part", () => {
  expect(guardOf("target", { fence: "consumersOnly" })).toBeUndefined();
  expect(guardOf("source", { fence: "consumersOnly" })).toBeDefined();
  const strategy = { kind: "tree", roots: ["/pegasus"] };
  expect(guardOf("target", { strategy })).toBeUndefined();
  expect(guardOf("source", { strategy })).toBeUndefined();
});
