/** Reading and setting ZooKeeper nodes in ClickHouse's XML: the shapes of the field. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits } from "../../../core/editors/edit";
import { MalformedXml, NodesElsewhere, NotExpressible } from "../../../core/editors/errors";
import { decodeText, editBytes } from "../../../core/editors/text";
import { readZooKeeperNodes } from "../../../core/editors/xml/read-zookeeper-nodes";
import { setZooKeeperNodes } from "../../../core/editors/xml/set-zookeeper-nodes";

const sample = readFileSync(join(__dirname, "samples/metrika.xml"));
const metrika = decodeText(sample).text;
const old = readZooKeeperNodes(metrika, "zookeeper-servers").nodes;
const fresh = ["172.26.53.28", "172.26.64.167", "172.26.64.168"].map((host) => ({ host, port: 2182 }));
const five = [...fresh, { host: "zk4", port: 2181 }, { host: "zk5", port: 2181 }];

const set = (
  text: string,
  element: string,
  nodes: readonly { host: string; port: number; secure?: boolean }[],
) => applyEdits(text, setZooKeeperNodes(text, element, nodes));
const hosts = (text: string, element: string) =>
  readZooKeeperNodes(text, element).nodes.map(({ host }) => host);
const wrap = (inner: string) => `<clickhouse><zookeeper>${inner}</zookeeper></clickhouse>`;

test("reads nodes in order, and the settings beside them without the identity", () => {
  expect(readZooKeeperNodes(metrika, "zookeeper-servers")).toEqual({
    nodes: [
      { host: "172.26.25.109", port: 2181, secure: false, index: "1" },
      { host: "172.26.25.110", port: 2181, secure: false, index: "2" },
      { host: "172.26.25.111", port: 2181, secure: false, index: "3" },
    ],
    root: "/ck",
    sessionTimeoutMs: 30000,
    hasIdentity: true,
  });
});

test("three for three: only host and port change, the same hosts elsewhere in the file do not", () => {
  const expected = metrika
    .replace("<host>172.26.25.109</host><!-- 机架", "<host>172.26.53.28</host><!-- 机架")
    .replace("172.26.25.110", "172.26.64.167")
    .replace("172.26.25.111", "172.26.64.168")
    .replaceAll("            <port>2181</port>", "            <port>2182</port>")
    .replace("\t    <port>2181</port>", "\t    <port>2182</port>");
  expect(set(metrika, "zookeeper-servers", fresh)).toBe(expected);
});

test.each([
  ["line feeds", sample],
  ["carriage returns", Buffer.from(metrika.replaceAll("\n", "\r\n"))],
  ["a byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), sample])],
  ["bytes that are not UTF-8", Buffer.concat([sample, Buffer.from("<!-- \xd6\xd0\xce\xc4 -->", "latin1")])],
  ["both", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), sample, Buffer.from("<!-- \xd6 -->", "latin1")])],
])("forward, back, forward with %s gives the same bytes", (_, bytes) => {
  const to = (nodes: readonly { host: string; port: number }[]) => (from: Buffer) =>
    editBytes(from, (text) => setZooKeeperNodes(text, "zookeeper-servers", nodes));
  const moved = to(fresh)(bytes);
  expect(moved.equals(bytes)).toBe(false);
  expect(to(old)(moved).equals(bytes)).toBe(true);
  expect(to(fresh)(to(old)(moved)).equals(moved)).toBe(true);
  expect(to(old)(bytes)).toBe(bytes);
});

test("three to five and back gives the same bytes; new nodes look like the last", () => {
  const grown = set(metrika, "zookeeper-servers", five);
  expect(grown).toContain(
    '        <node index="4">\n            <host> zk4 </host>\n            <port>2181</port>\n        </node>\n' +
      '        <node index="5">\n            <host> zk5 </host>\n            <port>2181</port>\n        </node>\n' +
      "        <session_timeout_ms>",
  );
  expect(set(grown, "zookeeper-servers", old)).toBe(metrika);
});

test("five to three and back keeps comments and gives the same nodes", () => {
  const grown = set(metrika, "zookeeper-servers", five);
  const shrunk = set(set(grown, "zookeeper-servers", [fresh[0]!]), "zookeeper-servers", five);
  expect(hosts(shrunk, "zookeeper-servers")).toEqual(five.map(({ host }) => host));
  expect(shrunk).toContain("<!-- 第三个节点 -->");
  expect(shrunk).toContain("<!-- 机架 A -->");
});

test("an added node takes neither comments nor settings that are one server's own", () => {
  const text = wrap(
    "\n  <node><host>a</host> <!-- rack 1 -->\n  <availability_zone>z1</availability_zone></node>\n",
  );
  expect(
    set(text, "zookeeper", [
      { host: "a", port: 2181 },
      { host: "b", port: 2191 },
    ]),
  ).toBe(
    wrap(
      "\n  <node><host>a</host> <!-- rack 1 -->\n  <availability_zone>z1</availability_zone></node>" +
        "\n  <node><host>b</host><port>2191</port></node>\n",
    ),
  );
});

test("a name at the root wins over the same name below; a path reaches the other", () => {
  const text = metrika.replaceAll("cold-zookeeper-servers", "zookeeper");
  expect(hosts(text, "zookeeper")).toEqual(["172.26.25.109"]);
  expect(hosts(text, "auxiliary_zookeepers/zookeeper")).toEqual(["aux1"]);
  expect(hosts(metrika, "zookeeper2")).toEqual(["aux2", "aux3"]);
});

test("numbered node elements and secure are kept for added nodes", () => {
  const grown = set(metrika, "auxiliary_zookeepers/zookeeper2", [
    { host: "aux2", port: 2281 },
    { host: "aux3", port: 2281 },
    { host: "x", port: 2281 },
  ]);
  expect(grown).toContain("\n            <node3><host>x</host><port>2281</port><secure>1</secure></node3>\n");
});

test("secure is added where asked, and taken away again to the same bytes", () => {
  const secured = set(
    metrika,
    "zookeeper-servers",
    old.map((node) => ({ ...node, secure: true })),
  );
  expect(secured).toContain("<port>2181</port>\n\t    <secure>1</secure>\n\t</node>");
  expect(readZooKeeperNodes(secured, "zookeeper-servers").nodes.every(({ secure }) => secure)).toBe(true);
  expect(set(secured, "zookeeper-servers", old)).toBe(metrika);
});

test("CDATA stays CDATA, references are read, an attribute may hold anything", () => {
  const text = `<clickhouse><a b="<node" /></clickhouse>`;
  expect(() => readZooKeeperNodes(text, "zookeeper")).toThrow(MalformedXml);
  const cdata = `<clickhouse><a b="zookeeper>"/><zookeeper replace="1"><node><host><![CDATA[a]]></host></node></zookeeper></clickhouse>`;
  expect(set(cdata, "zookeeper", [{ host: "b", port: 2181 }])).toBe(cdata.replace("[a]", "[b]"));
  expect(hosts(wrap("<node><host>zk&#45;&#x31;</host></node>"), "zookeeper")).toEqual(["zk-1"]);
});

test.each(["</host><host>evil", "<!--", "a&b", "]]>", '"><incl', "&lt;", "a;b`$(reboot)`"])(
  "a host name %s stays data",
  (host) => {
    const text = set(metrika, "zookeeper-servers", [{ host, port: 2181 }]);
    expect(hosts(text, "zookeeper-servers")).toEqual([host]);
  },
);

test.each(["", " ", "a b", "a\nb", "a\0", "a\u200b", "\ud800"])("a host name %j is refused", (host) => {
  expect(() => setZooKeeperNodes(metrika, "zookeeper-servers", [{ host, port: 1 }])).toThrow(NotExpressible);
});

test.each([0, 65536, 1.5, NaN])("port %p is refused", (port) => {
  expect(() => setZooKeeperNodes(metrika, "zookeeper-servers", [{ host: "a", port }])).toThrow(
    NotExpressible,
  );
});

test("the recorded config.xml says where its nodes are", () => {
  const text = readFileSync(join(__dirname, "recorded/clickhouse-config-18.16.xml"), "utf8");
  expect(() => readZooKeeperNodes(text, "zookeeper")).toThrow(NodesElsewhere);
  expect(() => readZooKeeperNodes(text, "zookeeper")).toThrow(/element "zookeeper-servers"/);
  const filled = text.replace(
    '<zookeeper incl="zookeeper-servers" optional="true" />',
    "<zookeeper><node><host>a</host></node></zookeeper>",
  );
  const moved = set(filled, "zookeeper", [{ host: "b", port: 2181 }]);
  expect(moved).toBe(filled.replace("<host>a</host></node>", "<host>b</host></node>"));
  expect(set(moved, "zookeeper", [{ host: "a", port: 2181 }])).toBe(filled);
});

test("passes over a document type with brackets in quotes and comments", () => {
  const text = `<?xml version="1.0"?>\n<!DOCTYPE clickhouse [<!-- ]> --><!ELEMENT a (#PCDATA)>]>\n${wrap("<node><host>a</host></node>")}`;
  expect(set(text, "zookeeper", [{ host: "b", port: 2181 }])).toBe(text.replace("<host>a", "<host>b"));
});
