/** When servers count as one ensemble: a leader, and everybody else with it. */
import type { JsonObject, Step } from "../../../core/engine/step";
import { serviceHandlers } from "../../../core/zookeeper/service-steps";
import { contextOf, World } from "../world";
import { answering, type State } from "./answering";
import { logOf, recorded } from "./files/recorded";
import { Disk } from "./snapshot/disk";

/** @param synced what the leader's mntr says; absent where it may not answer that */
function lookAt(modes: readonly State[], synced?: number) {
  const { world, args } = ensembleOf(modes, synced);
  const step = { id: "joined", host: "zk1", kind: "zk.joined", args, says: "wait" };
  return serviceHandlers["zk.joined"]!.look(contextOf(step, world));
}

function ensembleOf(modes: readonly State[], synced?: number) {
  const names = modes.map((_, at) => `zk${at + 1}`);
  const world = new World(names);
  modes.forEach((mode, at) => (world.host(names[at]!).dial = async () => answering(mode, synced)));
  return {
    world,
    args: { servers: names.map((name) => ({ name, address: name })), clientPort: 2181, timeoutMs: 1 },
  };
}

test.each<[boolean, string, readonly State[]]>([
  [true, "the others serve", ["unreachable", "leader", "follower"]],
  [true, "it is stopped, and the others serve", ["stopped", "leader", "follower"]],
  [false, "only one of the others serves", ["unreachable", "leader", "stopped"]],
  [false, "the others have no leader", ["unreachable", "read-only", "read-only"]],
])("%s: a stopped server may stay so where %s", async (may, _, modes) => {
  const { world, args } = ensembleOf(modes);
  let seconds = 0;
  const clock = jest.spyOn(performance, "now").mockImplementation(() => (seconds += 5) * 1000);
  const answered = await mayStayStopped(world, args).finally(() => clock.mockRestore());
  expect(answered).toBe(may);
});

test("a server that may stay stopped: a follower that has not synced with the new leader yet is waited for", async () => {
  const { world, args } = ensembleOf(["unreachable", "leader", "no quorum"]);
  let asked = 0;
  world.host("zk3").dial = async () => answering(++asked < 3 ? "no quorum" : "follower");
  expect(await mayStayStopped(world, args)).toBe(true);
});

test("a stopped server that is started again has not come back before a quorum serves", async () => {
  const { world, args } = ensembleOf(["leader", "no quorum", "stopped"]);
  let asked = 0;
  world.host("zk2").dial = async () => answering(++asked < 3 ? "no quorum" : "follower");
  await serviceHandlers["zk.stop"]!.undo!(contextOf(stopOf(args), world));
  expect(asked).toBe(3);
});

test("a stopped server that is started again does not wait for those that nobody sees run", async () => {
  const { world, args } = ensembleOf(["no quorum", "late", "late"]);
  await expect(serviceHandlers["zk.stop"]!.undo!(contextOf(stopOf(args), world))).resolves.toBeUndefined();
});

function mayStayStopped(world: World, args: JsonObject): Promise<boolean> {
  return serviceHandlers["zk.stop"]!.mayStay!(contextOf(stopOf(args), world), new Error("no route"));
}

function stopOf(args: JsonObject): Step {
  return { id: "stop zk1", host: "zk1", kind: "zk.stop", args, says: "stop" };
}

test.each<[string, boolean, readonly State[], boolean]>([
  ["the tail has come, and it alone is out of reach", true, ["unreachable", "stopped", "stopped"], true],
  ["the tail has come, and a quorum is out of reach", true, ["unreachable", "unreachable", "stopped"], false],
  ["the tail has not come", false, ["unreachable", "stopped", "stopped"], false],
])("a stopped server whose host is out of reach: %s", async (_, brought, modes, holds) => {
  const { world, args } = ensembleOf(modes);
  world.host("zk1").down = "no route";
  const looked = serviceHandlers["zk.stop"]!.look({ ...contextOf(stopOf(args), world), has: () => brought });
  if (holds) expect(await looked).toMatchObject({ done: true });
  else await expect(looked).rejects.toThrow("zk1: no route");
});

test.each<[string, boolean, bigint, Readonly<Record<string, Buffer>>]>([
  ["nothing later", true, 0x51n, { "log.3a": recorded("3.7.1", "log.3a") }],
  ["a log begun later, with writes", false, 0x39n, { "log.3a": recorded("3.7.1", "log.3a") }],
  ["a log begun later, with nothing but sessions", true, 0x4bn, { "log.4c": logOf(0x4cn, 0x4dn) }],
  ["a log begun later that cannot be read", false, 0x4bn, { "log.4c": Buffer.from("not one of those") }],
])("a stopped server whose files were taken, on its disk %s: holds %s", async (_, holds, lastZxid, logs) => {
  const world = new World([]);
  world.hosts.set("zk1", new Disk("zk1", logs));
  const { args } = ensembleOf(["stopped"]);
  const folders = { dataDir: "/data", dataLogDir: "/logs" };
  const step = { id: "stop zk1", host: "zk1", kind: "zk.stop", says: "stop", lasting: true } as const;
  const context = contextOf({ ...step, args: { ...args, ...folders } }, world);
  const result = () => ({ lastZxid: lastZxid.toString() });
  const sight = await serviceHandlers["zk.stop"]!.look({ ...context, has: () => true, result });
  expect(sight.done).toBe(holds);
});

test.each<[string, Parameters<typeof lookAt>]>([
  ["followers, all of them synced", [["follower", "leader", "follower"], 2]],
  ["followers, and a leader that does not allow mntr", [["follower", "leader", "follower"]]],
  ["an observer, whom the leader does not count", [["follower", "leader", "follower", "observer"], 2]],
  ["one server", [["standalone"]]],
])("%s: joined", async (_, given) => {
  expect(await lookAt(...given)).toMatchObject({ done: true });
});

test.each<[string, Parameters<typeof lookAt>]>([
  ["a follower that is not synced yet", [["follower", "leader", "follower"], 1]],
  ["an observer, and a follower that is not synced yet", [["follower", "leader", "follower", "observer"], 1]],
  ["a server that is down", [["follower", "leader", "stopped", "observer"], 1]],
  ["a server that lost its leader and serves reads", [["follower", "leader", "read-only"], 1]],
  ["two leaders", [["leader", "leader", "observer"], 0]],
])("%s: not joined", async (_, given) => {
  expect(await lookAt(...given)).toMatchObject({ done: false });
});
