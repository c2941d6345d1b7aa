/** What a move over the wire goes without. */
import { stepsOf } from "../../../../core/engine/step";
import { sideOfExisting, sideOfManaged } from "../../../../core/zookeeper/side";
import { planTreeMove } from "../../../../core/zookeeper/tree/plan";
import { ensemble, existing } from "../samples";

const origin = sideOfExisting({ ...existing, clientPort: 2181 });
const destination = sideOfManaged(ensemble());
const move = {
  operation: "forward",
  origin,
  destination,
  excluded: [],
  fence: { quiet: [], stop: [] },
} as const;

test("servers that do not serve are neither asked nor waited for, and are named", () => {
  const silent = new Set(["zk-old1", "zk-new1"]);
  const plan = planTreeMove({ ...move, roots: ["/pegasus/lab"], silent });
  expect(plan.title).toBe(
    "copy /pegasus/lab from zk-old2, zk-old3 to zk-new2, zk-new3, without zk-old1, zk-new1, not serving",
  );
  const told = JSON.stringify(stepsOf(plan));
  expect(told).toContain("zk-old2");
  expect(told).toContain("zk-new2");
  expect(told).not.toMatch(/zk-(old|new)1/);
});

test("where nothing is copied, it does not matter who serves of the ensemble that is left", () => {
  const silent = new Set(["zk-old1", "zk-old2", "zk-old3"]);
  expect(planTreeMove({ ...move, roots: [], silent }).title).toBe(
    "move no data from zk-old1, zk-old2, zk-old3 to zk-new1, zk-new2, zk-new3",
  );
});

test("what compares the sides copies before: where they differ, going on begins with it", () => {
  const steps = stepsOf(planTreeMove({ ...move, roots: ["/pegasus/lab"] }));
  const kinds = steps.map(({ kind }) => kind);
  expect(kinds.slice(kinds.indexOf("tree.copy"))).toEqual(["tree.copy", "tree.prove"]);
});
