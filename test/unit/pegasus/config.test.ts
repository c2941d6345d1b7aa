/** The two values that a migration changes: there and back, a file is what it was, to the byte. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSettings, writeSettings } from "../../../core/pegasus/config";

const NEW = "10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/chroot";

function thereAndBack(original: Buffer): { moved: Buffer; back: Buffer } {
  const before = readSettings(original);
  const moved = writeSettings(original, { hostsList: NEW, recover: before.recover && "true" });
  return { moved, back: writeSettings(moved, before) };
}

test.each(["pegasus-config.ini", "pegasus-config.min.ini"])("the shipped %s", (name) => {
  const original = readFileSync(join(__dirname, "../editors/recorded", name));
  const { moved, back } = thereAndBack(original);
  expect(readSettings(moved).hostsList).toBe(NEW);
  expect(moved.equals(original)).toBe(false);
  expect(back.equals(original)).toBe(true);
});

test("any file: the new list is loaded, nothing else is another, and the way back leads back", () => {
  const blank = fc.constantFrom("", " ", "\t", "   ");
  const filler = fc.constantFrom(
    "",
    "; hosts_list = a",
    "# 注",
    "  timeout_ms = 10000",
    "x=%{y}",
    "hosts_list2 = b",
  );
  const entry = (key: string, value: fc.Arbitrary<string>) =>
    fc
      .tuple(blank, blank, blank, value, fc.constantFrom("", " ; why", "#why"))
      .map(([indent, left, right, text, comment]) => `${indent}${key}${left}=${right}${text}${comment}`);
  const section = (name: string, own: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.array(filler, { maxLength: 3 }), own, fc.array(filler, { maxLength: 3 }))
      .map(([before, line, after]) => [`[${name}]`, ...before, line, ...after]);
  const zookeeper = section(
    "zookeeper",
    entry("hosts_list", fc.constantFrom("a:1", "a:1,b:2/x", "a:1, b:2")),
  );
  const meta = section("meta_server", entry("recover_from_replica_server", fc.constantFrom("false", "true")));
  const file = fc
    .tuple(zookeeper, meta, fc.boolean(), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([first, second, swapped, end, last]) => {
      const lines = swapped ? [...second, ...first] : [...first, ...second];
      return Buffer.from(lines.join(end) + (last ? end : ""));
    });
  fc.assert(
    fc.property(file, (original) => {
      const { moved, back } = thereAndBack(original);
      expect(readSettings(moved)).toEqual({ hostsList: NEW, recover: "true" });
      const changed = lines(moved).filter((line, at) => line !== lines(original)[at]);
      expect(changed.every((line) => /hosts_list|recover_from_replica_server/.test(line))).toBe(true);
      expect(back.toString()).toBe(original.toString());
    }),
  );
});

const lines = (bytes: Buffer) => bytes.toString().split("\n");
