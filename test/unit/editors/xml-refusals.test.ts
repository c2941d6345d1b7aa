/** What is refused in ClickHouse's XML, with which type, and that no refusal tells a secret. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits } from "../../../core/editors/edit";
import {
  EditError,
  EditNotProven,
  ElementFoundTwice,
  ElementNotFound,
  MalformedNode,
  MalformedXml,
  NodesElsewhere,
  NoNodes,
} from "../../../core/editors/errors";
import { crossCheckNodes } from "../../../core/editors/xml/cross-check";
import { readZooKeeperNodes } from "../../../core/editors/xml/read-zookeeper-nodes";
import { setZooKeeperNodes } from "../../../core/editors/xml/set-zookeeper-nodes";

const metrika = readFileSync(join(__dirname, "samples/metrika.xml"), "utf8");
const fresh = ["172.26.53.28", "172.26.64.167", "172.26.64.168"].map((host) => ({ host, port: 2182 }));
const wrap = (inner: string) => `<clickhouse><zookeeper>${inner}</zookeeper></clickhouse>`;

test.each<[string, string, new (...args: never[]) => EditError]>([
  ["no element", "<a/>", ElementNotFound],
  ["only in a comment", "<a><!-- <zookeeper><node/></zookeeper> --></a>", ElementNotFound],
  ["only in CDATA", "<a><![CDATA[<zookeeper></zookeeper>]]></a>", ElementNotFound],
  ["twice", `<a>${"<zookeeper><node><host>a</host></node></zookeeper>".repeat(2)}</a>`, ElementFoundTwice],
  ["twice below", `<a><b><zookeeper/></b><c><zookeeper/></c></a>`, ElementFoundTwice],
  ["no nodes", wrap("<root>/x</root>"), NoNodes],
  ["incl", `<a><zookeeper incl="x"/></a>`, NodesElsewhere],
  ["incl on a parent", `<a incl="y"><zookeeper><node><host>a</host></node></zookeeper></a>`, NodesElsewhere],
  ["from_zk", `<a><zookeeper from_zk="/x"/></a>`, NodesElsewhere],
  ["from_env host", wrap(`<node><host from_env="ZK"/></node>`), NodesElsewhere],
  ["include element", wrap(`<include from_zk="/x"/><node><host>a</host></node>`), NodesElsewhere],
  ["no host", wrap("<node><port>1</port></node>"), MalformedNode],
  ["two hosts", wrap("<node><host>a</host><host>b</host></node>"), MalformedNode],
  ["empty host", wrap("<node><host> </host></node>"), MalformedNode],
  ["port of words", wrap("<node><host>a</host><port>zk</port></node>"), MalformedNode],
  ["port 0", wrap("<node><host>a</host><port>0</port></node>"), MalformedNode],
  ["an element in host", wrap("<node><host><b/></host></node>"), MalformedNode],
  ["an unknown entity", wrap("<node><host>&zk;</host></node>"), MalformedNode],
  ["empty", "", MalformedXml],
  ["unclosed", "<a><zookeeper>", MalformedXml],
  ["crossed", "<a><b></a></b>", MalformedXml],
  ["unclosed comment", "<a><!-- </a>", MalformedXml],
  ["-- in a comment", "<a><!-- -- --></a>", MalformedXml],
  ["unclosed CDATA", "<a><![CDATA[</a>", MalformedXml],
  ["unclosed doctype", "<!DOCTYPE a [", MalformedXml],
  ["attribute without quotes", "<a b=c/>", MalformedXml],
  ["attribute twice", `<a b="1" b="2"/>`, MalformedXml],
  ["two roots", "<a/><b/>", MalformedXml],
  ["text outside", "<a/>x", MalformedXml],
  ["UTF-16", "\ufffd<\0a\0/\0>\0", MalformedXml],
  ["a bottomless pit", "<a>".repeat(200_000), MalformedXml],
])("refuses: %s", (_, text, type) => {
  expect(() => readZooKeeperNodes(text, "zookeeper")).toThrow(type);
  expect(() => setZooKeeperNodes(text, "zookeeper", [{ host: "b", port: 2181 }])).toThrow(type);
});

test("refuses what xml2js cannot read, though we could", () => {
  const text = wrap("<node><host>a</host></node><root>&zk;</root>");
  expect(() => setZooKeeperNodes(text, "zookeeper", [{ host: "b", port: 2181 }])).toThrow(EditNotProven);
});

test("a refusal names the line, the ensembles that are there, and no secret", () => {
  expect(() => readZooKeeperNodes(metrika, "zoo")).toThrow(
    "Elements with ZooKeeper nodes in this file: zookeeper-servers, cold-zookeeper-servers, " +
      "auxiliary_zookeepers/zookeeper, auxiliary_zookeepers/zookeeper2.",
  );
  expect(() => readZooKeeperNodes(metrika.replace("</identity>", ""), "zookeeper-servers")).toThrow(
    "line 25: a closing tag that is not that of line 24",
  );
});

test("the other reader sees an edit that went elsewhere", () => {
  const edited = applyEdits(metrika, setZooKeeperNodes(metrika, "zookeeper-servers", fresh));
  expect(() => crossCheckNodes(metrika, edited, "zookeeper-servers", fresh)).not.toThrow();
  const wrong = [
    edited.replace("<root>/ck<", "<root>/other<"),
    edited.replace('index="2"', 'index="9"'),
    edited.replace("ck:s3cret", "ck:other"),
    edited.replace("aux1", "aux9"),
    edited.replace("172.26.53.28", "172.26.53.29"),
    edited.replace("<!-- <zookeeper-servers>", "<zookeeper2/><!-- <zookeeper-servers>"),
    edited.replace("<yandex>", "<clickhouse>").replace("</yandex>", "</clickhouse>"),
  ];
  for (const text of wrong)
    expect(() => crossCheckNodes(metrika, text, "zookeeper-servers", fresh)).toThrow(EditNotProven);
});

test("a password that breaks the file is not told", () => {
  const broken = ["x<Passw0rd!", "x<Passw0rd>", 'x<Passw0rd a="1" a="2">', "</Passw0rd>", "&Passw0rd"];
  for (const password of broken) {
    const text = metrika.replace("ck:s3cret", password);
    const refusal = (() => {
      try {
        return setZooKeeperNodes(text, "zookeeper-servers", fresh);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(EditError);
    expect(String(refusal)).not.toMatch(/passw0rd/i);
  }
});
