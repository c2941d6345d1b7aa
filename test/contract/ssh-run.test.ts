/** What reaches a program on the other side of SSH, and what comes back: against a real sshd. */
import { existsSync, readFileSync } from "node:fs";
import { CommandFailed, HostUnreachable } from "../../core/engine/errors";
import { rejection } from "./rejection";
import { sshScene } from "./ssh-scene";

const scene = sshScene();
const { open, path } = scene;

describe("run", () => {
  const marker = () => path("pwned");
  const awkward = () => [
    "",
    " ",
    "two words",
    "it's",
    '"double"',
    "a\nb\n",
    "\ttab",
    "ünïcödé 電話 🦓",
    `$(touch ${marker()})`,
    `\`touch ${marker()}\``,
    `; touch ${marker()}`,
    "$HOME",
    "*",
    "~",
    "\\",
    "\\'",
    "-n",
    "!!",
    "&|<>(){}[]#",
    "\u0001\u007f",
  ];

  test.each([false, true])("hands every argument over as it is (sudo: %s)", async (sudo) => {
    const access = await open({}, {}, sudo);
    const { stdout } = await access.run(["printf", "%s\\0", ...awkward()]);
    expect(stdout.split("\0").slice(0, -1)).toEqual(awkward());
    const script = await access.script('printf "%s\\0" "$@"', awkward());
    expect(script.stdout.split("\0").slice(0, -1)).toEqual(awkward());
    expect(existsSync(marker())).toBe(false);
  });

  test("with sudo the program runs below sudo", async () => {
    const access = await open({}, {}, true);
    expect((await access.script('printf %s "$SUDO_COMMAND"')).stdout).toContain("sh -c");
  });

  test("an exit code that was not accepted names host, command, code and what was said", async () => {
    const error = await rejection(scene.zk1.script("echo out; echo oops >&2; exit 3"));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error).toMatchObject({ host: "zk1", code: 3 });
    expect(error.message).toMatch(/^zk1: sh -c .* ended with exit code 3: oops$/);
  });

  test("accepted codes are results; a signal is 128 + its number", async () => {
    await expect(scene.zk1.script("exit 4", [], { accept: [0, 4] })).resolves.toMatchObject({ code: 4 });
    await expect(scene.zk1.script("kill -9 $$", [], { accept: "any" })).resolves.toMatchObject({ code: 137 });
    await expect(rejection(scene.zk1.run(["no-such-program"]))).resolves.toMatchObject({ code: 127 });
  });

  test("standard input reaches the program, closed when there is none", async () => {
    const bytes = "secret $(x)\n'";
    await expect(scene.zk1.run(["cat"], { stdin: bytes })).resolves.toMatchObject({ stdout: bytes });
    await expect(scene.zk1.run(["cat"])).resolves.toMatchObject({ stdout: "" });
  });

  test("what is piped in shows in no error", async () => {
    const error = await rejection(scene.zk1.script("cat > /dev/null; exit 1", [], { stdin: "hunter2" }));
    expect(error.message).not.toContain("hunter2");
  });

  test("a command beyond its time is given up, and said to be perhaps still running", async () => {
    const pidFile = path("sleeper");
    const began = performance.now();
    const error = await rejection(
      scene.zk1.script(`echo $$ > ${pidFile}; exec sleep 60`, [], { timeoutMs: 300 }),
    );
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(
      /^zk1: .* did not end within 300 ms and was given up. It may still run there/,
    );
    expect(performance.now() - began).toBeLessThan(2000);
    await scene.zk1.script('kill "$1"', [readFileSync(pidFile, "utf8").trim()], { accept: [0, 1] });
  });

  test("thirty at once share one connection, eight at a time", async () => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, i) => scene.zk1.run(["echo", String(i)])),
    );
    expect(results.map((each) => each.stdout.trim())).toEqual(results.map((_, i) => String(i)));
  });

  test("a place that nobody gives back does not block for ever", async () => {
    const access = await open();
    const held = await Promise.all(
      Array.from({ length: 8 }, () => access.hold(["sh", "-c", "echo on; cat"])),
    );
    const error = await rejection(access.run(["true"], { timeoutMs: 100 }));
    expect(error.message).toMatch(/no free channel for `true` within 100 ms/);
    await held[0]?.release();
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
    await Promise.all(held.map((each) => each.release()));
  });
});
