/** The proof of a cluster that is freezed, as it is while too few replica servers are ALIVE. */
import { pegasusHandlers } from "../../../core/pegasus/steps";
import { httpSaying } from "../clickhouse/scene";
import { contextOf, World } from "../world";
import { recordedRun } from "./recorded";

const SERVERS = "127.0.7.100:22181";

/** A healthy cluster, as recorded from a real one, that reads as this level. */
function clusterAt(level: string): World {
  const world = new World(["pg-meta1"]);
  const host = world.host("pg-meta1");
  const says = (name: string) => recordedRun(`shell_${name}.txt`).stdout;
  host.answer = (text) => {
    if (text.includes("cluster_info")) return says("cluster_info").replace(": steady", `: ${level}`);
    if (text.includes("nodes -d")) return says("nodes_d");
    return text.includes("ls -a -d") ? says("ls_d_j") : "";
  };
  const option = { name: "hosts_list", section: "zookeeper", type: "FV_STRING", tags: "", description: "" };
  host.dial = async () => httpSaying(JSON.stringify({ ...option, value: SERVERS }));
  return world;
}

async function proofOn(level: string, freezed: boolean) {
  const shell = { run: "run.sh shell", on: "pg-meta1" };
  const record = {
    primary: "pg-meta1",
    level: "steady",
    freezed,
    root: "/pegasus/onebox",
    nodes: [],
    apps: [],
  };
  const step = {
    id: "healthy pegasus",
    host: "pg-meta1",
    kind: "pg.healthy",
    args: { shell, metas: [{ name: "pg-meta1", port: 34601 }], servers: SERVERS, record, mayChange: true },
    says: "prove",
  };
  const context = { ...contextOf(step, clusterAt(level)), applied: true, result: () => ({}) };
  return pegasusHandlers["pg.healthy"]!.look(context);
}

test.each([
  ["steady", false, true],
  ["freezed", false, false],
  // Mended since, or not: it is as healthy as it was.
  ["steady", true, true],
  ["freezed", true, true],
])("reads as %s, recorded as freezed: %s, so its level is as before: %s", async (level, freezed, done) => {
  const sight = await proofOn(level, freezed);
  expect(sight.done).toBe(done);
  if (!done) expect(sight.found).toBe("meta_function_level is freezed, expected steady");
});
