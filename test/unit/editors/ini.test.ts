/** Pegasus' config.ini by the rules of its own parser, on the real files and on the odd ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits } from "../../../core/editors/edit";
import { EditNotProven, MalformedIni, NotExpressible, SectionNotFound } from "../../../core/editors/errors";
import { crossCheckWithIni } from "../../../core/editors/ini/cross-check";
import { getIniValue, parseIni } from "../../../core/editors/ini/parse-ini";
import { setIniValues } from "../../../core/editors/ini/set-ini-values";

const shipped = readFileSync(join(__dirname, "recorded/pegasus-config.ini"), "utf8");
const minimal = readFileSync(join(__dirname, "recorded/pegasus-config.min.ini"), "utf8");

const set = (text: string, section: string, key: string, value: string, createSections = false) =>
  applyEdits(text, setIniValues(text, [{ section, key, value }], { createSections }).edits);

test("reads the shipped file as Pegasus does: every section, placeholders as they are", () => {
  expect(parseIni(shipped)).toHaveLength(shipped.match(/^\[/gm)?.length ?? 0);
  expect(getIniValue(shipped, "meta_server", "cluster_root")).toBe("/pegasus/%{cluster.name}");
  expect(getIniValue(shipped, "zookeeper", "hosts_list")).toBe("%{zk.server.list}");
  expect(getIniValue(shipped, "zookeeper", "Hosts_list")).toBeUndefined();
});

test.each([
  ["shipped", shipped],
  ["with carriage returns", shipped.replaceAll("\n", "\r\n")],
  ["without a last line feed", shipped.trimEnd()],
])("hosts_list forward and back, %s: one line differs, then none", (_, text) => {
  const moved = set(text, "zookeeper", "hosts_list", "zk1:2181,zk2:2181/chroot");
  expect(moved).toBe(text.replace("%{zk.server.list}", "zk1:2181,zk2:2181/chroot"));
  expect(set(moved, "zookeeper", "hosts_list", "%{zk.server.list}")).toBe(text);
  expect(
    setIniValues(moved, [{ section: "zookeeper", key: "hosts_list", value: "zk1:2181,zk2:2181/chroot" }])
      .edits,
  ).toEqual([]);
});

test("a placeholder that is replaced is worth a warning", () => {
  const { warnings } = setIniValues(shipped, [
    { section: "zookeeper", key: "hosts_list", value: "zk1:2181" },
  ]);
  expect(warnings).toEqual([expect.stringContaining("[zookeeper] hosts_list: line 412 held a placeholder")]);
});

test("missing keys follow the last one of their section, in one place", () => {
  const { edits } = setIniValues(minimal, [
    { section: "meta_server", key: "recover_from_replica_server", value: "true" },
    { section: "meta_server", key: "meta_function_level_on_start", value: "blind" },
  ]);
  expect(edits).toHaveLength(minimal.includes("meta_function_level_on_start") ? 2 : 1);
  const after = applyEdits(minimal, edits);
  expect(getIniValue(after, "meta_server", "recover_from_replica_server")).toBe("true");
  expect(getIniValue(after, "meta_server", "meta_function_level_on_start")).toBe("blind");
  expect(after).toContain("\n  recover_from_replica_server = true\n");
});

test.each<[string, string, string, string, string, string]>([
  ["an inline comment", "[a]\nk = v # why\n", "a", "k", "w", "[a]\nk = w # why\n"],
  ["no space at all", "[a]\nk=v;c\n", "a", "k", "w", "[a]\nk=w;c\n"],
  ["an escape", "[a]\nk = v^#1 ; c\n", "a", "k", "w;2#", "[a]\nk = w^;2^# ; c\n"],
  ["a second = in the value", "[a]\nk = a=b\n", "a", "k", "c=d", "[a]\nk = c=d\n"],
  ["an empty value", "[a]\nk =\n", "a", "k", "w", "[a]\nk = w\n"],
  ["an empty value without space", "[a]\nk=\r\n", "a", "k", "w", "[a]\nk=w\r\n"],
  ["a key alone", "[a]\n  k # c\n", "a", "k", "w", "[a]\n  k = w # c\n"],
  ["a double: the first counts", "[a]\nk = 1\nk = 2\n", "a", "k", "3", "[a]\nk = 3\nk = 2\n"],
  ["a missing key", "[a]\n\tj=1\n\n[b]\n", "a", "k", "w", "[a]\n\tj=1\n\tk=w\n\n[b]\n"],
  ["a section without keys", "[a]\n\n[b]", "a", "k", "w", "[a]\n  k = w\n\n[b]"],
  ["no last line feed", "[a]\r\nj = 1", "a", "k", "w", "[a]\r\nj = 1\r\nk = w"],
  ["Chinese comments", "[a] ; 元数据\nk = v ; 值\n", "a", "k", "w", "[a] ; 元数据\nk = w ; 值\n"],
  ["a dotted section", "[a.b]\nk = v\n[a]\nb = 1\n", "a.b", "k", "w", "[a.b]\nk = w\n[a]\nb = 1\n"],
  ["a new section", "[a]\nj = 1", "n", "k", "w", "[a]\nj = 1\n\n[n]\n  k = w\n"],
  ["%argument% reads as empty", "[a]\nk = %x%\n", "a", "k", "w", "[a]\nk = w\n"],
  [
    "a secret-looking name",
    "[a]\n__proto__ = 1\nk = 2\n",
    "a",
    "__proto__",
    "w",
    "[a]\n__proto__ = w\nk = 2\n",
  ],
])("sets, with %s", (_, before, section, key, value, after) => {
  const edited = set(before, section, key, value, true);
  expect(edited).toBe(after);
  expect(getIniValue(edited, section, key)).toBe(value);
});

test("warns of a double, by lines and without values", () => {
  const { warnings } = setIniValues("[a]\nk = 1\nk = hidden\n", [{ section: "a", key: "k", value: "3" }]);
  expect(warnings).toEqual(["[a] k: line 2 counts, Pegasus skips line 3"]);
});

test("new sections follow new keys at the end of a file without a last line feed", () => {
  const changes = [
    { section: "a", key: "k", value: "1" },
    { section: "b", key: "k", value: "2" },
    { section: "c", key: "k", value: "3" },
  ];
  const { edits } = setIniValues("[a]\nj = 1", changes, { createSections: true });
  expect(applyEdits("[a]\nj = 1", edits)).toBe("[a]\nj = 1\nk = 1\n\n[b]\n  k = 2\n\n[c]\n  k = 3\n");
});

test.each([
  ["an empty file", ""],
  ["a section twice", "[a]\n[b]\n[a]\n"],
  ["a section with =", "[a=b]\n"],
  ["a section unclosed", "[a\n"],
  ["a section unclosed but for its comment", "[a # ]\n"],
  ["a section without a name", "[ ]\n"],
  ["a key before any section", "k = 1\n"],
  ["a byte order mark", "\ufeff[a]\n"],
  ["a value without a key", "[a]\n = 1\n"],
])("refuses what Pegasus does not load: %s", (_, text) => {
  expect(() => parseIni(text)).toThrow(MalformedIni);
});

test.each(["a\nb = 1", "a\r", " a", "a ", "%a%", "a\0", "\t"])("refuses the value %j", (value) => {
  expect(() => set("[a]\nk = 1\n", "a", "k", value)).toThrow(NotExpressible);
});

test.each(["a=b", "[a", "a#", " a", "", "a\nb"])("refuses the key %j", (key) => {
  expect(() => set("[a]\nk = 1\n", "a", key, "1")).toThrow(NotExpressible);
});

test.each(["a]", "a=", "", "a\n[b"])("refuses the section %j", (section) => {
  expect(() => set("[a]\nk = 1\n", section, "k", "1", true)).toThrow(NotExpressible);
});

test("refuses a missing section unless asked, and two values for one key", () => {
  expect(() => set("[a]\nk = 1\n", "b", "k", "1")).toThrow(SectionNotFound);
  const change = { section: "a", key: "k", value: "1" };
  expect(() => setIniValues("[a]\n", [change, change])).toThrow(NotExpressible);
});

test("the other reader sees a change that was not asked for", () => {
  const change = { section: "a", key: "k", value: "2" };
  expect(() => crossCheckWithIni("[a]\nk=1\nj=1\n", "[a]\nk=2\nj=1\n", [change])).not.toThrow();
  expect(() => crossCheckWithIni("[a]\nk=1\nj=1\n", "[a]\nk=2\nj=3\n", [change])).toThrow(EditNotProven);
  expect(() => crossCheckWithIni("[a]\nk=1\nj=1\n", "[a]\nk=2\n", [change])).toThrow(EditNotProven);
  expect(() => crossCheckWithIni("[a]\nk=1\nj=1\n", "[a]\nk=3\nj=1\n", [change])).toThrow(EditNotProven);
});
