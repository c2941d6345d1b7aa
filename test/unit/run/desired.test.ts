/** What is said about arguments that cannot be right: where, what was found, what to do. */
import { sayComplaint } from "../../../core/engine/errors";
import { gatherHosts, migrationId, migrationSchema, readArguments } from "../../../core/run/desired";
import { ensembleSchema, namesOf, serverIds } from "../../../core/zookeeper/desired";
import { ensemble, ensembleInput, existing, hosts, NEW_HOSTS } from "../zookeeper/samples";

const migration = { source: existing, target: ensembleInput() };

function complaints(value: unknown, schema: Parameters<typeof readArguments>[0] = ensembleSchema): string[] {
  const read = readArguments(schema, value);
  return "complaints" in read ? read.complaints.map(sayComplaint) : [];
}

test("the published procedure's arguments are the defaults", () => {
  expect(ensemble()).toMatchObject({
    version: "3.7.1",
    clientPort: 2181,
    peerPort: 3181,
    electionPort: 4181,
    dataDir: "/opt/zookeeper/data",
    dataLogDir: "/opt/zookeeper/log",
    logDir: "/alidata1/log/zookeeper",
    metrics: { port: 7000, exportJvmInfo: true },
    jvm: { initialHeap: "4096m", maxHeap: "5120m", flags: [] },
    runAs: "zookeeper",
  });
  expect(complaints(migration, migrationSchema)).toEqual([]);
});

test.each([
  [
    { dataDri: "/data" },
    /^dataDri: found an argument that does not exist; expected one of .* Did you mean dataDir\?$/,
  ],
  [{ jvm: { maxheap: "1g" } }, /^jvm\.maxheap: .* Did you mean maxHeap\?$/],
  [{ nonsenseAltogether: 1 }, /^nonsenseAltogether: .* Remove it\.$/],
  [{ clientPort: 70000 }, /^clientPort: .*65535/],
  [{ dataDir: "data" }, /^dataDir: .*an absolute path/],
  [{ dataDir: "/data/../etc" }, /^dataDir: .*a path without \.\./],
  [{ installDir: "/opt/$(touch /pwned)" }, /^installDir: .*letters, digits/],
  [{ dataLogDir: "/data/节点" }, /^dataLogDir: .*letters, digits/],
  [{ zooCfg: { autopurge: "1\nserver.9=evil:1:2" } }, /^zooCfg\.autopurge: .*one line/],
  [{ log4j: { maxFileSize: "1MB\nlog4j.x=y" } }, /^log4j\.maxFileSize: .*a size/],
  [{ jvm: { flags: ["-Da=b\nexport X=1"] } }, /^jvm\.flags\.0: .*one line/],
  [{ jvm: { maxHeap: "5 GB" } }, /^jvm\.maxHeap: .*a size such as 5120m/],
  [{ version: "3.7" }, /^version: .*a release such as 3\.7\.1/],
  [{ distribution: { sha512: "ab".repeat(64) } }, /^distribution: .*exactly one of url and path/],
  [{ distribution: { path: "/x", sha512: "abc" } }, /^distribution\.sha512: .*128 hexadecimal digits/],
  [{ myIds: { "zk-new1": 2 } }, /^myIds: .*zk-new1 and zk-new2 would both have myid 2/],
  [{ myIds: { zk9: 9 } }, /^myIds\.zk9: .*no host is named zk9/],
  [{ hosts: {} }, /^hosts: .*at least one host/],
  [{ clientPort: 7000 }, /^clientPort: .*must differ, found 7000, 3181, 4181, 7000/],
  [{ zooCfg: { dataDir: "/data" } }, /^zooCfg\.dataDir: .*dataDir follows from dataDir/],
  [{ zooCfg: { "server.4": "a:1:2" } }, /^zooCfg\.server\.4: .*follows from hosts/],
  [{ runAs: "zoo keeper" }, /^runAs: .*a user name/],
])("%j", (change, message) => {
  expect(complaints({ ...ensembleInput(), ...change })).toEqual([expect.stringMatching(message)]);
});

test("a state with a folder in the release's can be read, to be destroyed", () => {
  const logDir = "/opt/zookeeper/apache-zookeeper-3.7.1-bin/logs";
  expect(complaints(ensembleInput({ logDir }))).toEqual([]);
});

test("the published procedure's typing mistake: a server at a loopback address", () => {
  const typo = { ...NEW_HOSTS, "zk-new3": { connection: { host: "127.26.64.168" } } };
  expect(complaints(ensembleInput({ hosts: typo }))).toEqual([
    expect.stringMatching(/^hosts\.zk-new3: .*127\.26\.64\.168 is a loopback address.*a typing mistake\?/),
  ]);
  expect(complaints(ensembleInput({ hosts: { zk1: { connection: { host: "127.0.0.1" } } } }))).toEqual([]);
});

test("two servers at one address, named once", () => {
  const twins = { ...NEW_HOSTS, "zk-new2": { connection: { host: "10.0.0.21" } } };
  expect(complaints(ensembleInput({ hosts: twins }))).toEqual([
    expect.stringMatching(/^hosts\.zk-new2: .*zk-new1 and zk-new2 have the same address 10\.0\.0\.21/),
  ]);
});

test("every mistake is told at once, also inside a migration", () => {
  const all = complaints(
    { ...migration, target: ensembleInput({ clientPort: 0, runAs: "?" }), actve: "target" },
    migrationSchema,
  );
  expect(all).toHaveLength(3);
  expect(all.join("\n")).toMatch(/target\.clientPort[\s\S]*target\.runAs[\s\S]*Did you mean active\?/);
});

test("an existing source names what it lacks, a managed one is told by its distribution", () => {
  const { start: _start, ...without } = existing;
  expect(complaints({ ...migration, source: without }, migrationSchema)).toEqual([
    expect.stringMatching(/^source\.start: /),
  ]);
  const managed = { ...migration, source: ensembleInput({ hosts: hosts(["a"], "10.0.0.1"), clientPort: 0 }) };
  expect(complaints(managed, migrationSchema)).toEqual([expect.stringMatching(/^source\.clientPort: /)]);
});

test("one name for two machines is a complaint; one machine under one name is not", () => {
  const { complaints: found } = gatherHosts([
    hosts(["ck1"], "10.0.0.1"),
    hosts(["ck1"], "10.0.0.1"),
    hosts(["ck1"], "10.0.0.2"),
  ]);
  expect(found.map(sayComplaint)).toEqual([
    "hosts.ck1: found two hosts of that name: 10.0.0.1 and 10.0.0.2; expected one name for one machine, " +
      "in all ensembles and consumers together. Rename one of them.",
  ]);
});

test("consumers are a list, or a map by name", () => {
  const consumer = { kind: "clickhouse", hosts: hosts(["ck1"], "10.0.0.31") };
  const listed = migrationSchema.parse({ ...migration, consumers: [{ ...consumer, name: "ck" }] });
  expect(migrationSchema.parse({ ...migration, consumers: { ck: consumer } })).toEqual(listed);
});

test("ids follow the natural order of names, whatever the order of the map", () => {
  const many = hosts(["zk10", "zk2", "zk1"], "10.0.0.1");
  expect(namesOf(many)).toEqual(["zk1", "zk2", "zk10"]);
  expect([...serverIds({ hosts: many, myIds: { zk1: 7 } })]).toEqual([
    ["zk1", 7],
    ["zk2", 2],
    ["zk10", 3],
  ]);
});

test("the name of a migration follows from the two ensembles alone", () => {
  const id = migrationId(migrationSchema.parse(migration));
  expect(id).toMatch(/^migration-[0-9a-f]{12}$/);
  const other = { ...migration, active: "source", fence: "consumersOnly", acceptDataLoss: true };
  expect(migrationId(migrationSchema.parse(other))).toBe(id);
  expect(
    migrationId(migrationSchema.parse({ ...migration, source: { ...existing, clientPort: 1 } })),
  ).not.toBe(id);
});
