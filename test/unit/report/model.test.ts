import { conceal, secretsIn } from "../../../core/report/conceal";
import { episodesOf } from "../../../core/report/episodes";
import { reportOf } from "../../../core/report/model";
import { reportPage } from "../../../core/report/page/report-page";
import { context, forward, repointed, sampleRun, takenBack } from "./sample";

const run = (operation: string, at: string) =>
  sampleRun({ title: operation, operation }, [], `2026-11-28T0${at}:00.000Z`);

test("a move with its repointings is one report; so is a destroy", () => {
  const names = [
    "forward",
    "repoint a to target",
    "repoint b to target",
    "back",
    "repoint a to source",
    "back",
    "forward",
    "finalize",
  ];
  const episodes = episodesOf(names.map((name, index) => run(name, `1:${10 + index}`)));
  expect(episodes.map((episode) => episode.map(({ plan }) => plan.operation))).toEqual([
    ["forward", "repoint a to target", "repoint b to target"],
    ["back", "repoint a to source"],
    ["back"],
    ["forward"],
    ["finalize"],
  ]);
});

test("the write pause runs from the first fence to the last step of the last run", () => {
  const report = reportOf([forward, repointed], [], context);
  expect(report.writePause).toEqual({
    from: "2026-11-28T01:10:26.600Z",
    to: "2026-11-28T01:10:41.700Z",
    seconds: 15.1,
  });
  expect(report.whole.seconds).toBe(19.7);
});

test("proofs, diffs and every step's own duration come from the journal", () => {
  const report = reportOf([forward, repointed], [takenBack], context);
  expect(report.outcome).toBe("done");
  expect(report.proofs.map(({ shows, compared }) => [shows, compared])).toEqual([
    ["ClickHouse's own work goes through", {}],
    [
      "the tree is whole on every server",
      { servers: "zk-new1, zk-new2, zk-new3", znodes: "20134", digest: "-5213598127361", zxid: "4294970298" },
    ],
    ["the business's own check passes", { exitCode: "0", expected: "/^[1-9]/", matched: "4" }],
  ]);
  expect(report.diffs).toMatchObject([{ where: "ck1:/etc/metrika.xml" }]);
  expect(report.runs[0]?.steps[1]).toMatchObject({ state: "done", took: { seconds: 3.4 } });
  expect(report.before).toEqual([expect.stringMatching(/taken back \(ops@bastion/)]);
});

test("a move that was taken back: what failed, what was undone, and nothing proven", () => {
  const report = reportOf([takenBack], [], { ...context, error: "no space left" });
  expect(report.outcome).toBe("taken back");
  expect(report.runs[0]?.steps.map(({ state }) => state)).toEqual(["taken back", "taken back", "failed"]);
  expect(report.runs[0]?.phases.at(-1)).toMatchObject({ name: "take back", seconds: 1.4 });
  expect(report.proofs).toEqual([]);
});

test("secret arguments are struck out of every text, a key line by line", () => {
  const args = {
    hosts: {
      a: { connection: { password: "hunter22", privateKey: "-----BEGIN\nAAAAsecretline\n-----END" } },
    },
    user: "root",
  };
  const report = conceal(
    reportOf([takenBack], [], { ...context, error: "AAAAsecretline?" }),
    secretsIn(args),
  );
  const text = JSON.stringify(report) + reportPage(report);
  expect(text).not.toMatch(/hunter22|AAAAsecretline/);
  expect(text).toContain("password ••• was refused");
});

test("text of commands and hosts is shown as text, never as markup", () => {
  const report = reportOf([takenBack], [], { ...context, error: "<script>alert(1)</script>" });
  expect(reportPage(report)).toContain("&lt;script>alert(1)&lt;/script>");
});
