/** Quoting, judged by a real shell for any text, and by its exact form for the cases one would get wrong. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { commandLine, quote, sayCommand } from "../../../core/transports/ssh/quote";

test("a shell gives any argument back unchanged", () => {
  const argument = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && isWellFormed(text));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 20, maxLength: 60 }), (args) => {
      const line = commandLine(["printf", "%s\\0", ...args], false);
      const printed = execFileSync("sh", ["-c", line]).toString("utf8");
      expect(printed.split("\0").slice(0, -1)).toEqual(args);
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["", "''"],
  ["a b", "'a b'"],
  ["it's", "'it'\\''s'"],
  ["$(x)", "'$(x)'"],
])("%j becomes %s", (argument, expected) => {
  expect(quote(argument)).toBe(expected);
});

test("sudo never asks and never takes an argument for an option of its own", () => {
  expect(commandLine(["cat", "--", "-x"], true)).toBe("exec 'sudo' '-n' '--' 'cat' '--' '-x'");
});

test("what no argument can hold, and what is no program, is a bug and is said", () => {
  expect(() => quote("a\0b")).toThrow(TypeError);
  expect(() => commandLine([], false)).toThrow(TypeError);
  expect(() => commandLine(["-c"], false)).toThrow(TypeError);
});

test("messages show one line of it", () => {
  expect(sayCommand(["ls", "-l", "/a b"])).toBe("ls -l '/a b'");
  expect(sayCommand(["sh", "-c", "set -e\necho x"])).toBe("sh -c 'set -e…");
  expect(sayCommand(["echo", "x".repeat(500)]).length).toBeLessThan(170);
});

/** Lone surrogates have no UTF-8 form, so they cannot be in an argument. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString() === text;
}
