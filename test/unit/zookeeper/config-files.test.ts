/** The files that are laid on a host, byte by byte, and how they follow the arguments. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configFiles } from "../../../core/zookeeper/config-files";
import type { EnsembleInput } from "../../../core/zookeeper/desired";
import { ensemble } from "./samples";

const golden = (name: string) => readFileSync(join(__dirname, "golden", name), "utf8");

function files(change: Partial<EnsembleInput>, javaMajor = 17): Map<string, string> {
  return new Map(
    configFiles(ensemble(change), "zk-new2", javaMajor).map(({ path, content }) => [
      path.split("/").pop()!,
      content,
    ]),
  );
}

test.each([
  ["zoo.cfg", 17, "zoo.cfg"],
  ["log4j.properties", 17, "log4j.properties"],
  ["java.env", 8, "java-8.env"],
  ["java.env", 11, "java-17.env"],
  ["java.env", 17, "java-17.env"],
])("%s on Java %i is %s", (file, java, name) => {
  expect(files({}, java).get(file)).toBe(golden(name));
});

test("where each lies, whose it is, and who may read it", () => {
  const conf = "/opt/zookeeper/apache-zookeeper-3.7.1-bin/conf";
  expect(configFiles(ensemble(), "zk-new2", 17).map(({ path, mode, owner }) => [path, mode, owner])).toEqual([
    [`${conf}/zoo.cfg`, "0644", "zookeeper:"],
    [`${conf}/java.env`, "0644", "zookeeper:"],
    [`${conf}/log4j.properties`, "0644", "zookeeper:"],
    ["/opt/zookeeper/data/myid", "0640", "zookeeper:"],
  ]);
});

test("myid is the server's own, as given or counted", () => {
  expect(files({}).get("myid")).toBe("2\n");
  expect(files({ myIds: { "zk-new2": 42 } }).get("myid")).toBe("42\n");
});

test("the user's entries win over ours", () => {
  const text = files({ zooCfg: { maxClientCnxns: "60", "quorum.cnxTimeoutMs": "5000" } }).get("zoo.cfg")!;
  expect(text.match(/^maxClientCnxns=.*$/gm)).toEqual(["maxClientCnxns=60"]);
  expect(text).toContain("quorum.cnxTimeoutMs=5000\n");
});

test("no metrics, an IPv6 address, a unit for systemd, a quote in a flag", () => {
  expect(files({ metrics: false }).get("zoo.cfg")).not.toContain("metricsProvider");
  const six = { zk1: { connection: { host: "fd00::1" } }, "zk-new2": { connection: { host: "fd00::2" } } };
  expect(files({ hosts: six }).get("zoo.cfg")).toMatch(/^server\.\d=\[fd00::1\]:3181:4181$/m);
  expect(files({ service: "systemd" }).get("zookeeper.service")).toContain(
    "ExecStart=/opt/zookeeper/apache-zookeeper-3.7.1-bin/bin/zkServer.sh start-foreground\n",
  );
  const flags = ["-Da=it's $(touch /pwned)"];
  expect(files({ jvm: { flags } }).get("java.env")).toContain(" -Da=it'\\''s $(touch /pwned)'\n");
});
