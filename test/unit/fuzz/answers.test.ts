/** What servers and shells print, mangled. */
import {
  judge,
  parseConf,
  parseCons,
  parseMntr,
  parseRuok,
  parseSrvr,
} from "../../../core/transports/fourlw";
import { readApp } from "../../../core/pegasus/read/app";
import { readApps } from "../../../core/pegasus/read/apps";
import { readClusterInfo } from "../../../core/pegasus/read/cluster-info";
import { readDddDiagnose } from "../../../core/pegasus/read/ddd";
import { readConfigOption, readHttp, readStartTime } from "../../../core/pegasus/read/http";
import { readGetMetaLevel, readSetMetaLevel } from "../../../core/pegasus/read/meta-level";
import { readNodes } from "../../../core/pegasus/read/nodes";
import { readRecover, readRecoverComplete } from "../../../core/pegasus/read/recover";
import { readShell } from "../../../core/pegasus/read/shell";
import { readHttpVersion, readServerInfo, readShellVersion } from "../../../core/pegasus/read/versions";
import { recordedNames, recordedReply, recordedText } from "../pegasus/recorded";
import * as fourlw from "../transports/fourlw-recorded";
import { mangled, survives } from "./fuzz";

const WORDS: readonly string[] = Object.values(fourlw);
const SHELL = recordedNames("shell_").map(recordedText);
const REPLIES = recordedNames("http_").map((name) => recordedReply(name));

test.each([
  ["srvr", parseSrvr],
  ["mntr", parseMntr],
  ["cons", parseCons],
  ["conf", parseConf],
  ["ruok", parseRuok],
  ["any", judge],
])("four-letter word: %s", (_, parse: (text: string) => unknown) => survives(mangled(WORDS), parse));

test.each<[string, (body: string) => unknown]>([
  ["app", readApp],
  ["ls", readApps],
  ["cluster_info", readClusterInfo],
  ["ddd_diagnose", readDddDiagnose],
  ["get_meta_level", readGetMetaLevel],
  ["set_meta_level", readSetMetaLevel],
  ["nodes", readNodes],
  ["recover", readRecover],
  ["recover complete", readRecoverComplete],
  ["version", readShellVersion],
  ["server_info", readServerInfo],
])("the Pegasus shell's answer to %s", (_, read) =>
  survives(mangled(SHELL), (stdout) => readShell({ code: 0, stdout, stderr: "" }, read)),
);

test.each<[string, (body: string) => unknown]>([
  ["config", readConfigOption],
  ["recentStartTime", readStartTime],
  ["version", readHttpVersion],
  ["cluster", readClusterInfo],
  ["apps", readApps],
])("a Pegasus server's HTTP answer to %s", (_, read) =>
  survives(mangled(REPLIES.map(({ body }) => body)), (body) =>
    readHttp({ status: 200, headers: {}, body }, read),
  ),
);
