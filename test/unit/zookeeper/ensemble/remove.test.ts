/** What goes with an ensemble that is removed, and what stays. */
import { planRemoval } from "../../../../core/zookeeper/ensemble/remove";
import { stepsOf } from "../../../../core/engine/step";
import { sideOfManaged } from "../../../../core/zookeeper/side";
import type { EnsembleInput } from "../../../../core/zookeeper/desired";
import { ensemble, serving } from "../samples";

function removalOf(change: Partial<EnsembleInput>) {
  const desired = ensemble(change);
  const side = sideOfManaged(desired);
  const servers = [serving(side, "zk-new2", "leader")];
  return stepsOf(planRemoval(desired, side, { servers, leader: servers[0]!.server }));
}

test("followers stop first, the leader last; the data stays, the release and its unit go", () => {
  const steps = removalOf({ service: "systemd" });
  expect(steps.map(({ id }) => id)).toEqual([
    "stop zk-new1",
    "stop zk-new3",
    "stop zk-new2",
    "remove zk-new1",
    "remove zk-new2",
    "remove zk-new3",
  ]);
  expect(steps[0]?.args["stop"]).toBe("systemctl stop zookeeper");
  expect(steps[3]?.args["paths"]).toEqual([
    "/opt/zookeeper/apache-zookeeper-3.7.1-bin",
    "/etc/systemd/system/zookeeper.service",
  ]);
});

test("without systemd there is no unit to remove; the data goes where that is asked for", () => {
  expect(removalOf({ removeData: true })[3]?.args["paths"]).toEqual([
    "/opt/zookeeper/apache-zookeeper-3.7.1-bin",
    "/opt/zookeeper/data",
    "/opt/zookeeper/log",
    "/alidata1/log/zookeeper",
  ]);
});

test("a release that has the data of an earlier version's ensemble in its folder stays with it", () => {
  const dataDir = "/opt/zookeeper/apache-zookeeper-3.7.1-bin/data";
  expect(removalOf({ dataDir }).map(({ kind }) => kind)).toEqual(["zk.stop", "zk.stop", "zk.stop"]);
  expect(removalOf({ dataDir, service: "systemd" })[3]?.args["paths"]).toEqual([
    "/etc/systemd/system/zookeeper.service",
  ]);
  expect(removalOf({ dataDir, removeData: true })[3]?.args["paths"]).toContain(
    "/opt/zookeeper/apache-zookeeper-3.7.1-bin",
  );
});
