/**
 * What may stand around an answer, and answers cut short: streams apart, a run of something else,
 * a shell that was killed. Written by hand; the recordings hold only whole runs with merged streams.
 */
import { readNodes } from "../../../core/pegasus/read/nodes";
import { readShell } from "../../../core/pegasus/read/shell";
import { PREAMBLE, recordedRun } from "./recorded";

const table =
  "[details]\naddress  status\na:1      UNALIVE\n\n[summary]\ntotal_node_count  : 1\nalive_node_count  : 0\n";

test("streams apart: the error is on stderr, the closing line on stdout", () => {
  const run = {
    code: 0,
    stdout: `${PREAMBLE}dsn exit with code 0\n`,
    stderr: "list nodes failed, error=ERR_TIMEOUT\n",
  };
  expect(readShell(run, readNodes)).toMatchObject({
    ok: false,
    failure: { kind: "server-error", code: "ERR_TIMEOUT" },
  });
});

test("warnings on stderr and lines of run.sh before the banner are no part of the answer", () => {
  const stderr =
    "W2026-11-22 08:20:07.450 (1 863) : overwrite default thread pool for task X from A to B\nsetlocale: LC_ALL\n";
  const run = {
    code: 0,
    stdout: `using run.sh of /opt/pegasus\n${PREAMBLE}${table}dsn exit with code 0\n`,
    stderr,
  };
  expect(readShell(run, readNodes)).toMatchObject({ ok: true, value: [{ address: "a:1", alive: false }] });
});

test("a whole table without the closing line is not an answer", () => {
  const run = { code: 0, stdout: PREAMBLE + table, stderr: "" };
  expect(readShell(run, readNodes)).toMatchObject({ ok: false, failure: { kind: "aborted", exitCode: 0 } });
});

test("a whole table with exit code 137 is not an answer", () => {
  const run = { code: 137, stdout: `${PREAMBLE}${table}dsn exit with code 0\n`, stderr: "" };
  expect(readShell(run, readNodes)).toMatchObject({ ok: false, failure: { kind: "aborted", exitCode: 137 } });
});

test("something that is no shell at all", () => {
  const run = { code: 127, stdout: "", stderr: "sh: 1: ./run.sh: not found\n" };
  expect(readShell(run, readNodes)).toEqual({
    ok: false,
    failure: { kind: "not-a-shell", exitCode: 127, says: "sh: 1: ./run.sh: not found" },
  });
});

test.each([
  [
    "a row with a cell too few",
    "[details]\naddress  status\na:1\n\n[summary]\ntotal_node_count  : 1\nalive_node_count  : 0\n",
  ],
  ["a summary that says otherwise", table.replace("total_node_count  : 1", "total_node_count  : 2")],
  ["a status of neither kind", table.replace("UNALIVE", "DYING")],
  ["nothing", ""],
])("%s is unreadable", (_, body) => {
  const run = { code: 0, stdout: `${PREAMBLE}${body}dsn exit with code 0\n`, stderr: "" };
  expect(readShell(run, readNodes)).toMatchObject({ ok: false, failure: { kind: "unreadable" } });
});

test("carriage returns of a terminal change nothing", () => {
  const run = recordedRun("shell_nodes_d.txt");
  expect(readShell({ ...run, stdout: run.stdout.replace(/\n/g, "\r\n") }, readNodes)).toEqual(
    readShell(run, readNodes),
  );
});
