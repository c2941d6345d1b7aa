/** Files that were mangled, or made to be slow to read: a refusal with a type, no secret in it, and soon. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { maskSecrets } from "../../../core/editors/edit";
import { EditError } from "../../../core/editors/errors";
import { setIniValues } from "../../../core/editors/ini/set-ini-values";
import { setProperties } from "../../../core/editors/properties/set-properties";
import { lineSecrets, xmlSecrets } from "../../../core/editors/secrets";
import { setZooKeeperNodes } from "../../../core/editors/xml/set-zookeeper-nodes";

test("10 000 mangled files: a typed refusal or a proven edit, within seconds", () => {
  const xml = readFileSync(join(__dirname, "samples/metrika.xml"), "utf8");
  const ini = readFileSync(join(__dirname, "recorded/pegasus-config.min.ini"), "utf8").slice(1000, 2500);
  const scraps = [
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "&",
    '"',
    "<node>",
    "]]>",
    "\0",
    "[",
    "]",
    "=",
    "#",
    "^",
    "\n",
    "\\",
    "\\u",
    "%",
    "{",
  ];
  const mangle = (text: string) =>
    fc
      .array(fc.tuple(fc.nat(text.length), fc.nat(6), fc.constantFrom("", ...scraps)), {
        minLength: 1,
        maxLength: 4,
      })
      .map((cuts) =>
        cuts.reduce((now, [at, length, scrap]) => now.slice(0, at) + scrap + now.slice(at + length), text),
      );
  const wanted = [{ host: "zk1", port: 2181 }];
  let edited = 0;
  const survive = (act: () => readonly unknown[]) => {
    if (unlessRefused(act)) edited++;
  };
  fc.assert(
    fc.property(mangle(xml), (text) => survive(() => setZooKeeperNodes(text, "zookeeper-servers", wanted))),
    { numRuns: 1000, seed: 371 },
  );
  fc.assert(
    fc.property(mangle(ini), (text) => {
      survive(() => setIniValues(text, [{ section: "core", key: "tool", value: "x" }]).edits);
      survive(() => setProperties(text, [["tool", "x"]]));
    }),
    { numRuns: 4500, seed: 371 },
  );
  expect(edited).toBeGreaterThan(2000);
  expect(edited).toBeLessThan(10_000);
});

test.each<[string, string]>([
  ["openings", "<identity>".repeat(20_000)],
  ["attributes", `<a${" password".repeat(20_000)}`],
  ["one long name", `<${"password".repeat(20_000)}`],
  [
    "white space",
    `<clickhouse><zookeeper><node>${" ".repeat(200_000)}<host>a${" ".repeat(200_000)}</host></node></zookeeper></clickhouse>`,
  ],
  [
    "ampersands",
    `<clickhouse><zookeeper><node><host>${"&".repeat(200_000)}</host></node></zookeeper></clickhouse>`,
  ],
  ["comments", `<a>${"<!---->".repeat(40_000)}`],
  ["doctype", `<!DOCTYPE a [${"<".repeat(200_000)}`],
  ["backslashes", `a=${"\\".repeat(200_001)}`],
  ["continued lines", "a\\\n".repeat(40_000)],
  ["sections", Array.from({ length: 20_000 }, (_, at) => `[a${at}]\nk = 1`).join("\n")],
  ["one long line", `[a]\nk = ${"password ".repeat(20_000)}`],
])("200 KB of %s take less than two seconds of a processor", (_, text) => {
  // Processor time: what the rest of the machine does meanwhile is no fault of ours.
  const start = process.cpuUsage();
  unlessRefused(() => setZooKeeperNodes(text, "zookeeper", [{ host: "b", port: 2181 }]));
  unlessRefused(() => setIniValues(text, [{ section: "a", key: "k", value: "2" }]));
  unlessRefused(() => setProperties(text, [["a", "2"]]));
  maskSecrets(text, xmlSecrets);
  maskSecrets(text, lineSecrets);
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(2000);
});

/** Gives undefined for a typed refusal without the sample's secret; anything else that is thrown fails the test. */
function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof EditError && !error.message.includes("s3cret")) return undefined;
    throw error;
  }
}
