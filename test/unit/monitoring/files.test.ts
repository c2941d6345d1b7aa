import { parse } from "yaml";
import { Refusal } from "../../../core/engine/errors";
import { unwatched, type MonitoringDesired } from "../../../core/monitoring/desired";
import { monitoringFiles } from "../../../core/monitoring/files";
import { both } from "./desired";

interface Rules {
  groups: {
    name: string;
    rules: { alert?: string; labels?: Record<string, string>; annotations?: Record<string, string> }[];
  }[];
}

test("the same arguments give the same bytes", () => {
  expect(monitoringFiles(both)).toEqual(monitoringFiles(structuredClone(both)));
});

test("servers with a metrics port and all hosts are targets, with the labels that the rules read", () => {
  expect(yaml(both, "targets/zookeeper-servers.yml")).toEqual([
    { targets: ["10.77.0.21:7000"], labels: { ensemble: "zk-new", host: "zk1", side: "new", role: "idle" } },
    { targets: ["[fd00::22]:7000"], labels: { ensemble: "zk-new", host: "zk2", side: "new", role: "idle" } },
  ]);
  expect(yaml(both, "targets/zookeeper-hosts.yml")).toHaveLength(4);
});

test("a switchover changes the targets and nothing else", () => {
  const after: MonitoringDesired = {
    ...both,
    old: { ...both.old!, role: "stopped" },
    new: { ...both.new, role: "serving" },
  };
  const before = new Map(monitoringFiles(both).map(({ path, content }) => [path, content]));
  const changed = monitoringFiles(after).filter(({ path, content }) => before.get(path) !== content);
  expect(changed.map(({ path }) => path)).toEqual([
    "targets/zookeeper-servers.yml",
    "targets/zookeeper-hosts.yml",
  ]);
});

test("every alert has a severity, a summary, a link, and who is on call", () => {
  const rules = alertRules(both);
  expect(rules.length).toBeGreaterThan(25);
  for (const { alert = "", labels, annotations } of rules) {
    expect(labels).toMatchObject({
      severity: expect.stringMatching(/^(critical|warning)$/) as string,
      on_call: "Ada, Grace",
    });
    expect(annotations).toEqual({
      summary: expect.stringMatching(/\S/) as string,
      runbook_url: `docs/runbook.md#${alert.toLowerCase()}`,
      on_call: "Ada: +44 20 7946 0000; Grace",
    });
  }
});

test("a side that nothing watches is said, and brings no rules that could never fire", () => {
  const blind: MonitoringDesired = {
    ...both,
    new: { ...both.new, metrics: { kind: "none" }, nodeExporter: false },
    old: undefined,
  };
  expect(alertRules(blind)).toEqual([]);
  expect(unwatched(blind)).toHaveLength(2);
  expect(unwatched(both)).toEqual([]);
});

test("rules about the JVM need its numbers, those about text files a text file", () => {
  const names = (desired: MonitoringDesired) => alertRules(desired).map(({ alert }) => alert);
  const without: MonitoringDesired = {
    ...both,
    old: undefined,
    new: { ...both.new, metrics: { kind: "prometheus", exportJvmInfo: false } },
  };
  expect(names(both)).toEqual(expect.arrayContaining(["ZooKeeperGcPauses", "ZooKeeperTextfileStale"]));
  expect(names(without)).not.toContain("ZooKeeperGcPauses");
  expect(names(without)).not.toContain("ZooKeeperTextfileStale");
  expect(names({ ...without, maxClientCnxns: 0 })).not.toContain("ZooKeeperConnectionsNearLimit");
});

test("the hosts of a textfile side get the script and their own line for cron", () => {
  const paths = monitoringFiles(both).map(({ path }) => path);
  expect(paths.filter((path) => path.startsWith("textfile/"))).toEqual([
    "textfile/zookeeper-srvr.sh",
    "textfile/old1.cron",
    "textfile/old2.cron",
  ]);
});

describe("refused, all complaints at once", () => {
  const place = (desired: MonitoringDesired): string[] => {
    try {
      monitoringFiles(desired);
    } catch (error) {
      if (error instanceof Refusal) return error.complaints.map(({ where }) => where);
      throw error;
    }
    return [];
  };
  test.each<[string, MonitoringDesired, string[]]>([
    ["no server", { ...both, new: { ...both.new, servers: {} } }, ["monitoring.new.servers"]],
    [
      "an address that a shell or Prometheus would read otherwise",
      { ...both, old: { ...both.old!, servers: { old1: "10.77.0.11; reboot" } } },
      ["monitoring.old.servers.old1"],
    ],
    [
      "a text file that nobody serves",
      { ...both, old: { ...both.old!, nodeExporter: false } },
      ["monitoring.old"],
    ],
    [
      "one name for two ensembles",
      { ...both, old: { ...both.old!, ensemble: "zk-new" } },
      ["monitoring.old.ensemble"],
    ],
    ["two serving sides", { ...both, new: { ...both.new, role: "serving" } }, ["monitoring"]],
    [
      "contacts that a template would swallow",
      { ...both, onCall: [{ name: "" }, { name: "Ada", contact: "{{ x }}" }, { name: "Grace" }] },
      ["monitoring.onCall[0]", "monitoring.onCall[1]"],
    ],
  ])("%s", (_says, desired, places) => {
    expect(place(desired)).toEqual(places);
  });
});

function yaml(desired: MonitoringDesired, path: string): unknown {
  const file = monitoringFiles(desired).find((one) => one.path === path);
  if (!file) throw new Error(`no ${path}`);
  return parse(file.content);
}

function alertRules(desired: MonitoringDesired) {
  return (yaml(desired, "rules/zookeeper.yml") as Rules).groups
    .flatMap(({ rules }) => rules)
    .filter(({ alert }) => alert);
}
