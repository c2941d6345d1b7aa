/** What of a fenced meta may stay as it is, when its host never comes back. */
import { HostUnreachable } from "../../../core/engine/errors";
import type { JsonObject } from "../../../core/engine/step";
import { metaServiceHandlers } from "../../../core/pegasus/meta-service-steps";
import { contextOf, World } from "../world";
import { PREAMBLE, recordedRun } from "./recorded";

const GONE = new HostUnreachable("pg-meta2", "no route", "Start it.");
const SHELL: JsonObject = { run: "run.sh shell", on: "pg-meta1" };

/** @param says what the shell on pg-meta1 answers to cluster_info */
function mayStay(says: string, failure: Error = GONE, shell = SHELL): Promise<boolean> {
  const world = new World(["pg-meta1", "pg-meta2"]);
  world.host("pg-meta1").answer = (text) => (text.includes("cluster_info") ? says : "");
  world.host("pg-meta2").down = "no route";
  const step = { id: "stop meta pg-meta2", host: "pg-meta2", kind: "pg.stop", args: { shell }, says: "stop" };
  return metaServiceHandlers["pg.stop"]!.mayStay!(contextOf(step, world), failure);
}

test("a meta may stay stopped where its host is out of reach and another leads", async () => {
  expect(await mayStay(recordedRun("shell_cluster_info.txt").stdout)).toBe(true);
});

test("it may not where none leads, nor where its host is there", async () => {
  const none = `${PREAMBLE}get cluster_info failed: ERR_NETWORK_FAILURE\ndsn exit with code 0\n`;
  expect(await mayStay(none)).toBe(false);
  expect(await mayStay(recordedRun("shell_cluster_info.txt").stdout, new Error("it ended"))).toBe(false);
});

test("the shell was planned on the host that is out of reach: another meta's tells whether one leads", async () => {
  const says = recordedRun("shell_cluster_info.txt").stdout;
  const shell = { run: "run.sh shell", on: "pg-meta2" };
  expect(await mayStay(says, GONE, { ...shell, others: ["pg-meta1"] })).toBe(true);
  expect(await mayStay(says, GONE, shell)).toBe(false);
});
