/**
 * Holds the generated files against Prometheus's own tool: the configuration is valid, the rules are, and every alert
 * fires when it should and stays silent when it should, with the text that whoever is woken up reads.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { alertRule } from "../../core/monitoring/alert";
import { completeMonitoring, type MonitoringDesired } from "../../core/monitoring/desired";
import { alertGroups, monitoringFiles, RULES } from "../../core/monitoring/files";
import { AVAILABILITY_CASES } from "./monitoring-alert-cases/availability";
import type { AlertCase } from "./monitoring-alert-cases/case";
import { HOST_CASES } from "./monitoring-alert-cases/host";
import { LOAD_CASES } from "./monitoring-alert-cases/load";
import { MIGRATION_CASES } from "./monitoring-alert-cases/migration";
import { ANY_ALERT_FREE_MOMENTS, HEALTHY_SWITCHOVER } from "./monitoring-alert-cases/switchover";
import { promtool } from "./prometheus-tools";

const PARTS: Readonly<Record<string, readonly AlertCase[]>> = {
  hosts: HOST_CASES,
  availability: AVAILABILITY_CASES,
  load: LOAD_CASES,
  migration: MIGRATION_CASES,
};
const CASES = Object.values(PARTS).flat();

const folder = mkdtempSync(join(tmpdir(), "monitoring-"));
const desired: MonitoringDesired = {
  old: {
    ensemble: "zk-old",
    servers: { old1: "10.77.0.11" },
    role: "serving",
    metrics: { kind: "textfile" },
  },
  new: { ensemble: "zk-new", servers: { zk1: "fd00::21" }, role: "idle", metrics: { kind: "prometheus" } },
  onCall: [{ name: "Ada", contact: "+44 20 7946 0000" }, { name: "Grace" }],
  directory: folder,
};
const monitoring = completeMonitoring(desired);
const alerts = Object.values(alertGroups(monitoring)).flat();

beforeAll(() => {
  for (const { path, content } of monitoringFiles(desired)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

test("the configuration, and the rules and targets that it names, are valid", async () => {
  const { code, output } = await promtool(
    "check",
    "config",
    "--lint=all",
    "--lint-fatal",
    join(folder, "prometheus.yml"),
  );
  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining("1 rule files found") as string,
  });
});

test("the fragment of scrape jobs is a valid configuration by itself", async () => {
  expect(await promtool("check", "config", join(folder, "scrape/zookeeper.yml"))).toMatchObject({ code: 0 });
});

test("promtool finds a fault that is put in, so that its silence means something", async () => {
  const broken = join(folder, "broken.yml");
  writeFileSync(broken, "groups: [{ name: a, rules: [{ alert: A, expr: 'up ==' }] }]\n");
  expect(await promtool("check", "rules", broken)).toMatchObject({ code: 1 });
});

test("every alert has a case that fires and one that stays silent", () => {
  const named = (fires: boolean) =>
    [...new Set(CASES.filter((c) => c.fires.length > 0 === fires).map((c) => c.alert))].sort();
  const all = alerts.map(({ name }) => name).sort();
  expect(named(true)).toEqual(all);
  expect(named(false)).toEqual(all);
});

describe.each(Object.entries(PARTS))(
  "every alert fires when it should, and only then: %s",
  (_part, cases) => {
    const intervals = [...new Set(cases.map(({ interval = "15s" }) => interval))];
    test.each(intervals)("evaluated every %s", async (every) => {
      const units = cases.filter(({ interval = "15s" }) => interval === every).map(unitTest);
      expect(await testRules(units, every)).toEqual(SUCCESS);
    });
  },
);

test("no alert fires in a healthy switchover of a stopped 3.4 to a 3.7.1", async () => {
  const moments = ANY_ALERT_FREE_MOMENTS.flatMap((eval_time) =>
    alerts.map(({ name }) => ({ eval_time, alertname: name, exp_alerts: [] })),
  );
  const unit = {
    name: "healthy",
    interval: "15s",
    input_series: inputOf(HEALTHY_SWITCHOVER),
    alert_rule_test: moments,
  };
  expect(await testRules([unit], "15s")).toEqual(SUCCESS);
});

/** promtool prints what it got and what it expected, so that the failed comparison shows it. */
const SUCCESS = { code: 0, output: expect.stringContaining("SUCCESS") as string };

function testRules(tests: readonly unknown[], evaluation_interval: string) {
  const path = join(folder, "tests.yml");
  const content = { rule_files: [join(folder, RULES)], evaluation_interval, tests };
  writeFileSync(path, stringify(content, { lineWidth: 0, aliasDuplicateObjects: false }));
  return promtool("test", "rules", path);
}

function unitTest({ alert: alertname, says, interval = "15s", input, at, fires }: AlertCase) {
  const alert = alerts.find(({ name }) => name === alertname);
  if (!alert) throw new Error(`no alert is called ${alertname}`);
  const rule = alertRule(alert, monitoring);
  const exp_alerts = fires.map(({ labels, summary }) => ({
    exp_labels: { ...labels, severity: alert.severity, on_call: "Ada, Grace" },
    exp_annotations: { ...rule.annotations, summary },
  }));
  return {
    name: `${alertname}: ${says}`,
    interval,
    input_series: inputOf(input),
    alert_rule_test: [{ eval_time: at, alertname, exp_alerts }],
  };
}

function inputOf(input: AlertCase["input"]) {
  return Object.entries(input).map(([series, values]) => ({ series, values }));
}
