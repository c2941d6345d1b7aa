/** Whether the writers that were paused are off the ensemble, also where some of its hosts are gone. */
import { snapshotHandlers } from "../../../../core/zookeeper/snapshot/steps";
import { contextOf, World } from "../../world";

const step = {
  id: "writers of clickhouse gone",
  host: "zk1",
  kind: "zk.clientsGone",
  args: { servers: ["zk1", "zk2"], clientPort: 2181, addresses: ["10.0.0.60", "10.0.0.61"] },
  says: "no connection left",
};

test("a writer that is still connected is named; a host that is gone serves nobody", async () => {
  const world = new World(["zk1", "zk2"]);
  const look = () => snapshotHandlers["zk.clientsGone"]?.look(contextOf(step, world));
  world.host("zk1").down = "no route";
  world.host("zk2").answer = () => "0 0 10.0.0.12:2181 [::ffff:10.0.0.60]:4711\n";
  expect(await look()).toEqual({ done: false, found: "still connected after the pause: 10.0.0.60" });
  world.host("zk2").answer = () => "";
  expect(await look()).toMatchObject({ done: true });
});
