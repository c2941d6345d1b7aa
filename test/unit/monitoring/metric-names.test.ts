/** A rule or a panel that names a metric which no server has is silent for ever: none may. */
import { RECORDINGS } from "../../../core/monitoring/recording";
import { TEXTFILE_NAMES } from "../../../core/monitoring/textfile";
import { both } from "./desired";
import { everyQuery, namesIn, recordedNames } from "./names";

const HOSTS = "node-exporter-1.5.0.prom";
/** Written by Prometheus itself for every target. */
const BY_PROMETHEUS = ["up"];
const RECORDED = RECORDINGS.map(({ record }) => record);
const QUERIES = everyQuery(both);

describe.each(["3.7.1", "3.6.3"])("ZooKeeper %s", (version) => {
  const known = new Set([
    ...recordedNames(`zookeeper-${version}-leader.prom`, `zookeeper-${version}-follower.prom`, HOSTS),
    ...BY_PROMETHEUS,
    ...RECORDED,
  ]);
  test.each(QUERIES)("%s asks only for what is there", (_place, expr) => {
    const names = namesIn(expr);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});

test("a name that no server has is found", () => {
  const known = recordedNames("zookeeper-3.7.1-leader.prom");
  expect(
    namesIn('sum by (ensemble) (rate(zk_no_such_metric{role="serving"}[5m])) > 0').filter(
      (name) => !known.has(name),
    ),
  ).toEqual(["zk_no_such_metric"]);
});

test("the gauges by which a serving server and a leader are told are gone where they should be", () => {
  expect(recordedNames("zookeeper-3.7.1-no-quorum.prom").has("quorum_size")).toBe(false);
  expect(recordedNames("zookeeper-3.7.1-follower.prom").has("quorum_size")).toBe(true);
  expect(recordedNames("zookeeper-3.7.1-follower.prom").has("leader_uptime")).toBe(false);
  expect(recordedNames("zookeeper-3.7.1-leader.prom").has("leader_uptime")).toBe(true);
});

test("the text file's names are the ones that the node exporter served", () => {
  const known = recordedNames(HOSTS);
  expect(TEXTFILE_NAMES.filter((name) => !known.has(name))).toEqual([]);
});
