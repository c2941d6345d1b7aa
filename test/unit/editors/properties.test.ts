/** zoo.cfg, log4j.properties and java.env: read as Java and the shell do, edited line by line. */
import { execFileSync } from "node:child_process";
import { applyEdits } from "../../../core/editors/edit";
import { MalformedProperties, MalformedServer, NotExpressible } from "../../../core/editors/errors";
import { renderJavaEnv } from "../../../core/editors/properties/java-env";
import { readProperties } from "../../../core/editors/properties/parse-properties";
import { formatServer, parseServer, readServers } from "../../../core/editors/properties/servers";
import {
  removeProperties,
  renderProperties,
  setProperties,
} from "../../../core/editors/properties/set-properties";

const zooCfg = `# The number of milliseconds of each tick
tickTime=2000
initLimit = 10
dataDir /opt/zookeeper/data
  # 监控
metricsProvider.className: org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider
server.2=172.26.64.167:3181:4181
server.1=172.26.53.28:3181:4181
tickTime=3000
4lw.commands.whitelist=srvr,\\
    mntr
`;

const set = (text: string, ...wanted: [string, string][]) => applyEdits(text, setProperties(text, wanted));
const remove = (text: string, ...keys: string[]) => applyEdits(text, removeProperties(text, keys));
const read = (text: string) => Object.fromEntries(readProperties(text));

test("reads in file order, the last of two equal keys", () => {
  expect([...readProperties(zooCfg)]).toEqual([
    ["tickTime", "3000"],
    ["initLimit", "10"],
    ["dataDir", "/opt/zookeeper/data"],
    ["metricsProvider.className", "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"],
    ["server.2", "172.26.64.167:3181:4181"],
    ["server.1", "172.26.53.28:3181:4181"],
    ["4lw.commands.whitelist", "srvr,mntr"],
  ]);
});

// Each was answered so by java.util.Properties of JDK 17.
test.each<[string, Record<string, string>]>([
  ["a=b\\\n  c", { a: "bc" }],
  ["a=b\\\\\nc=d", { a: "b\\", c: "d" }],
  ["a\\ b\\=c = d ", { "a b=c": "d " }],
  ["# a=b\\\nc=d", { c: "d" }],
  ["! x\r\na:b\rc\td", { a: "b", c: "d" }],
  ["a=\\u4e2d\\t\\q", { a: "中\tq" }],
  ["a=b\\\n\nc=d", { a: "b", c: "d" }],
  ["bu\n\\\n#=x", { bu: "" }],
  ["=v", { "": "v" }],
  ["a = = b", { a: "= b" }],
  ["a\\\n = b", { a: "b" }],
  ["", {}],
])("reads %j", (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test("refuses a broken \\u, with its line", () => {
  expect(() => readProperties("a=b\\\nc\n\nd=\\u12g4")).toThrow(MalformedProperties);
  expect(() => readProperties("a=b\\\nc\n\nd=\\u12g4")).toThrow("line 4");
});

test("sets the entry that counts, adds what is missing, and goes back to the same bytes", () => {
  const moved = set(zooCfg, ["tickTime", "2500"], ["dataDir", "/data"]);
  expect(moved).toBe(zooCfg.replace("3000", "2500").replace("/opt/zookeeper/data", "/data"));
  expect(set(moved, ["tickTime", "3000"], ["dataDir", "/opt/zookeeper/data"])).toBe(zooCfg);
  expect(set(zooCfg, ["x", "1"], ["y", " 2"])).toBe(`${zooCfg}x=1\ny=\\ 2\n`);
  expect(setProperties(zooCfg, [["tickTime", "3000"]])).toEqual([]);
});

test("a key that is added by setting goes by removing, without a trace", () => {
  expect(remove(set(zooCfg, ["x", "1"]), "x")).toBe(zooCfg);
});

test("removing takes every double, so that no older value comes back to life", () => {
  expect(remove(zooCfg, "tickTime", "4lw.commands.whitelist", "none")).toBe(
    zooCfg
      .replace("tickTime=2000\n", "")
      .replace("tickTime=3000\n", "")
      .replace(/4lw[^]*$/, ""),
  );
});

test.each<[string, string]>([
  ["a=1", "a=1\nx=2\n"],
  ["a=1\r\n", "a=1\r\nx=2\r\n"],
  ["a=1\\", "a=1\\\n\nx=2\n"],
  ["a=1\\\n", "a=1\\\n\nx=2\n"],
  ["# c\\\n", "# c\\\nx=2\n"],
  ["", "x=2\n"],
  ["x", "x=2"],
  ["x=", "x=2"],
])("adds x to %j", (before, after) => {
  expect(set(before, ["x", "2"])).toBe(after);
});

test("what is rendered reads back, whatever it holds", () => {
  const entries: [string, string][] = [
    ["a b", " x\\y\n"],
    ["#k", "中文 😀"],
    ["!=:", "\t\u0000\u00ff"],
  ];
  const text = renderProperties(entries, ["written\nby hand=1 中"]);
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect([...readProperties(text)]).toEqual(entries);
});

test("server lines, sorted by id", () => {
  expect(readServers(readProperties(zooCfg)).map(({ id, host }) => [id, host])).toEqual([
    [1, "172.26.53.28"],
    [2, "172.26.64.167"],
  ]);
});

test.each([
  ["zk1:3181:4181", { host: "zk1", peerPort: 3181, electionPort: 4181 }],
  ["zk1:3181:4181:observer", { host: "zk1", peerPort: 3181, electionPort: 4181, role: "observer" }],
  ["[fd00::1]:2888:3888;2181", { host: "fd00::1", peerPort: 2888, electionPort: 3888, clientPort: 2181 }],
  [
    "zk1:2888:3888:participant;[::]:2181",
    {
      host: "zk1",
      peerPort: 2888,
      electionPort: 3888,
      role: "participant",
      clientAddress: "::",
      clientPort: 2181,
    },
  ],
])("%s there and back", (value, expected) => {
  const server = parseServer("server.7", value);
  expect(server).toEqual({ id: 7, ...expected });
  expect(formatServer(server)).toEqual(["server.7", value]);
});

test.each([
  "zk1",
  "zk1:1",
  "zk1:1:2:leader",
  "zk1:0:2",
  "zk1:1:70000",
  "a:1:2|b:1:2",
  "::1:1:2",
  "zk1:1:2;x",
  "a b:1:2",
])("refuses server.1=%s", (value) => {
  expect(() => parseServer("server.1", value)).toThrow(MalformedServer);
});

test("refuses to write a server that would not read back", () => {
  const server = { id: 1, host: "zk1", peerPort: 1, electionPort: 2 };
  expect(() => formatServer({ ...server, host: "zk1:9" })).toThrow(MalformedServer);
  expect(() => formatServer({ ...server, host: "a\nserver.2=b" })).toThrow(MalformedServer);
  expect(() => formatServer({ ...server, clientAddress: "::" })).toThrow(MalformedServer);
  expect(() => formatServer({ ...server, id: 1.5 })).toThrow(MalformedServer);
});

test("java.env gives the shell exactly the value, and what was there before it where asked", () => {
  const value = `-Xms4096m '$HOME' "\`id\`" \\ !x\n-Xmx5120m`;
  const text = renderJavaEnv(
    [
      { name: "JVMFLAGS", value, keepFormer: true },
      { name: "B", value: "$JVMFLAGS" },
    ],
    ["中\nx"],
  );
  const shown = execFileSync("sh", ["-c", `${text}printf '%s|%s' "$JVMFLAGS" "$B"`], {
    env: { JVMFLAGS: "-Dold=1" },
  });
  expect(shown.toString()).toBe(`${value} -Dold=1|$JVMFLAGS`);
  expect(() => renderJavaEnv([{ name: "A;B", value: "" }])).toThrow(NotExpressible);
  expect(() => renderJavaEnv([{ name: "A", value: "\0" }])).toThrow(NotExpressible);
});
