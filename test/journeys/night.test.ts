/**
 * The night as the business sees it: its checks and its writers at every outcome, and the report that is filed of it.
 * Driven by the resources' own functions, without Pulumi's CLI between.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migration } from "../../core/resources/migration";
import { repoint } from "../../core/resources/repoint";
import type { Report } from "../../core/report/model";
import { setProgressSink } from "../../core/run/progress";
import { untilWritable } from "../../lab/clickhouse";
import { modeOf } from "../../lab/old-zookeeper";
import type { Arguments } from "../../lab/arguments";
import { Scene, tell } from "./direct/scene";
import { readTree, withZooKeeper, write } from "./direct/tree";

const LOG = "/var/tmp/night.log";
const METRIKA = "/etc/clickhouse-server/metrika.xml";

let scene: Scene;
let reports: string;
beforeAll(async () => {
  scene = await Scene.open({ clickhouse: true });
});
afterAll(() => scene?.close());
beforeEach(async () => {
  reports = mkdtempSync(join(tmpdir(), "reports-"));
  await scene.reset();
  await untilWritable(scene.lab.clickhouse);
});
afterEach(() => rmSync(reports, { recursive: true, force: true }));

const note = (text: string) => ({ run: `echo ${text} >> ${LOG}`, on: "ck1" });
const noted = () => scene.on("ck1", `cat ${LOG} 2>/dev/null || true`);

/** The lab's ClickHouse with two jobs that write, and one check; each leaves a line in the log. */
function night(change: (args: Arguments) => void = () => undefined): Arguments {
  return scene.arguments((args) => {
    const lab = args["lab consumers"] as Arguments["consumers"];
    args.consumers = {
      clickhouse: {
        ...lab["clickhouse"],
        writers: {
          pause: [note("pause-offline"), note("pause-real-time")],
          resume: [note("resume-offline"), note("resume-real-time")],
        },
      },
    };
    args["verify"] = { clickhouse: [note("checked")] };
    args["onCall"] = [{ name: "Li Wei", contact: "+86 10 5555 0100" }];
    args["reports"] = reports;
    change(args);
  });
}

/** A check that passes while ClickHouse's configuration names the old servers alone, and once somebody has mended it. */
const failsOnTheTarget = () => ({
  run: `! grep -q '<host>${scene.newEnsemble[0]?.address ?? ""}</host>' ${METRIKA} || test -e /var/tmp/mended`,
  on: "ck1",
});

const up = (args: Arguments) =>
  withLines(async () => {
    await migration.create({ ...args });
    await repoint.create({ consumer: consumerOf(args), migration: args });
  });

const revert = (args: Arguments) =>
  withLines(async () => {
    const back = { ...args, active: "source" };
    await migration.update("", {}, back);
    await repoint.update("", {}, { consumer: consumerOf(args), migration: back });
  });

const destroy = (args: Arguments) =>
  withLines(async () => {
    await repoint.delete("", { consumer: consumerOf(args), migration: args });
    await migration.delete("", { ...args });
  });

const consumerOf = ({ consumers }: Arguments) => ({ name: "clickhouse", ...consumers["clickhouse"] });

function withLines(act: () => Promise<unknown>) {
  return tell(async (say) => {
    setProgressSink(say);
    await act();
  });
}

function reportsWritten(): Report[] {
  return readdirSync(reports)
    .filter((name) => name.endsWith(".json") && !name.startsWith("plan-"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(reports, name), "utf8")) as Report);
}

const servesOld = async () => (await Promise.all(scene.lab.oldEnsemble.map(modeOf))).includes("leader");

test("checks pass: before the fence, after the repointing, after the way back; writers pause in order and resume in reverse", async () => {
  const args = night();

  expect(await up(args)).toMatchObject({ failed: "" });

  const there = "checked pause-offline pause-real-time checked resume-real-time resume-offline";
  expect((await noted()).split("\n").join(" ")).toBe(there);
  const [forward] = reportsWritten();
  expect(forward).toMatchObject({ outcome: "done", onCall: [["Li Wei", "+86 10 5555 0100"]] });
  expect(forward?.proofs.map(({ shows }) => shows)).toEqual(
    expect.arrayContaining(["the business's own check passes", "ClickHouse's own work goes through"]),
  );
  expect(forward?.diffs.map(({ where }) => where)).toEqual([`ck1:${METRIKA}`, `ck2:${METRIKA}`]);
  expect(forward?.writePause?.seconds).toBeGreaterThan(0);
  expect(forward?.writePause?.seconds).toBeLessThan(forward?.whole.seconds ?? 0);
  expect(forward?.runs.map(({ operation }) => operation)).toEqual([
    "forward",
    "repoint clickhouse to target",
  ]);
  const page = readFileSync(
    join(
      reports,
      readdirSync(reports).find((name) => name.endsWith(".html"))!,
    ),
    "utf8",
  );
  expect(page).not.toContain(readFileSync(scene.lab.inventory.hosts["ck1"]!.keyPath, "utf8").split("\n")[1]);

  const written = await write(scene.lab.inventory.new, "/since", 5);
  expect(await destroy(args)).toMatchObject({ failed: "" });

  expect((await noted()).split("\n").slice(6).join(" ")).toBe(
    "pause-offline pause-real-time checked resume-real-time resume-offline",
  );
  expect(Object.keys(await readTree(scene.lab.inventory.old))).toEqual(expect.arrayContaining(written));
  const back = reportsWritten()[1];
  expect(back).toMatchObject({ outcome: "done" });
  expect(back?.runs.map(({ operation }) => operation)).toEqual(["back", "repoint clickhouse to source"]);
});

test("a check that fails already is a refusal: nobody is fenced, and the report says so", async () => {
  const args = night((one) => (one["verify"] = { clickhouse: [{ run: "echo 0 rows; exit 3", on: "ck2" }] }));

  const { failed, said } = await up(args);

  expect(failed).toContain("ck2: echo 0 rows; exit 3 ended with exit code 3: 0 rows");
  expect(failed).toContain("No consumer was repointed: the source serves again, untouched");
  expect(said).not.toMatch(/pause writers|stop \(/);
  expect(await noted()).toBe("");
  expect(await servesOld()).toBe(true);
  expect(reportsWritten()).toMatchObject([
    { outcome: "taken back", error: expect.stringContaining("0 rows") },
  ]);
});

test("a check that fails after the repointing: it stays there, says both commands, and goes on once mended", async () => {
  const args = night((one) => (one["verify"] = { clickhouse: [failsOnTheTarget()] }));

  const { failed } = await up(args);

  expect(failed).toMatch(/clickhouse stays fenced.*pulumi up again.*pulumi destroy/s);
  expect(await noted()).toBe("pause-offline\npause-real-time");
  expect(reportsWritten()).toMatchObject([
    { outcome: "not finished", error: expect.stringContaining("stays fenced") },
  ]);

  await scene.on("ck1", "touch /var/tmp/mended");
  expect(
    await withLines(() => repoint.update("", {}, { consumer: consumerOf(args), migration: args })),
  ).toMatchObject({
    failed: "",
  });
  expect((await noted()).split("\n").slice(2).join(" ")).toBe("resume-real-time resume-offline");
  expect(reportsWritten()).toMatchObject([{ outcome: "done" }]);
});

test("onFailure rollBack: data and consumer go back by themselves, with what was written since", async () => {
  const args = night((one) => {
    one["verify"] = { clickhouse: [failsOnTheTarget()] };
    one["onFailure"] = "rollBack";
  });

  const { failed } = await up(args);

  expect(failed).toContain("Rolled back, as onFailure: rollBack asks for");
  expect(failed).toContain("Mend the cause and run pulumi up again.");
  expect(await servesOld()).toBe(true);
  await untilWritable(scene.lab.clickhouse);
  expect((await noted()).split("\n").slice(-2).join(" ")).toBe("resume-real-time resume-offline");
  expect(await scene.on("ck1", `cat ${METRIKA}`)).not.toContain(scene.newEnsemble[0]?.address ?? "none");
  expect(reportsWritten().at(-1)).toMatchObject({ error: expect.stringContaining("Rolled back") });

  expect(await revert(args)).toMatchObject({ failed: "" });
});

test("a pause that fails: what was paused is resumed, and the source was not touched", async () => {
  const args = night((one) => {
    const { writers } = one.consumers["clickhouse"] as { writers: { pause: unknown[] } };
    writers.pause = [note("pause-offline"), { run: "echo no such job; exit 1", on: "ck1" }];
  });

  const { failed, said } = await up(args);

  expect(failed).toContain("no such job");
  expect(failed).toContain("No consumer was repointed");
  expect(said).not.toMatch(/stop \((leader|follower)\)/);
  expect((await noted()).split("\n").join(" ")).toBe("checked pause-offline resume-real-time resume-offline");
});

test("a pause without effect shows by the zxid that does not stand still: refused, and the writers go on", async () => {
  const args = night((one) => (one["fence"] = "consumersOnly"));
  const writer = { stopped: false };
  const writing = withZooKeeper(scene.lab.inventory.old, async (session) => {
    await session.create("/busy", "");
    for (let count = 0; !writer.stopped; count++) await session.create(`/busy/n${count}`, "still here");
  });

  const { failed } = await up({ ...args, acceptForeignClients: true }).finally(() => (writer.stopped = true));
  await writing;

  expect(failed).toMatch(/zxid.*still|writes.*pause/i);
  expect((await noted()).split("\n").slice(-2).join(" ")).toBe("resume-real-time resume-offline");
  await untilWritable(scene.lab.clickhouse);
});
