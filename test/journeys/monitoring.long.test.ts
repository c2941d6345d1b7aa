/**
 * A real Prometheus watches real servers through a switchover: in a healthy one nothing fires but what is announced,
 * and what goes wrong afterwards fires the alert that is meant for it. One night after the other: the tests go on from
 * where the one before left the lab.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROWS } from "../../core/monitoring/dashboard/panels";
import { RECORDINGS } from "../../core/monitoring/recording";
import { until } from "../../lab/wait";
import { both } from "../unit/monitoring/desired";
import { everyQuery, namesAnswered, namesIn } from "../unit/monitoring/names";
import { Prometheus, PROMETHEUS_HOST } from "./direct/prometheus";
import { Scene } from "./direct/scene";
import { withZooKeeper, write } from "./direct/tree";

let scene: Scene;
let prometheus: Prometheus;
let files: string;

beforeAll(async () => {
  files = mkdtempSync(join(tmpdir(), "monitoring-"));
  scene = await Scene.open({ clickhouse: false });
  await scene.install(scene.target());
  prometheus = new Prometheus(scene, files);
  // The script that the product's files bring for hosts without a metrics port.
  await prometheus.deliver("source");
  await Promise.all(scene.lab.oldEnsemble.map(({ name }) => prometheus.bringTextfileScript(name)));
  // The disk is there, and watched, before it fills up.
  await scene.on(smallDiskHost(), MOUNT_SMALL_DISK);
  await prometheus.startExporters();
  await untilCounts({ "up == 1": 9, "zookeeper_srvr_up == 1": 3 });
});
afterAll(async () => {
  await scene?.close();
  rmSync(files, { recursive: true, force: true });
});

async function untilCounts(wanted: Readonly<Record<string, number>>): Promise<void> {
  for (const [expr, count] of Object.entries(wanted)) {
    await until(expr, async () => {
      const seen = await prometheus.count(expr);
      return seen === count ? undefined : `${seen} of ${count}`;
    });
  }
}

/** Until Prometheus has scraped for that long since now: alerts that wait would have fired. */
async function untilWatchedFor(seconds: number): Promise<void> {
  const began = Date.now() / 1000;
  await untilCounts({ [`vector(time()) > ${began + seconds}`]: 1 });
}

test("a healthy switchover: nothing fires but what is announced", async () => {
  await untilWatchedFor(5);
  expect([...(await prometheus.fired("1h"))]).toEqual([]);

  expect(await scene.forward()).toMatchObject({ failed: "" });
  await prometheus.deliver("target");
  await write(scene.lab.inventory.new, "/after", 50);

  // Longer than the longest `for` of the alerts about clients, writes and stopped servers: a tenth of five minutes.
  await untilWatchedFor(35);
  expect([...(await prometheus.fired("1h", ',announced=""'))]).toEqual([]);
  expect([...(await prometheus.fired("3s"))]).toEqual([]);
});

test("every name in rules and dashboard is one that these servers answer", async () => {
  const ports = [
    ...scene.newEnsemble.map(({ address }) => `http://${address}:7000/metrics`),
    ...[...scene.newEnsemble, ...scene.lab.oldEnsemble].map(
      ({ address }) => `http://${address}:9100/metrics`,
    ),
  ];
  const answers = await Promise.all(ports.map(async (url) => (await fetch(url)).text()));
  // The text file's numbers of a serving server were there before the switchover; Prometheus keeps the names.
  const kept = await prometheus.query(
    'count by (__name__) (last_over_time({__name__=~"zookeeper_srvr_.+"}[1h]))',
  );
  const known = new Set([
    ...namesAnswered(answers),
    ...kept.map(({ metric }) => metric["__name__"] ?? ""),
    ...RECORDINGS.map(({ record }) => record),
    "up",
  ]);
  expect(known.size).toBeGreaterThan(300);
  const unknown = everyQuery(both).flatMap(([place, expr]) =>
    namesIn(expr).flatMap((name) => (known.has(name) ? [] : [`${place}: ${name}`])),
  );
  expect(unknown).toEqual([]);
});

test("every query of the dashboard answers with data", async () => {
  const silent: string[] = [];
  for (const { title, queries } of ROWS.flatMap(({ charts }) => charts)) {
    for (const { expr } of queries) {
      // Since the test began: what the old servers answered before the switchover is part of the picture.
      const seen = `last_over_time((${expr.replaceAll("$ensemble", ".*")})[1h:2s])`;
      if ((await prometheus.count(seen)) === 0) silent.push(`${title}: ${expr}`);
    }
  }
  expect(silent).toEqual([]);
});

test("files that promtool refuses are not left on the host, and the ones before are still read", async () => {
  const before = await scene.on(PROMETHEUS_HOST, "cat /etc/prometheus/zookeeper/prometheus.yml");
  const refused = prometheus.deliver("target", (args) => (args["scrapeInterval"] = "1 parsec"));
  await expect(refused).rejects.toThrow(/promtool refuses it: [^]*parsec[^]*previous files are back/);
  expect(await scene.on(PROMETHEUS_HOST, "cat /etc/prometheus/zookeeper/prometheus.yml")).toBe(before);
  // Nothing was reloaded: the rules that the refused delivery brought are gone again, and the old ones still evaluated.
  await prometheus.deliver("target");
  expect(await prometheus.count("zookeeper:servers:count")).toBeGreaterThan(0);
});

test("an old server is started again, and a client is left on it", async () => {
  const old = scene.lab.oldEnsemble;
  await Promise.all(old.map(({ name }) => scene.on(name, "/opt/zookeeper-3.4.14/bin/zkServer.sh start")));
  await untilCounts({ "zookeeper_srvr_up == 1": 3 });
  const alerts = await withZooKeeper(scene.lab.inventory.old, async (session) => {
    await session.create("/left-behind", "");
    return prometheus.untilFiring(["ZooKeeperStoppedServerRuns", "ZooKeeperClientOnUnusedEnsemble"]);
  });
  expect(alerts.get("ZooKeeperStoppedServerRuns")).toEqual(old.map(({ name }) => name).sort());
  expect(alerts.get("ZooKeeperClientOnUnusedEnsemble")).toHaveLength(1);
  await Promise.all(old.map(({ name }) => scene.on(name, "/opt/zookeeper-3.4.14/bin/zkServer.sh stop")));
});

test("a disk of a server fills up", async () => {
  const full = smallDiskHost();
  await scene.on(full, "dd if=/dev/zero of=/srv/disk/log bs=1M count=15 status=none");
  const alerts = await prometheus.untilFiring(["HostDiskAlmostFull"]);
  expect(alerts.get("HostDiskAlmostFull")).toEqual([full]);
  await scene.on(full, "umount /srv/disk");
});

test("a server loses its power", async () => {
  const leader = await scene.newLeader();
  const killed = scene.newEnsemble.find(({ name }) => name !== leader)!.name;
  await scene.lab.host(killed).kill();
  const alerts = await prometheus.untilFiring([
    "ZooKeeperServerDown",
    "HostNotAnswering",
    "ZooKeeperFollowersOutOfSync",
  ]);
  expect(alerts.get("ZooKeeperServerDown")).toEqual([killed]);
  expect(alerts.get("HostNotAnswering")).toEqual([killed]);
  expect(alerts.get("ZooKeeperFollowersOutOfSync")).toEqual([leader]);
  expect(alerts.has("ZooKeeperQuorumLost")).toBe(false);
});

const smallDiskHost = () => scene.newEnsemble[0]!.name;

/** A small disk of its own: an overlay over 16 MiB of memory. */
const MOUNT_SMALL_DISK = `
mkdir -p /srv/memory /srv/disk /var/empty-lower
mount -t tmpfs -o size=16m tmpfs /srv/memory
mkdir -p /srv/memory/upper /srv/memory/work
mount -t overlay overlay -o lowerdir=/var/empty-lower,upperdir=/srv/memory/upper,workdir=/srv/memory/work /srv/disk`;
