/**
 * What holds for every file, tried on generated ones: nothing outside the edit changes, the way back leads back,
 * and what is thrown is a typed refusal.
 */
import fc from "fast-check";
import { applyEdits } from "../../../core/editors/edit";
import { EditError } from "../../../core/editors/errors";
import { getIniValue, parseIni } from "../../../core/editors/ini/parse-ini";
import { setIniValues } from "../../../core/editors/ini/set-ini-values";
import { readProperties } from "../../../core/editors/properties/parse-properties";
import {
  removeProperties,
  renderProperties,
  setProperties,
} from "../../../core/editors/properties/set-properties";
import { decodeText, encodeText } from "../../../core/editors/text";
import { readZooKeeperNodes } from "../../../core/editors/xml/read-zookeeper-nodes";
import { setZooKeeperNodes } from "../../../core/editors/xml/set-zookeeper-nodes";

const RUNS = { numRuns: 300, seed: 371 };

/** Gives undefined for a typed refusal; anything else that is thrown fails the test. */
function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof EditError) return undefined;
    throw error;
  }
}

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ minLength: 1, unit: "binary" }).filter((text) => !/[\s\p{C}]/u.test(text)),
  fc.constantFrom("</host>", "<!--", "&amp;", "]]>", "a'\"b", "<node>", "${x}", "$&", "$1"),
);
const node = fc.record({ host, port: fc.integer({ min: 1, max: 65535 }), secure: fc.boolean() });
const space = fc.constantFrom("", " ", "\n", "\r\n\t", "\n        ", "\n<!-- 节点 <node> -->\n  ");

/** A document with the ensemble amid others that hold the same hosts, in the styles that are met. */
const document = fc
  .record({
    nodes: fc.array(
      fc.record({ host: fc.domain(), port: fc.integer({ min: 1, max: 65535 }), secure: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
    root: fc.constantFrom("yandex", "clickhouse"),
    style: fc.constantFrom("index", "plain", "numbered"),
    out: space,
    inner: space,
    tail: fc.constantFrom(
      "",
      "<session_timeout_ms>1</session_timeout_ms>",
      "<identity>a:b</identity><!-- x -->",
    ),
    bom: fc.constantFrom("", "\ufeff"),
  })
  .map(({ nodes, root, style, out, inner, tail, bom }) => {
    const region = nodes
      .map(({ host, port, secure }, at) => {
        const name = style === "numbered" ? `node${at + 1}` : "node";
        const open = style === "index" ? `node index="${at + 1}"` : name;
        const tls = secure ? `${inner}<secure>1</secure>` : "";
        return `${out}<${open}>${inner}<host>${host}</host>${inner}<port>${port}</port>${tls}${inner}</${name}>`;
      })
      .join("");
    const before = `${bom}<?xml version="1.0"?>\n<${root}><cold><node><host>${nodes[0]?.host ?? ""}</host></node></cold>${out}<zk replace="1">`;
    const after = `${out}${tail}</zk>${inner}</${root}>\n`;
    return { text: before + region + after, before, after, nodes };
  });

test("nodes: only their region changes, they are the wanted ones, and the way back leads back", () => {
  fc.assert(
    fc.property(
      document,
      fc.array(node, { minLength: 1, maxLength: 6 }),
      ({ text, before, after, nodes }, wanted) => {
        const moved = applyEdits(text, setZooKeeperNodes(text, "zk", wanted));
        expect(moved.startsWith(before.trimEnd()) && moved.endsWith(after.trimStart())).toBe(true);
        const plain = (from: string) =>
          readZooKeeperNodes(from, "zk").nodes.map(({ index: _, ...rest }) => rest);
        expect(plain(moved)).toEqual(wanted);
        const back = applyEdits(moved, setZooKeeperNodes(moved, "zk", nodes));
        expect(plain(back)).toEqual(nodes);
        const secureStays = nodes.every(({ secure }, at) => !secure || wanted[at]?.secure);
        if (wanted.length >= nodes.length && secureStays) expect(back).toBe(text);
        expect(setZooKeeperNodes(moved, "zk", wanted)).toEqual([]);
      },
    ),
    RUNS,
  );
});

const word = fc.stringMatching(/^[a-z_.%{}]{1,8}$/);
const iniValue = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => text.replace(/[\0-\x1f\x7f]/g, "").trim()),
  fc.constantFrom(
    "zk1:2181,zk2:2181",
    "#x",
    "a;b",
    "a=b",
    "[x]",
    "^#",
    "a^",
    '"q"',
    "\\",
    "true",
    "%{x}",
    "",
  ),
);

test("ini: the asked key has the asked value, all others keep theirs, and every other line its bytes", () => {
  const line = fc
    .tuple(
      fc.constantFrom("", "  ", "\t"),
      word,
      fc.constantFrom("=", " = ", " =", "= "),
      iniValue,
      fc.constantFrom("", " # 注", ";c"),
    )
    .map(
      ([indent, key, between, value, comment]) =>
        `${indent}${key}${between}${value.replace(/[#;]/g, "^$&")}${comment}`,
    );
  const filler = fc.constantFrom("", "# comment = 1", "  ; [x]", "bare");
  const file = fc
    .tuple(
      fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
      fc.array(fc.oneof(line, filler), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n"),
    )
    .map(([names, lines, ending]) =>
      names.flatMap((name, at) => [`[${name}]`, ...lines.slice(at * 3, at * 3 + 3)]).join(ending),
    );
  let edited = 0;
  fc.assert(
    fc.property(file, word, word, iniValue, (text, name, key, value) => {
      const section = parseIni(text)[0]?.name ?? name;
      const was = getIniValue(text, section, key);
      const change = unlessRefused(() => setIniValues(text, [{ section, key, value }]));
      if (!change) return;
      edited++;
      const after = applyEdits(text, change.edits);
      expect(getIniValue(after, section, key)).toBe(value);
      const changed = after.split("\n").filter((candidate) => !text.split("\n").includes(candidate));
      expect(changed.length).toBeLessThanOrEqual(text.endsWith("\n") || was !== undefined ? 1 : 2);
      if (was !== undefined && was !== "")
        expect(applyEdits(after, setIniValues(after, [{ section, key, value: was }]).edits)).toBe(text);
    }),
    RUNS,
  );
  expect(edited).toBeGreaterThan(RUNS.numRuns / 2);
});

test("properties: any keys and values, there and away again", () => {
  const any = fc.string({ unit: "binary", maxLength: 12 });
  fc.assert(
    fc.property(fc.dictionary(any, any), any, any, (entries, key, value) => {
      const text = renderProperties(Object.entries(entries));
      const was = readProperties(text);
      expect(Object.fromEntries(was)).toEqual({ ...entries });
      const set = applyEdits(text, setProperties(text, [[key, value]]));
      expect(readProperties(set).get(key)).toBe(value);
      const former = was.get(key);
      const back = former === undefined ? removeProperties(set, [key]) : setProperties(set, [[key, former]]);
      expect(applyEdits(set, back)).toBe(text);
    }),
    RUNS,
  );
});

test("bytes survive decoding and encoding, whatever they are", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (array) => {
      const bytes = Buffer.from(array);
      expect(encodeText(decodeText(bytes)).equals(bytes)).toBe(true);
    }),
    RUNS,
  );
});
