/** Between two runs nothing of the first is at work: against a real sshd, which ends no command when its connection is lost. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { CommandFailed } from "../../core/engine/errors";
import type { HostAccess, TurnOptions } from "../../core/transports/contract";
import { StillAtWork } from "../../core/transports/ssh/turn";
import { until } from "../../lab/wait";
import { rejection } from "./rejection";
import { sshScene } from "./ssh-scene";

const scene = sshScene();
const { open, path } = scene;

/** Over a connection of its own, as another process has it. */
async function runOf(owner: string, file: string, more: Partial<TurnOptions> = {}, sudo = false) {
  const opened = await open({}, {}, sudo);
  return { opened, host: opened.inTurn({ file: path(file), owner, ...more }) };
}

/** Begins a command that ends once somebody writes into `gate`, and then appends `line` to `log`; its operator is killed. */
async function beginAndBeKilled({ opened, host }: { opened: HostAccess; host: HostAccess }, gate: string) {
  await scene.zk1.run(["mkfifo", gate]);
  const begun = rejection(host.script('echo > "$1.begun"; read -r _ < "$1"; echo first >> "$1.log"', [gate]));
  await until("the command has begun", async () => (existsSync(`${gate}.begun`) ? undefined : "not yet"));
  await opened.close();
  await begun;
}

test("what a killed run has begun comes to its end before the next run does anything", async () => {
  const gate = path("gate-1");
  await beginAndBeKilled(await runOf("first", "turn-1"), gate);
  const said: string[] = [];
  const { host } = await runOf("second", "turn-1", { say: (line) => said.push(line) });
  const second = host.script('echo second >> "$1"', [`${gate}.log`]);
  await until("it says what it waits for", async () => (said.length > 0 ? undefined : "nothing said"));
  expect(said).toEqual([
    expect.stringMatching(
      /^zk1 {2}waiting for a command of an earlier run, which is still at work: \d+ sh -c echo/,
    ),
  ]);
  writeFileSync(gate, "go\n");
  await second;
  expect(readFileSync(`${gate}.log`, "utf8")).toBe("first\nsecond\n");
});

test("a command that does not end is named, and nothing is done", async () => {
  const gate = path("gate-2");
  await beginAndBeKilled(await runOf("first", "turn-2"), gate);
  const { host } = await runOf("second", "turn-2", { patienceSeconds: 0.2 });
  const error = await rejection(host.writeFile(path("untouched"), "second"));
  expect(error).toBeInstanceOf(StillAtWork);
  expect(error.message).toMatch(
    /^zk1: \d+ sh -c echo.*still at work after 0.2 s.*done nothing on that host/s,
  );
  expect(existsSync(path("untouched"))).toBe(false);
  writeFileSync(gate, "go\n");
  await host.writeFile(path("untouched"), "second");
});

test("what is read decides what is done: no file is read while a command of an earlier run is at work", async () => {
  const gate = path("gate-0");
  await beginAndBeKilled(await runOf("first", "turn-0"), gate);
  const said: string[] = [];
  const { host } = await runOf("second", "turn-0", { say: (line) => said.push(line) });
  const [read, streamed] = [host.readFile(`${gate}.log`), host.readStream(`${gate}.begun`)];
  await until("it says what it waits for", async () => (said.length > 0 ? undefined : "nothing said"));
  writeFileSync(gate, "go\n");
  expect(String(await read)).toBe("first\n");
  for await (const chunk of await streamed) expect(String(chunk)).toBe("\n");
});

test("once another run has begun, no command and no file of the one before comes through", async () => {
  const [first, second] = [await runOf("first", "turn-3"), await runOf("second", "turn-3")];
  const file = path("one file");
  await first.host.writeFile(file, "first");
  await second.host.run(["true"]);
  const refused = [
    first.host.run(["rm", file]),
    first.host.script('rm "$1"', [file]),
    first.host.writeFile(file, "late"),
    first.host.writeStream(file, chunksOf("late")),
  ];
  for (const error of await Promise.all(refused.map(rejection))) {
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error.message).toContain("another run has begun on this host since: second");
  }
  expect(readFileSync(file, "utf8")).toBe("first");
  expect(readdirSync(path(".")).filter((name) => name.startsWith(".one file"))).toEqual([]);
  const turn = readFileSync(path("turn-3"), "utf8");
  await first.opened.inTurn({ file: path("turn-3"), owner: "a" }).run(["true"]);
  expect(readFileSync(path("turn-3"), "utf8")).toBe(turn.replace("second", "a     "));
  await expect(first.host.readFile(file)).resolves.toEqual(Buffer.from("first"));
});

test("what a command has started goes on without keeping the turn", async () => {
  const first = await runOf("first", "turn-4");
  const { stdout } = await first.host.script("setsid sleep 60 > /dev/null 2>&1 < /dev/null & echo $!");
  const second = await runOf("second", "turn-4", { patienceSeconds: 0.2 });
  await second.host.run(["kill", stdout.trim()]);
});

test.each([false, true])("in a turn all is as it is without one; sudo: %s", async (sudo) => {
  const { host } = await runOf("first", `turn-5-${sudo}`, {}, sudo);
  await expect(host.run(["cat"], { stdin: "ü\0" })).resolves.toMatchObject({ code: 0, stdout: "ü\0" });
  await expect(host.script("exit 3", [], { accept: [3] })).resolves.toMatchObject({ code: 3 });
  await expect(host.script("kill -TERM $$", [], { accept: "any" })).resolves.toMatchObject({ code: 143 });
  await expect(host.run(["printf", "%s|", "a b", "'", "$(x)"])).resolves.toMatchObject({
    stdout: "a b|'|$(x)|",
  });
  await expect(rejection(host.run(["false"]))).resolves.toMatchObject({
    message: expect.stringContaining("false") as string,
  });
  const file = path(`in a turn ${sudo}`);
  await host.writeFile(file, "once");
  await host.writeStream(file, chunksOf("twice"));
  expect(readFileSync(file, "utf8")).toBe("twice");
});

async function* chunksOf(text: string) {
  yield Buffer.from(text);
}
