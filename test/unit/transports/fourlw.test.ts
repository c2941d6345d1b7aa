/** Four-letter words: which kind of answer a text is, and what it says. The texts are recorded from real servers. */
import { Duplex } from "node:stream";
import { HostUnreachable } from "../../../core/engine/errors";
import {
  ask,
  judge,
  parseConf,
  parseCons,
  parseMntr,
  parseRuok,
  parseSrvr,
} from "../../../core/transports/fourlw";
import * as recorded from "./fourlw-recorded";

describe("judge", () => {
  test.each([
    ["This ZooKeeper instance is not currently serving requests\n", "notServing"],
    ["mntr is not executed because it is not in the whitelist.\n", "notWhitelisted"],
    ["", "silent"],
    ["imok", "answered"],
    ["zk_version\t3.7.1\nzk_x\tis not executed because it is not in the whitelist.\n", "answered"],
  ])("%j is %s", (text, kind) => {
    expect(judge(text).kind).toBe(kind);
  });
});

describe("srvr", () => {
  test("3.4.14", () => {
    expect(parseSrvr(recorded.SRVR_3_4_14)).toEqual({
      version: "3.4.14",
      build: "3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf, built on 03/06/2019 16:18 GMT",
      mode: "standalone",
      zxid: 0n,
      nodeCount: 4,
      connections: 1,
      outstanding: 0,
      received: 2,
      sent: 1,
      latency: { min: 0, avg: 0, max: 0 },
    });
  });

  test("3.7.1: the average latency has decimals", () => {
    const text = recorded.SRVR_3_7_1.replace("0/0.0/0", "0/1.375/23");
    expect(parseSrvr(text)).toMatchObject({ version: "3.7.1", latency: { min: 0, avg: 1.375, max: 23 } });
  });

  test("a zxid beyond 2^53 keeps every digit", () => {
    const text = recorded.SRVR_3_7_1.replace("Zxid: 0x0", "Zxid: 0x7fffffff00000001");
    expect(parseSrvr(text).zxid).toBe(0x7fffffff00000001n);
  });

  test("what is missing is undefined, never 0", () => {
    const { latency, zxid, mode, nodeCount, version } = parseSrvr(
      "Zxid: -1\nMode: dancing\nLatency min/avg/max: \n",
    );
    expect([latency, zxid, mode, nodeCount, version]).toEqual(Array(5).fill(undefined));
  });

  test.each(["leader", "follower", "observer", "read-only"])("mode %s", (mode) => {
    expect(parseSrvr(`Mode: ${mode}\nProposal sizes last/min/max: 48/48/48\n`).mode).toBe(mode);
  });
});

describe("mntr", () => {
  test("3.4.14", () => {
    expect(parseMntr(recorded.MNTR_3_4_14)).toMatchObject({
      version: "3.4.14",
      state: "standalone",
      znodeCount: 4,
      approximateDataSize: 27,
      aliveConnections: 1,
      quorumSize: undefined,
      digestMismatches: undefined,
    });
  });

  test("3.4's followers and 3.7's learners are the same thing", () => {
    expect(parseMntr("zk_followers\t2\nzk_synced_followers\t2\n")).toMatchObject({
      followers: 2,
      syncedFollowers: 2,
    });
    expect(parseMntr("zk_learners\t2\nzk_synced_followers\t1.0\n")).toMatchObject({
      followers: 2,
      syncedFollowers: 1,
    });
  });

  test("3.7.1", () => {
    expect(parseMntr(recorded.MNTR_3_7_1)).toMatchObject({
      version: "3.7.1",
      znodeCount: 5,
      digestMismatches: 0,
    });
  });

  test("3.7.1 with the Prometheus provider: floats, quantiles, NaN", () => {
    const parsed = parseMntr(recorded.MNTR_3_7_1_PROMETHEUS);
    expect(parsed).toMatchObject({
      version: "3.7.1",
      state: "standalone",
      znodeCount: 5,
      digestMismatches: 0,
    });
    expect(parsed.numbers.get('zk_unavailable_time{quantile="0.5"}')).toBeNaN();
    expect(parsed.numbers.get("zk_unavailable_time_count")).toBe(0);
  });

  test("NaN is no count", () => {
    expect(parseMntr("zk_znode_count\tNaN\n").znodeCount).toBeUndefined();
  });
});

describe("cons", () => {
  test("the connection that asks has no session", () => {
    const [only, ...rest] = parseCons(recorded.CONS_3_4_14);
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ address: "127.0.0.1", sessionId: undefined, received: 1, sent: 0 });
  });

  test("sessions, IPv6 and host names", () => {
    const inside =
      "queued=0,recved=12,sent=13,sid=0x1000046e1a30001,lop=GETD,est=1600000000000,to=30000,lcxid=0x9," +
      "lzxid=0x100000007,lresp=81,llat=0,minlat=0,avglat=1,maxlat=9";
    const lines = [
      ` /10.0.0.1:53124[1](${inside})`,
      ` /0:0:0:0:0:0:0:1:40000[1](${inside})`,
      ` ck1/10.0.0.2:1[0](queued=0,recved=1,sent=0)`,
    ];
    expect(parseCons(`${lines.join("\n")}\n\n`)).toMatchObject([
      {
        address: "10.0.0.1",
        port: 53124,
        sessionId: 0x1000046e1a30001n,
        timeout: 30000,
        lastOperation: "GETD",
        lastZxid: 0x100000007n,
      },
      { address: "0:0:0:0:0:0:0:1", port: 40000 },
      { address: "10.0.0.2", port: 1, sessionId: undefined },
    ]);
  });
});

test("conf", () => {
  const conf = parseConf(`${recorded.CONF_3_7_1}server.1=zk1:3181:4181:participant;0.0.0.0:2181\n`);
  expect(conf.get("tickTime")).toBe("500");
  expect(conf.get("server.1")).toBe("zk1:3181:4181:participant;0.0.0.0:2181");
});

test("ruok", () => {
  expect(parseRuok("imok")).toBe(true);
  expect(parseRuok("")).toBe(false);
});

describe("a connection that ends before there was an answer", () => {
  /** @param error what the forwarded connection says when the word is sent */
  const asked = (error: Error) => {
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, sent) => sent(error) });
    return ask({ name: "zk1", address: "10.0.0.1", dial: async () => socket }, 2181, "srvr");
  };

  test("the server is just ending: it says nothing", async () => {
    await expect(asked(new Error("closed by the other side"))).resolves.toEqual({ kind: "silent" });
  });

  test("the link to the host is lost: that is what is said", async () => {
    const lost = new HostUnreachable("zk1", "the connection is gone", "Look.");
    await expect(asked(lost)).rejects.toBe(lost);
  });
});
