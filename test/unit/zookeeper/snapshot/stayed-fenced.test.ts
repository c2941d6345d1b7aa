/** Whether the ensemble that is left stayed stopped, and what is to be done where it did not: it depends on the way. */
import type { Step } from "../../../../core/engine/step";
import { DialFailed } from "../../../../core/transports/contract";
import { sideOfManaged } from "../../../../core/zookeeper/side";
import { stayedFencedStep } from "../../../../core/zookeeper/snapshot/planned-steps";
import { snapshotHandlers } from "../../../../core/zookeeper/snapshot/steps";
import { contextOf, World } from "../../world";
import { ensemble } from "../samples";

const left = sideOfManaged(ensemble({ service: "systemd" }));
const world = () => new World(left.servers.map(({ name }) => name));
const handler = snapshotHandlers["zk.stayedFenced"]!;
const message = (step: Step) =>
  handler.apply(contextOf(step, world())).then(
    () => "",
    (error: Error) => error.message,
  );

test("a stopped server does not serve, and neither does one whose host is gone", async () => {
  const hosts = world();
  for (const host of hosts.hosts.values()) {
    host.dial = () =>
      Promise.reject(new DialFailed(host.name, "refused", "nobody listens on 2181", "Start it."));
  }
  const { dial } = hosts.host("zk-new1");
  hosts.host("zk-new2").dial = (port) =>
    hosts
      .host("zk-new2")
      .script("")
      .then(() => dial(port));
  hosts.host("zk-new2").down = "no route";
  const step = stayedFencedStep(left, "source", "repoint ck1");
  expect(await handler.look(contextOf(step, hosts))).toEqual({ done: true, found: "does not serve" });
});

test("on the way to the target, the way back keeps what was written; so say journals of earlier versions", async () => {
  const forward = await message(stayedFencedStep(left, "target", undefined));
  expect(forward).toContain("zk-new1, zk-new2, zk-new3: found the ensemble serving");
  expect(forward).toContain("Go back with active: source and pulumi up, which keeps all of it");
  expect(forward).not.toContain("Stop it again");
});

test("on the way to the source it is stopped again, and what was written stays in its files", async () => {
  const back = await message(stayedFencedStep(left, "source", undefined));
  expect(back).toContain("stays in the files on those hosts, and is not on the source");
  expect(back).toContain(
    "Stop it again, on each of them: systemctl stop zookeeper; then run the same command",
  );
  expect(back).not.toContain("Go back");
});
