/** What both kinds of ensemble come to for the plans of a move. */
import { juteMaxBufferOf, quorumOf, sideOfExisting, sideOfManaged } from "../../../core/zookeeper/side";
import { ensemble, existing, hosts } from "./samples";

test.each([
  [[], 0xfffff],
  [["-Xmx1g", "-Djute.maxbuffer=4194304"], 4194304],
  [["-Djute.maxbuffer=0x400000"], 0x400000],
  [["-Djute.maxbuffer=1 -Djute.maxbuffer=2"], 2],
  [["-Djute.maxbuffer=4m"], 0xfffff],
  [["-Djute.maxbuffersize=5"], 0xfffff],
])("jute.maxbuffer of %j is %i", (flags, bytes) => {
  expect(juteMaxBufferOf(flags)).toBe(bytes);
});

test("a managed side runs its own scripts as its user, or by systemd", () => {
  const side = sideOfManaged(ensemble({ jvm: { flags: ["-Djute.maxbuffer=4194304"] } }));
  expect(side.stop).toBe(
    "runuser -u zookeeper -- /opt/zookeeper/apache-zookeeper-3.7.1-bin/bin/zkServer.sh stop",
  );
  expect(side).toMatchObject({ juteMaxBuffer: 4194304, extendedTypes: false });
  expect(side.servers[0]).toEqual({ name: "zk-new1", address: "10.0.0.21" });
  expect(sideOfManaged(ensemble({ service: "systemd" })).start).toBe("systemctl start zookeeper");
  expect(sideOfManaged(ensemble({ zooCfg: { extendedTypesEnabled: "true" } })).extendedTypes).toBe(true);
});

test("an existing side runs its owners' commands, with the limits that were found or ZooKeeper's own", () => {
  const parsed = { ...existing, clientPort: 2181 };
  expect(sideOfExisting(parsed)).toMatchObject({
    dataLogDir: "/var/lib/zookeeper",
    start: "zkServer.sh start",
    juteMaxBuffer: 0xfffff,
    extendedTypes: false,
  });
  expect(sideOfExisting(parsed, { juteMaxBuffer: 9, extendedTypes: true })).toMatchObject({
    juteMaxBuffer: 9,
    extendedTypes: true,
  });
});

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])("of %i servers %i are a quorum", (size, quorum) => {
  const names = Array.from({ length: size }, (_, index) => `zk${index}`);
  expect(quorumOf(sideOfManaged(ensemble({ hosts: hosts(names, "10.0.0.1") })))).toBe(quorum);
});
