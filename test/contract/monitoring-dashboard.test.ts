/**
 * Every chart of the dashboard, asked of a real Prometheus with our files: no error, and data.
 *
 * What Prometheus scrapes is a stand-in: a web server that repeats what real servers and a real node exporter
 * answered (test/unit/monitoring/recorded). Rates are therefore zero; that they exist is what is shown.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ROWS } from "../../core/monitoring/dashboard/panels";
import type { MonitoredSide } from "../../core/monitoring/desired";
import { monitoringFiles } from "../../core/monitoring/files";
import { RECORDINGS } from "../../core/monitoring/recording";
import { prometheusTool } from "./prometheus-tools";

const folder = mkdtempSync(join(tmpdir(), "dashboard-"));
const servers: Server[] = [];
let prometheus: ChildProcess;
let api: string;

beforeAll(async () => {
  const nodePort = await answer("127.0.0.1", "node-exporter-1.5.0.prom");
  const sides = {
    old: await side("3.6.3", "zk-old", "idle", "127.0.1", nodePort),
    new: await side("3.7.1", "zk-new", "serving", "127.0.2", nodePort),
  };
  const files = monitoringFiles({ ...sides, onCall: [], directory: folder, scrapeInterval: "1s" });
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const port = await freePort();
  api = `http://127.0.0.1:${port}/api/v1/query?query=`;
  prometheus = spawn(
    prometheusTool("prometheus"),
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  // Rates need two scrapes of every target, and the recordings an evaluation after them.
  await until(
    async () =>
      (await query("count_over_time(up[1m]) >= 2")) === 8 &&
      (await query("zookeeper:writes:rate2m")) === 2 &&
      (await query("zookeeper:fsync_ms:mean5m")) === 4,
  );
}, 30_000);

afterAll(async () => {
  prometheus.kill("SIGKILL");
  await once(prometheus, "exit");
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

test.each(
  ROWS.flatMap(({ charts }) => charts).flatMap(({ title, queries }) =>
    queries.map(({ expr }): [string, string] => [title, expr.replaceAll("$ensemble", ".*")]),
  ),
)("%s", async (_title, expr) => {
  expect(await query(expr)).toBeGreaterThan(0);
});

test.each(RECORDINGS.map(({ record }) => record))("%s is recorded", async (record) => {
  expect(await query(record)).toBeGreaterThan(0);
});

test("a metric that nobody has gives no data, so that data means something", async () => {
  expect(await query("zk_no_such_metric")).toBe(0);
});

/** How many series answer. @throws what Prometheus says about a query that it does not understand. */
async function query(expr: string): Promise<number> {
  const response = await fetch(api + encodeURIComponent(expr));
  const body = (await response.json()) as { status: string; error?: string; data?: { result: unknown[] } };
  if (body.status !== "success") throw new Error(`${expr}: ${body.error ?? response.statusText}`);
  return body.data?.result.length ?? 0;
}

async function side(
  version: string,
  ensemble: string,
  role: MonitoredSide["role"],
  network: string,
  nodeExporter: number,
): Promise<MonitoredSide> {
  const port = await answer(`${network}.1`, `zookeeper-${version}-leader.prom`);
  await answer(`${network}.2`, `zookeeper-${version}-follower.prom`, port);
  // Its node exporter listens on the first address only; the other target stays down, as one may.
  await answer(`${network}.1`, "node-exporter-1.5.0.prom", nodeExporter);
  return {
    ensemble,
    role,
    servers: { [`${ensemble}1`]: `${network}.1`, [`${ensemble}2`]: `${network}.2` },
    metrics: { kind: "prometheus", port },
    nodeExporter,
  };
}

/** Repeats a recording; resolves to the port. */
async function answer(address: string, recording: string, port = 0): Promise<number> {
  const text = readFileSync(join(__dirname, "../unit/monitoring/recorded", recording));
  const server = createServer((_request, response) =>
    response.setHeader("content-type", "text/plain; version=0.0.4").end(text),
  );
  servers.push(server);
  server.listen(port, address);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Asks again until it holds; Prometheus is not there yet at first. Ends with the test's own time limit. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) {
    if (prometheus.exitCode !== null) throw new Error(`prometheus ended with code ${prometheus.exitCode}`);
    await pause(100);
  }
}
