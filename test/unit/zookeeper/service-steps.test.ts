/** When servers count as one ensemble: a leader, and everybody else with it. */
import { Duplex } from "node:stream";
import { HostUnreachable } from "../../../core/engine/errors";
import { DialFailed } from "../../../core/transports/contract";
import type { Mode } from "../../../core/transports/fourlw";
import { serviceHandlers } from "../../../core/zookeeper/service-steps";
import { SRVR_3_4_14 } from "../transports/fourlw-recorded";
import { contextOf, World } from "../world";
import { logOf, recorded } from "./files/recorded";
import { Disk } from "./snapshot/disk";

/** @param synced what the leader's mntr says; absent where it may not answer that */
function lookAt(modes: readonly (Mode | "stopped")[], synced?: number) {
  const { world, args } = ensembleOf(modes, synced);
  const step = { id: "joined", host: "zk1", kind: "zk.joined", args, says: "wait" };
  return serviceHandlers["zk.joined"]!.look(contextOf(step, world));
}

function ensembleOf(modes: readonly (Mode | "stopped" | "gone")[], synced?: number) {
  const names = modes.map((_, at) => `zk${at + 1}`);
  const world = new World(names);
  modes.forEach((mode, at) => (world.host(names[at]!).dial = async () => answering(mode, synced)));
  return {
    world,
    args: { servers: names.map((name) => ({ name, address: name })), clientPort: 2181, timeoutMs: 1 },
  };
}

function answering(mode: Mode | "stopped" | "gone", synced?: number): Duplex {
  if (mode === "gone") throw new HostUnreachable("zk", "no route", "Start it.");
  if (mode === "stopped") throw new DialFailed("zk", "refused", "nobody listens", "");
  const mntr =
    synced === undefined
      ? "mntr is not executed because it is not in the whitelist."
      : `zk_synced_followers\t${synced}\n`;
  return new Duplex({
    read: () => undefined,
    write(word, _encoding, written) {
      this.push(String(word).startsWith("mntr") ? mntr : SRVR_3_4_14.replace("standalone", mode));
      this.push(null);
      written();
    },
  });
}

test.each<[boolean, string, readonly (Mode | "stopped" | "gone")[]]>([
  [true, "the others serve", ["gone", "leader", "follower"]],
  [true, "it is stopped, and the others serve", ["stopped", "leader", "follower"]],
  [false, "only one of the others serves", ["gone", "leader", "stopped"]],
  [false, "the others have no leader", ["gone", "read-only", "read-only"]],
])("%s: a stopped server may stay so where %s", async (may, _, modes) => {
  const { world, args } = ensembleOf(modes);
  const step = { id: "stop zk1", host: "zk1", kind: "zk.stop", args, says: "stop" };
  expect(await serviceHandlers["zk.stop"]!.mayStay!(contextOf(step, world), new Error("no route"))).toBe(may);
});

test.each<[string, boolean, readonly (Mode | "stopped" | "gone")[], boolean]>([
  ["the tail has come, and it alone is out of reach", true, ["gone", "stopped", "stopped"], true],
  ["the tail has come, and a quorum is out of reach", true, ["gone", "gone", "stopped"], false],
  ["the tail has not come", false, ["gone", "stopped", "stopped"], false],
])("a stopped server whose host is out of reach: %s", async (_, brought, modes, holds) => {
  const { world, args } = ensembleOf(modes);
  world.host("zk1").down = "no route";
  const step = { id: "stop zk1", host: "zk1", kind: "zk.stop", args, says: "stop" };
  const looked = serviceHandlers["zk.stop"]!.look({ ...contextOf(step, world), has: () => brought });
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
