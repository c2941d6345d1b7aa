/** What is said about a host that cannot take ZooKeeper. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sayComplaint } from "../../../../core/engine/errors";
import type { EnsembleInput } from "../../../../core/zookeeper/desired";
import type { HostFacts, SeenHost } from "../../../../core/zookeeper/ensemble/preflight";
import { complainPreflight, preflight, readJavaVersion } from "../../../../core/zookeeper/ensemble/preflight";
import { World } from "../../world";
import { ensemble } from "../samples";

const GOOD: SeenHost = {
  java: { version: "17.0.15", major: 17 },
  listeners: new Map([[22, 'users:(("sshd",pid=1,fd=3))']]),
  freeKiB: new Map([["/opt/zookeeper", 50 << 20]]),
  clockOffsetMs: 800,
  isRoot: true,
  missingTools: [],
  unpacked: false,
};

function complaints(change: Partial<SeenHost>): string[] {
  const facts: HostFacts = { name: "zk1", seen: { ...GOOD, ...change } };
  return complainPreflight(ensemble(), [facts]).map(sayComplaint);
}

test("nothing is said about a host that fits", () => {
  expect(complaints({})).toEqual([]);
});

test.each<[readonly string[], Partial<EnsembleInput>]>([
  [["dataDir"], { dataDir: "/opt/zookeeper/apache-zookeeper-3.7.1-bin/data", dataLogDir: "/log" }],
  [["dataLogDir"], { installDir: "/zk/", dataLogDir: "/zk/./apache-zookeeper-3.7.1-bin" }],
  [["logDir"], { logDir: "/opt/zookeeper//apache-zookeeper-3.7.1-bin/" }],
  [[], { dataDir: "/opt/zookeeper/apache-zookeeper-3.7.1-bin-data" }],
])("of the folders, %j lie in the release's", (expected, change) => {
  const found = complainPreflight(ensemble(change), [{ name: "zk1", seen: GOOD }]);
  expect(found.map(({ where }) => where)).toEqual(expected);
});

test("a folder in the release's is named with the argument to change", () => {
  const logDir = "/opt/zookeeper/apache-zookeeper-3.7.1-bin/logs";
  expect(complainPreflight(ensemble({ logDir }), []).map(sayComplaint)).toEqual([
    "logDir: found /opt/zookeeper/apache-zookeeper-3.7.1-bin/logs; expected a folder outside of " +
      "/opt/zookeeper/apache-zookeeper-3.7.1-bin, which is replaced and removed with its release. Choose another logDir.",
  ]);
});

const java = (line: string) => ({ java: readJavaVersion(line) });

test.each<[string, Partial<SeenHost>]>([
  [
    "zk1: found a login that is not root; expected root, or a user with sudo. Set hosts.zk1.sudo: true, or connection.user.",
    { isRoot: false },
  ],
  [
    "zk1: found no ss, flock; expected iproute2, coreutils, tar and util-linux installed. Install them.",
    { missingTools: ["ss", "flock"] },
  ],
  [
    "zk1: found no java on the PATH; expected a Java 8, 11 or 17 runtime. Install one, for example openjdk-17-jre-headless.",
    { java: undefined },
  ],
  ["zk1: found Java 1.7.0_80; expected Java 8 or newer. Install one.", java('java version "1.7.0_80"')],
  [
    'zk1: found port 3181 taken by users:(("java",pid=9,fd=3)); expected peerPort free. Stop that process or choose another peerPort.',
    { listeners: new Map([[3181, 'users:(("java",pid=9,fd=3))']]) },
  ],
  [
    "zk1: found port 7000 taken by another process; expected metrics.port free. Stop that process or choose another metrics.port.",
    { listeners: new Map([[7000, ""]]) },
  ],
  [
    "zk1:/alidata1: found 512 MiB free; expected at least 1024 MiB. Make room, or choose another folder.",
    { freeKiB: new Map([["/alidata1", 512 << 10]]) },
  ],
  [
    "zk1: found a clock -31 s away from the operator's; expected within 30 s. Set the clock (chrony, ntpd).",
    { clockOffsetMs: -31_000 },
  ],
])("%s", (message, change) => {
  expect(complaints(change)).toEqual([message]);
});

test("a host that cannot be reached, and every complaint of every host at once", () => {
  const bad = { ...GOOD, isRoot: false, java: undefined };
  const all = complainPreflight(ensemble(), [
    { name: "zk1", unreachable: "connection refused" },
    { name: "zk2", seen: bad },
    { name: "zk3", seen: bad },
  ]).map(sayComplaint);
  expect(all[0]).toBe(
    "zk1: found no way in: connection refused; expected every host of the ensemble reachable over SSH. " +
      "Check hosts.zk1.connection for a typing mistake, and the host itself.",
  );
  expect(all.map((message) => message.slice(0, 3))).toEqual(["zk1", "zk2", "zk2", "zk3", "zk3"]);
});

test("the ports of the server that we manage are not taken by another", () => {
  const own = 'users:(("java",pid=77,fd=3))';
  expect(complaints({ ownPid: 77, listeners: new Map([[2181, own]]) })).toEqual([]);
  expect(complaints({ ownPid: 7, listeners: new Map([[2181, own]]) })).toHaveLength(1);
});

test("another version is refused, and nobody is told to stop the server that it replaces", () => {
  const listeners = new Map([[2181, 'users:(("java",pid=9,fd=3))']]);
  expect(complaints({ otherVersion: "3.6.4", listeners })).toEqual([
    "zk1: found ZooKeeper 3.6.4 installed, with this dataDir; expected 3.7.1, or none: the version of an ensemble stays. " +
      "Keep version: 3.6.4; or make a second ZooKeeperEnsemble on other hosts, move to it with a ZkDataMigration, then remove this one.",
  ]);
});

test.each([
  ["the wanted one is configured", ["3.6.4", "3.7.1"], "data", undefined],
  ["another is, for the same data", ["3.6.4"], "data", "3.6.4"],
  ["another is, for other data", ["3.6.4"], "data2", undefined],
  ["none is", [], "data", undefined],
])("of the releases in installDir %s", async (_, versions, configured, other) => {
  const installDir = mkdtempSync(join(tmpdir(), "pulumi-zookeeper-preflight-"));
  for (const version of versions) {
    const conf = join(installDir, `apache-zookeeper-${version}-bin/conf`);
    mkdirSync(conf, { recursive: true });
    writeFileSync(join(conf, "zoo.cfg"), `tickTime=2000\ndataDir=${installDir}/${configured}\n`);
  }
  const world = new World(["zk1"]);
  world.host("zk1").answer = (text, args) => execFileSync("sh", ["-c", text, "sh", ...args]).toString();
  const hosts = { zk1: { connection: { host: "10.0.0.21" } } };
  const [facts] = await preflight(world, ensemble({ hosts, installDir, dataDir: `${installDir}/data` }));
  rmSync(installDir, { recursive: true });
  expect(facts?.seen).toMatchObject({ unpacked: false });
  expect(facts?.seen?.otherVersion).toBe(other);
});

test.each([
  ['openjdk version "1.8.0_352"', 8],
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21-ea" 2023-09-19', 21],
  ['java version "9"', 9],
  ["bash: java: command not found", undefined],
])("%s is Java %s", (line, major) => {
  expect(readJavaVersion(line)?.major).toBe(major);
});
