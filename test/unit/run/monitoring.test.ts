import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { monitoring } from "../../../core/resources/monitoring";

const connection = { host: "10.0.0.1", insecureIgnoreHostKey: true };
const migration = {
  source: {
    hosts: { old1: { connection } },
    dataDir: "/data",
    start: "start",
    stop: "stop",
  },
  target: {
    hosts: { new1: { connection: { ...connection, host: "10.0.0.2" } } },
    distribution: { path: "/zookeeper.tar.gz", sha512: "0".repeat(128) },
  },
  onCall: [{ name: "Li Wei", contact: "+86 10 5555 0100" }],
};

let files: string;
beforeEach(() => (files = mkdtempSync(join(tmpdir(), "monitoring-"))));
afterEach(() => rmSync(files, { recursive: true }));

async function rolesAfter(change: Record<string, unknown>, more: Record<string, unknown> = {}) {
  await monitoring.create({ migration: { ...migration, ...change }, files, ...more });
  const groups = parse(readFileSync(join(files, "targets/zookeeper-hosts.yml"), "utf8")) as {
    labels: { host: string; role: string };
  }[];
  return groups.map(({ labels }) => `${labels.host} ${labels.role}`);
}

test.each([
  [{ active: "source" }, ["old1 serving", "new1 idle"]],
  [{ active: "target" }, ["old1 stopped", "new1 serving"]],
  [{ active: "target", fence: "consumersOnly" }, ["old1 serving", "new1 serving"]],
  [{ active: "target", finalized: true }, ["new1 serving"]],
])("the side that is out of use follows from the side that is active: %j", async (change, roles) => {
  expect(await rolesAfter(change)).toEqual(roles);
});

test("who is on call lands in the labels of every alert", async () => {
  await rolesAfter({});
  const rules = readFileSync(join(files, "rules/zookeeper.yml"), "utf8");
  const alerts = rules.match(/- alert:/g)?.length;
  expect(rules.match(/on_call: "?Li Wei"?$/gm)).toHaveLength(alerts!);
});

test("the preview names the files, and what no rule can see", async () => {
  const { inputs, failures } = await monitoring.check({}, { migration, files });
  expect(failures).toEqual([]);
  expect(inputs["plan"]).toMatchObject({
    files: expect.arrayContaining(["rules/zookeeper.yml", "grafana/zookeeper.json"]),
    unwatched: [expect.stringContaining("zk-old: has no metrics")],
  });
});

test("arguments that would make a rule silently wrong are refused", async () => {
  const same = { source: { ensemble: "zk" }, target: { ensemble: "zk" } };
  const { failures } = await monitoring.check({}, { migration, files, ...same });
  expect(failures).toMatchObject([{ reason: expect.stringContaining("zk on both sides") }]);
  const two = await monitoring.check(
    {},
    { migration, files, host: { a: { connection }, b: { connection } } },
  );
  expect(two.failures).toMatchObject([{ reason: expect.stringContaining("exactly one host") }]);
});
