/** The user's own commands, and what takes them back: each by itself. */
import { type Command, commandHandlers, commandSteps } from "../../../core/engine/command-steps";
import { CommandFailed, HostUnreachable, UnknownHost } from "../../../core/engine/errors";

const PAUSE = [
  { run: "pause", on: "ck1" },
  { run: "pause", on: "ck2" },
];
const RESUME = [
  { run: "resume", on: "ck2" },
  { run: "resume", on: "ck1" },
];

/** Takes the first of two pauses back, which resumes both. @param fails where a command fails, and how */
async function resumeAll(fails: Readonly<Record<string, Error>>) {
  const [step] = commandSteps("pause writers", PAUSE, { undo: RESUME });
  const ran: string[] = [];
  const said: string[] = [];
  const world = {
    async command({ run, on }: Command) {
      const failure = fails[on ?? ""];
      if (failure) throw failure;
      ran.push(`${run} on ${on}`);
      return { code: 0, stdout: "" };
    },
  };
  const result = () => ({});
  const context = { step: step!, world, run: "r", applied: false, result, has: () => false };
  const failed = await commandHandlers["user.command"]!.undo!({
    ...context,
    say: (line) => said.push(line),
  }).then(
    () => undefined,
    (error: Error) => error,
  );
  return { ran, said, failed };
}

test("every command runs, also where one fails, and the failure is told", async () => {
  const gone = new HostUnreachable("ck2", "no route", "Start it.");
  expect(await resumeAll({ ck2: gone })).toEqual({
    ran: ["resume on ck1"],
    said: ["ck2: no route. Start it."],
    failed: gone,
  });
  const refused = new CommandFailed("ck1", "resume", 1, "no such writer");
  expect(await resumeAll({ ck1: refused })).toMatchObject({ ran: ["resume on ck2"], failed: refused });
});

test("on a host that is declared no longer it is not run, and that is no failure", async () => {
  expect(await resumeAll({ ck2: new UnknownHost("ck2", ["ck1"]) })).toEqual({
    ran: ["resume on ck1"],
    said: ["not run, ck2 is declared no longer: resume"],
    failed: undefined,
  });
});

test("a bug of ours is not held back", async () => {
  const bug = new Error("undefined is not a function");
  expect(await resumeAll({ ck2: bug })).toEqual({ ran: [], said: [], failed: bug });
});
