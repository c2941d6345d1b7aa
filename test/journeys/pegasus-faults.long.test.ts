/**
 * A host of Pegasus or of its ensembles that loses its power, reboots, or cannot be reached by the operator, at every phase
 * of a switchover by either method. It ends in success, or in a message that names the host, within a bound; once the host
 * is back the same command comes through, and the cluster is as before. Metas start by themselves when their host boots,
 * with whatever config.ini holds by then, or do not start at all.
 */
import { connectZooKeeper } from "../../core/transports/zkwire";
import type { HostSpec } from "../../lab/layout";
import { untilQuorum } from "../../lab/old-zookeeper";
import { PEGASUS_ROOT } from "../../lab/pegasus-hosts";
import { until } from "../../lab/wait";
import type { ActiveSide } from "../../core/run/history";
import { dialDirectly } from "./direct/dial";
import { cutOffFromOperator, expectSaid, happening, reconnectToOperator, within } from "./direct/faults";
import { PegasusScene, type ClusterLook, type Method } from "./direct/pegasus";

let pegasus: PegasusScene;
let before: ClusterLook;
let originals: string[];
beforeAll(async () => {
  pegasus = await PegasusScene.open();
  before = await pegasus.look();
  originals = await pegasus.configs();
});
afterAll(() => pegasus?.close());

const cut = {
  "loses its power": {
    begin: (name: string) => pegasus.lab.host(name).kill(),
    end: async (name: string) => {
      await pegasus.lab.host(name).start();
      // Metas are the product's to wait for, a server of an ensemble is only back once it serves.
      for (const ensemble of [pegasus.lab.oldEnsemble, pegasus.scene.newEnsemble])
        if (ensemble.some((server) => server.name === name)) await untilQuorum(ensemble);
    },
  },
  reboots: {
    begin: async (name: string) => {
      await pegasus.lab.host(name).kill();
      await pegasus.lab.host(name).start();
    },
    end: async () => undefined,
  },
  "reboots without its meta": {
    begin: async (name: string) => {
      await pegasus.scene.on(name, "touch /etc/lab/boot.d/pegasus.disabled");
      await cut.reboots.begin(name);
    },
    end: (name: string) => pegasus.scene.on(name, "rm /etc/lab/boot.d/pegasus.disabled"),
  },
  "is cut off from the operator": {
    begin: (name: string) => cutOffFromOperator(pegasus.scene, name),
    end: (name: string) => reconnectToOperator(pegasus.scene, name),
  },
};

/** Waiting for a dead host to be healthy is no test of anything: shorter than as shipped. */
const by = (method: Method, active: ActiveSide) => ({
  ...pegasus.desired(method, (consumer) => (consumer["healthTimeoutSeconds"] = 30)),
  active,
});

test.each<[string, keyof typeof cut, Method, ActiveSide, RegExp]>([
  ["pg-meta1", "reboots", "copy", "target", /make sure that it is stopped/],
  ["pg-meta2", "reboots", "copy", "source", /make sure that it is stopped/],
  ["pg-meta2", "reboots without its meta", "copy", "target", /start, until it leads/],
  ["pg-meta1", "loses its power", "copy", "source", /stop \(primary meta\)/],
  ["pg-meta2", "reboots without its meta", "recover", "target", /until it waits for recover/],
  ["pg-meta1", "reboots", "recover", "source", /with every meta down/],
  ["zk-new1", "loses its power", "copy", "target", /stop \(backup meta\)/],
  ["zk-old1", "loses its power", "copy", "source", /stop \(backup meta\)/],
  ["pg-rep1", "loses its power", "copy", "target", /stop \(primary meta\)/],
  ["pg-meta1", "is cut off from the operator", "copy", "source", /copy what has changed since/],
  ["pg-meta2", "loses its power", "recover", "target", /until it waits for recover/],
  ["pg-meta1", "loses its power", "recover", "source", /recover -f/],
  ["zk-new2", "loses its power", "recover", "target", /with every meta down/],
  ["pg-meta2", "is cut off from the operator", "recover", "source", /with every meta down/],
  ["pg-rep2", "loses its power", "recover", "target", /with every meta down/],
  ["zk-old2", "loses its power", "recover", "source", /with every meta down/],
])("%s %s, %s on the way to the %s", async (name, fault, method, active, line) => {
  const desired = by(method, active);

  const told = await happening(
    (onLine) => pegasus.scene.up(desired, onLine),
    line,
    () => cut[fault].begin(name),
  );
  expectSaid(told, name);
  await cut[fault].end(name);
  expect(await within(pegasus.scene.up(desired))).toMatchObject({ failed: "" });

  // Where a replica server was switched off, another process is it now.
  if (name.startsWith("pg-rep"))
    before = { ...before, replicaServers: (await pegasus.look()).replicaServers };
  await pegasus.expectOn(active === "target" ? "new" : "old", before);
  if (active === "source") expect(await pegasus.configs()).toEqual(originals);
});

test.each<[Method, ActiveSide, string]>([
  ["copy", "target", "zk-old1"],
  ["copy", "source", "zk-old1 zk-new2"],
  ["recover", "target", "zk-old1"],
  ["recover", "source", "zk-old1 zk-new1"],
])(
  "a quorum of each ensemble is enough: %s to the %s, %s dead all the while",
  async (method, active, names) => {
    const { begin, end } = cut["loses its power"];
    const dead = names.split(" ");
    await Promise.all(dead.map(begin));

    expect(await within(pegasus.scene.up(by(method, active)))).toMatchObject({ failed: "" });
    await pegasus.expectOn(active === "target" ? "new" : "old", before);

    for (const name of dead) await end(name);
    if (active === "source") expect(await pegasus.configs()).toEqual(originals);
  },
);

test.each<[Method, ActiveSide, RegExp]>([
  ["copy", "target", /read both sides again/],
  ["copy", "source", /make sure that it is stopped/],
  ["recover", "target", /stop \(primary meta\)/],
  ["recover", "source", /make sure that it is stopped/],
])(
  "a table that is made on a meta whose host boots after the fence comes along: %s to the %s",
  async (method, active, line) => {
    const desired = by(method, active);
    const table = `by_${method}_to_${active}`;
    const left = active === "target" ? "old" : "new";

    const told = await happening(
      (onLine) => pegasus.scene.up(desired, onLine),
      line,
      () => cut["loses its power"].begin("pg-meta2"),
    );
    expectSaid(told, "pg-meta2");
    await cut["loses its power"].end("pg-meta2");
    await pegasus.look();
    expect(await pegasus.shell("cluster_info")).toContain(pegasus.ensemble(left));
    await make(table);

    expect(await within(pegasus.scene.up(desired))).toMatchObject({ failed: "" });
    await pegasus.expectOn(active === "target" ? "new" : "old", before);
  },
);

test("a run that starts over gives back the level of before, not the one that it has set", async () => {
  expect(await within(pegasus.scene.up(by("copy", "target")))).toMatchObject({ failed: "" });
  const desired = by("copy", "source");
  const { primary, backup } = await pegasus.leader();

  const told = await happening(
    (onLine) => pegasus.scene.up(desired, onLine),
    /set_meta_level blind/,
    () => cutOffFromOperator(pegasus.scene, primary),
  );
  expect(told.failed).toContain(primary);
  await reconnectToOperator(pegasus.scene, primary);
  await pegasus.service(backup, "start");

  const again = await within(pegasus.scene.up(desired));
  expect(again).toMatchObject({ failed: "", said: expect.stringContaining("starting over") });
  await pegasus.expectOn("old", before);
});

test("a meta is started when all were stopped: the run starts over, and keeps what it set aside at first", async () => {
  expect(await within(pegasus.scene.up(by("copy", "target")))).toMatchObject({ failed: "" });
  const desired = by("copy", "source");
  await make("after_the_move");
  const { backup } = await pegasus.leader();
  const dies = (line: string) => {
    if (line.includes("stop (primary meta)")) throw new Error("the operator's process dies here");
  };
  expect((await within(pegasus.scene.up(desired, dies))).failed).toContain("dies here");
  await pegasus.service(backup, "start");

  const again = await within(pegasus.scene.up(desired));
  expect(again).toMatchObject({ failed: "", said: expect.stringContaining("starting over") });
  await pegasus.expectOn("old", before);
  const first = await dumpBefore("zk-old1", "set-aside-*-2.dump.gz");
  // What was there before the first try, which had copied that table.
  expect(first).toContain('"app_name":"stat"');
  expect(first).not.toContain("after_the_move");
});

test("somebody writes on the side that is left: once they are gone, the same command copies what they wrote", async () => {
  expect(await within(pegasus.scene.up(by("copy", "target")))).toMatchObject({ failed: "" });
  const desired = by("copy", "source");
  const writer = await writeOn(pegasus.scene.newEnsemble[0]);
  const stopped = await within(pegasus.scene.up(desired));
  await writer.stop();
  expect(stopped.failed).toContain("the two sides differ after the copy");

  expect(await within(pegasus.scene.up(desired))).toMatchObject({ failed: "" });
  await pegasus.expectOn("old", before);
});

test("a meta is started before it shall recover: the run starts over, and keeps the root as it was set aside at first", async () => {
  const desired = by("recover", "target");
  const dies = (line: string) => {
    if (/pg-meta2  edit .*recover_from_replica_server = true/.test(line))
      throw new Error("the operator's process dies here");
  };
  expect((await within(pegasus.scene.up(desired, dies))).failed).toContain("dies here");
  await pegasus.service("pg-meta1", "start");

  const again = await within(pegasus.scene.up(desired));
  expect(again).toMatchObject({ failed: "", said: expect.stringContaining("starting over") });
  await pegasus.expectOn("new", before);
  expect(await dumpBefore("pg-meta1", "pegasus-root-*-2.dump.gz")).toContain('"app_name":"stat"');
  expect(await within(pegasus.scene.up(by("recover", "source")))).toMatchObject({ failed: "" });
  await pegasus.expectOn("old", before);
});

test("too few replica servers are ALIVE on the way back: once they are mended, the same command gives back the level of before", async () => {
  expect(await within(pegasus.scene.up(by("copy", "target")))).toMatchObject({ failed: "" });
  const desired = by("copy", "source");
  const dead = ["pg-rep1", "pg-rep2"];
  await Promise.all(dead.map(cut["loses its power"].begin));
  await until("a freezed cluster", async () => {
    const info = await pegasus.shell("cluster_info");
    return info.includes(": freezed") ? undefined : info;
  });

  const stopped = await within(pegasus.scene.up(desired));
  expect(stopped.failed).toContain("not healthy 30 s after the metas started");
  await Promise.all(dead.map(cut["loses its power"].end));
  expect(await within(pegasus.scene.up(desired))).toMatchObject({ failed: "" });

  before = { ...before, replicaServers: (await pegasus.look()).replicaServers };
  await pegasus.expectOn("old", before);
});

test("made by a meta after the way back had copied: only going on with that keeps it, the other way is refused", async () => {
  expect(await within(pegasus.scene.up(by("copy", "target")))).toMatchObject({ failed: "" });
  expect(await within(pegasus.scene.back(by("copy", "source")))).toMatchObject({ failed: "" });
  await pegasus.service("pg-meta2", "start");
  await make("after_the_way_back");

  const refused = await within(pegasus.scene.up(by("copy", "target")));
  expect(refused.failed).toContain("pg-meta2");
  expect(refused.failed).toContain("active as it was before");

  expect(await within(pegasus.scene.up(by("copy", "source")))).toMatchObject({ failed: "" });
  await pegasus.expectOn("old", before);
});

test("made by a meta that was started there after the cluster was recorded: nothing is copied over it either", async () => {
  expect(await within(pegasus.scene.up(by("copy", "target")))).toMatchObject({ failed: "" });
  expect(await within(pegasus.scene.back(by("copy", "source")))).toMatchObject({ failed: "" });
  let backup = "";
  const dies = (line: string) => {
    backup = /^(\S+)  stop \(backup meta\)/.exec(line)?.[1] ?? "";
    if (backup !== "") throw new Error("the operator's process dies here");
  };
  expect((await within(pegasus.scene.up(by("copy", "target"), dies))).failed).toContain("dies here");
  await pegasus.service(backup, "start");
  await make("after_the_record");

  const refused = await within(pegasus.scene.up(by("copy", "target")));
  expect(refused.failed).toContain(backup);
  expect(refused.failed).toContain("active as it was before");

  expect(await within(pegasus.scene.up(by("copy", "source")))).toMatchObject({ failed: "" });
  await pegasus.expectOn("old", before);
});

test("made by a meta whose file was edited before a repointing failed: going back brings it along", async () => {
  const told = await happening(
    (onLine) => pegasus.scene.up(by("copy", "target"), onLine),
    /copy again/,
    () => cut["loses its power"].begin("pg-meta2"),
  );
  expectSaid(told, "pg-meta2");
  expect(told.failed).not.toBe("");
  await pegasus.scene.lab.host("pg-meta2").start();
  await pegasus.service("pg-meta2", "stop");
  await pegasus.service("pg-meta1", "start");
  await make("by_the_edited_one");
  // Whoever goes on stops it, and ends before its journal has that.
  const dies = (line: string) => {
    if (/^pg-meta\d  make sure that it is stopped/.test(line))
      throw new Error("the operator's process dies here");
  };
  expect((await within(pegasus.scene.up(by("copy", "target"), dies))).failed).toContain("dies here");
  expect(await pegasus.scene.on("pg-meta1", "ss -Hltn 'sport = :34601'")).toBe("");

  expect(await within(pegasus.scene.up(by("copy", "source")))).toMatchObject({ failed: "" });
  await pegasus.expectOn("old", before);
  expect(await pegasus.configs()).toEqual(originals);
});

test("a table that somebody drops during the bulk copy stops the repointing, until that is said to be wanted", async () => {
  await make("to_be_dropped");
  const told = await happening(
    (onLine) => pegasus.scene.up(by("copy", "target"), onLine),
    /ls -a -d into the journal/,
    () => pegasus.shell("drop to_be_dropped"),
  );
  expect(told.failed).toMatch(/table to_be_dropped .* is gone.*acceptLost: true/);

  const accepting = pegasus.desired("copy", (consumer) => (consumer["acceptLost"] = true));
  expect(await within(pegasus.scene.up({ ...accepting, active: "target" }))).toMatchObject({ failed: "" });
  before = { ...(await pegasus.look()), level: before.level };
  await pegasus.expectOn("new", before);
});

/** What was kept before the newest dump of that name, which a run that started over made, in lines. */
async function dumpBefore(host: string, second: string): Promise<string> {
  const script = `set -- $(ls -t /var/lib/pulumi-zookeeper/*/${second}) && zcat "\${1%-2.dump.gz}.dump.gz"`;
  const lines = (await pegasus.scene.on(host, script))
    .split("\n")
    .map((line) => JSON.parse(line) as { data?: string });
  return lines.map(({ data }) => Buffer.from(data ?? "", "base64").toString()).join("\n");
}

/** Writes below the cluster's root, where no meta looks, as fast as the server takes it. */
async function writeOn(server: HostSpec | undefined): Promise<{ stop: () => Promise<void> }> {
  const client = await connectZooKeeper(dialDirectly(server), 2181);
  const path = `${PEGASUS_ROOT}/somebody-elses`;
  await client.create(path, Buffer.from("0"));
  let stopped = false;
  const writing = (async () => {
    for (let n = 0; !stopped; n++) await client.setData(path, Buffer.from(String(n).padStart(9, "0")));
  })();
  return {
    async stop() {
      stopped = true;
      await writing;
      await client.close();
    },
  };
}

/** A table more, by whichever meta leads; from here on it must not be lost. */
async function make(table: string): Promise<void> {
  await pegasus.look();
  expect(await pegasus.shell(`create ${table} -p 4`)).toContain("succeed");
  before = { ...(await pegasus.look()), level: before.level };
  expect(before.tables.join("\n")).toContain(table);
}
