/** Edits as data, bytes as text, and diffs that show no secret. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits, maskSecrets, unifiedDiff } from "../../../core/editors/edit";
import { EditsCollide, NotEncodable } from "../../../core/editors/errors";
import { lineSecrets, xmlSecrets } from "../../../core/editors/secrets";
import { decodeText, editBytes, encodeText } from "../../../core/editors/text";

const metrika = readFileSync(join(__dirname, "samples/metrika.xml"), "utf8");

test("applies edits by their place in the original, insertions in their order", () => {
  const edits = [
    { offset: 4, length: 1, content: "E" },
    { offset: 1, length: 2, content: "" },
    { offset: 4, length: 0, content: "1" },
    { offset: 4, length: 0, content: "2" },
  ];
  expect(applyEdits("abcdef", edits)).toBe("ad12Ef");
});

test.each([
  [
    [
      { offset: 0, length: 2, content: "" },
      { offset: 1, length: 1, content: "" },
    ],
  ],
  [
    [
      { offset: 0, length: 2, content: "" },
      { offset: 1, length: 0, content: "x" },
    ],
  ],
  [[{ offset: 2, length: 2, content: "" }]],
  [[{ offset: -1, length: 1, content: "" }]],
  [[{ offset: 0.5, length: 1, content: "" }]],
  [[{ offset: 0, length: NaN, content: "" }]],
])("refuses %j", (edits) => {
  expect(() => applyEdits("abc", edits)).toThrow(EditsCollide);
});

test("bytes that are no UTF-8 take no character above U+00FF", () => {
  const bytes = Buffer.from("k=\xd6\xd0", "latin1");
  expect(decodeText(bytes).encoding).toBe("latin1");
  expect(encodeText(decodeText(bytes)).equals(bytes)).toBe(true);
  expect(() => editBytes(bytes, () => [{ offset: 2, length: 0, content: "中" }])).toThrow(NotEncodable);
});

test("a diff as diff -u gives it", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12";
  expect(
    unifiedDiff("ck1:/etc/x", before, before.replace("2\n", "two\n").replace("12", "twelve\n"), lineSecrets),
  ).toEqual(
    (
      "--- ck1:/etc/x\n+++ ck1:/etc/x\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n" +
      "@@ -9,4 +9,4 @@\n 9\n 10\n 11\n-12\n\\ No newline at end of file\n+twelve"
    ).split("\n"),
  );
  expect(unifiedDiff("x", "a", "a", lineSecrets)).toEqual([]);
  expect(unifiedDiff("x", "", "a\n", lineSecrets)).toEqual(["--- x", "+++ x", "@@ -0,0 +1,1 @@", "+a"]);
});

test("an identity beside the changed line is masked on both sides, also when it changes", () => {
  const after = metrika.replace("ck:s3cret", "ck:n3w").replace("<root>/ck<", "<root>/new<");
  const diff = unifiedDiff("m", metrika, after, xmlSecrets);
  expect(diff).toContain("-        <root>/ck</root>");
  expect(diff).toContain("-        <identity>******</identity>");
  expect(diff).toContain("+        <identity>******</identity>");
  expect(diff.join("\n")).not.toMatch(/s3cret|n3w/);
});

test.each([
  ["<identity>\n  a:b\n</identity>", "<identity>\n  ******\n</identity>"],
  ["<!-- <password>x</password> -->", "<!-- <password>******</password> -->"],
  ["<password_sha256_hex>ab</password_sha256_hex>", "<password_sha256_hex>******</password_sha256_hex>"],
  ["<identity><![CDATA[a<b]]></identity><host>z</host>", "<identity>******</identity><host>z</host>"],
  ["<identity>a:b<host>z</host>", "<identity>******<host>z</host>"],
  ["<s3 secret_access_key='k' x='1'/>", "<s3 secret_access_key='******' x='1'/>"],
  ["<password/><host>z</host>", "<password/><host>z</host>"],
])("masks %j", (text, shown) => {
  expect(maskSecrets(text, xmlSecrets)).toBe(shown);
});

test.each([
  ["  sasl_password = p w # c", "  sasl_password = ******"],
  ["ssl.keyStore.password=x", "ssl.keyStore.password=******"],
  ["# superDigest=super:hash", "# superDigest=******"],
  ["password x", "password ******"],
  ["password=a\\\n  b\nhost=z", "password=******\n  ******\nhost=z"],
  [
    'export F="-Djavax.net.ssl.trustStorePassword=x -Xmx1g"',
    'export F="-Djavax.net.ssl.trustStorePassword=******',
  ],
  ["hosts_list = a:1", "hosts_list = a:1"],
  ["url = http://u:p@h:1/", "url = http://u:******@h:1/"],
  ["password=a\r\nb=c\r\n", "password=******\nb=c\n"],
])("masks %j", (text, shown) => {
  expect(maskSecrets(text, lineSecrets)).toBe(shown);
});
