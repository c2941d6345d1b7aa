/** Configuration files, mangled: the edit is proven by a second reader, or refused with the place. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits, maskSecrets } from "../../../core/editors/edit";
import { setIniValues } from "../../../core/editors/ini/set-ini-values";
import { readProperties } from "../../../core/editors/properties/parse-properties";
import { readServers } from "../../../core/editors/properties/servers";
import { setProperties } from "../../../core/editors/properties/set-properties";
import { lineSecrets, xmlSecrets } from "../../../core/editors/secrets";
import { readZooKeeperNodes } from "../../../core/editors/xml/read-zookeeper-nodes";
import { setZooKeeperNodes } from "../../../core/editors/xml/set-zookeeper-nodes";
import { mangled, survives } from "./fuzz";

const read = (path: string) => readFileSync(join(__dirname, "..", path), "utf8");
const XML = [read("editors/samples/metrika.xml")];
const INI = [read("editors/recorded/pegasus-config.min.ini").slice(0, 2_500)];
const CFG = [read("zookeeper/golden/zoo.cfg"), read("zookeeper/golden/log4j.properties")];

test("metrika.xml", () =>
  survives(mangled(XML), (text) => {
    maskSecrets(text, xmlSecrets);
    readZooKeeperNodes(text, "zookeeper-servers");
    applyEdits(text, setZooKeeperNodes(text, "zookeeper-servers", [{ host: "zk1", port: 2181 }]));
  }));

test("config.ini", () =>
  survives(mangled(INI), (text) => {
    maskSecrets(text, lineSecrets);
    applyEdits(text, setIniValues(text, [{ section: "core", key: "tool", value: "x" }]).edits);
  }));

test("zoo.cfg and log4j.properties", () =>
  survives(mangled(CFG), (text) => {
    applyEdits(text, setProperties(text, [["tickTime", "2000"]]));
    readServers(readProperties(text));
  }));
