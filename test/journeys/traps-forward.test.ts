/**
 * What lies in wait in an old ensemble's folders. Each trap is laid in real servers' files, and the move must come out
 * with every znode, or be refused with a message that names the place, while the source serves as before.
 */
import { connectZooKeeper } from "../../core/transports/zkwire";
import { dialDirectly } from "./direct/dial";
import { Scene } from "./direct/scene";
import { readTree, withZooKeeper, write } from "./direct/tree";
import { modeOf, untilQuorum } from "../../lab/old-zookeeper";
import { until } from "../../lab/wait";

const DATA = "/opt/zookeeper/data/version-2";
const LOGS = "/opt/zookeeper/log/version-2";
const OLD_SERVER = "/opt/zookeeper-3.4.14/bin/zkServer.sh";

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ clickhouse: false });
});
afterAll(() => scene?.close());
beforeEach(() => scene.reset());

const oldServers = () => scene.lab.inventory.old;
const newServers = () => scene.lab.inventory.new;

const list = async (host: string, glob: string) =>
  (await scene.on(host, `ls -1tr ${glob} 2>/dev/null || true`)).split("\n").filter(Boolean);

/** Files of the leader by age; several logs, and snapshots between them (the lab's servers take one every 2 000). */
async function busyLeader(): Promise<{ leader: string; logs: string[]; snapshots: string[] }> {
  await write(oldServers(), "/busy", 7_000);
  const leader = await scene.oldLeader();
  const byZxid = async (dir: string, kind: string) =>
    (await list(leader, `${dir}/${kind}.*`)).sort((a, b) => zxidOf(a) - zxidOf(b));
  return { leader, logs: await byZxid(LOGS, "log"), snapshots: await byZxid(DATA, "snapshot") };
}

const zxidOf = (file: string) => parseInt(file.split(".").pop() ?? "", 16);

/**
 * Lets a server lead whose logs go back to the ensemble's first transaction; one that joined the young ensemble late
 * has a snapshot in their stead. The others come back empty, one by one, and get all from it. Answers its name.
 */
async function leadWithEveryLog(): Promise<string> {
  const names = scene.lab.oldEnsemble.map(({ name }) => name);
  const logs = await Promise.all(names.map((name) => list(name, `${LOGS}/log.100000001`)));
  const first = names.find((_, at) => logs[at]?.length === 1) ?? "";
  const others = names.filter((name) => name !== first);
  await Promise.all(names.map((name) => scene.on(name, `${OLD_SERVER} stop`)));
  await Promise.all(others.map((name) => scene.on(name, `rm -rf ${DATA} ${LOGS}`)));
  const begun = [first];
  await scene.on(first, `${OLD_SERVER} start`);
  for (const name of others) {
    begun.push(name);
    await scene.on(name, `${OLD_SERVER} start`);
    await untilQuorum(scene.lab.oldEnsemble.filter((server) => begun.includes(server.name)));
  }
  expect(await scene.oldLeader()).toBe(first);
  return first;
}

/** The refusal names the place, and the source goes on as if nothing had been tried. */
async function expectSourceServes(before: Awaited<ReturnType<typeof readTree>>): Promise<void> {
  expect(await readTree(oldServers())).toEqual(before);
  await write(oldServers(), "/after", 1);
}

test("the leader has no snapshot: its logs are folded from the first on, and an empty start is trusted once only", async () => {
  const leader = await leadWithEveryLog();
  const before = await readTree(oldServers());
  await scene.on(leader, `rm -f ${DATA}/snapshot.*`);

  expect(await scene.forward()).toMatchObject({ failed: "" });

  expect(await readTree(newServers())).toEqual(before);
  for (const { name } of scene.newEnsemble) {
    const traces = await scene.on(
      name,
      "tr '\\0' ' ' < /proc/$(pgrep -f QuorumPeerMain | head -n 1)/cmdline; cat /opt/zookeeper/*/conf/java.env",
    );
    expect(traces).not.toContain("trust.empty");
  }
});

test("the newest pair is not enough: all logs since the only snapshot come along; strays do not", async () => {
  const { leader, logs, snapshots } = await busyLeader();
  const before = await readTree(oldServers());
  const newest = snapshots[snapshots.length - 1] ?? "";
  // What a colleague left behind, and a newer one of it: both would be loaded by a server that finds them.
  await scene.on(leader, `cp ${newest} ${DATA}/snapshot.ffffffffff.bak; cp ${newest} ${DATA}/snapshot.`);
  await scene.on(leader, `rm ${snapshots.slice(1).join(" ")}`);
  expect(logs.filter((log) => zxidOf(log) > zxidOf(snapshots[0] ?? "")).length).toBeGreaterThan(1);

  expect(await scene.forward()).toMatchObject({ failed: "" });

  expect(await readTree(newServers())).toEqual(before);
});

test("the newest snapshot is truncated: an older one is taken, with its logs, and that is said", async () => {
  const { leader, snapshots } = await busyLeader();
  const before = await readTree(oldServers());
  const newest = snapshots[snapshots.length - 1] ?? "";
  expect(snapshots.length).toBeGreaterThan(1);
  await scene.on(leader, `truncate -s -100 ${newest}`);

  const { said, failed } = await scene.forward();

  expect(failed).toBe("");
  expect(said).toMatch(new RegExp(`passed over ${newest.split("/").pop()}`));
  expect(await readTree(newServers())).toEqual(before);
});

test("a log in the middle is truncated: refused before anybody is fenced, with the place and the gap", async () => {
  const { leader, logs, snapshots } = await busyLeader();
  const before = await readTree(oldServers());
  const middle = logs.find((log) => zxidOf(log) > zxidOf(snapshots[0] ?? "")) ?? "";
  expect(middle).not.toBe(logs[logs.length - 1]);
  await scene.on(leader, `rm ${snapshots.slice(1).join(" ")}; truncate -s 20000 ${middle}`);

  const { said, failed } = await scene.forward();

  expect(failed).toContain(`${leader}:/opt/zookeeper/data/`);
  expect(failed).toMatch(/as the next transaction after 0x[0-9a-f]+ in log\.[0-9a-f]+.*torn or empty/);
  expect(failed).toContain("Take the files of another server");
  expect(failed).toContain("the source serves again, untouched");
  expect(said).not.toContain("stop (leader)");
  await expectSourceServes(before);
});

test("the target's folders are not empty: what lies there is set aside, not mixed in, and not lost", async () => {
  const before = await readTree(oldServers());
  await scene.on(
    "zk-new2",
    `mkdir -p ${DATA} ${LOGS} && echo old > ${DATA}/snapshot.ffff00000001 && echo old > ${LOGS}/log.ffff00000002`,
  );

  expect(await scene.forward()).toMatchObject({ failed: "" });

  expect(await readTree(newServers())).toEqual(before);
  expect(await list("zk-new2", "/opt/zookeeper/data/version-2.aside-*/snapshot.ffff00000001")).toHaveLength(
    1,
  );
  expect(await list("zk-new2", "/opt/zookeeper/log/version-2.aside-*/log.ffff00000002")).toHaveLength(1);
});

test("the old ensemble has no leader: refused, with what each server answers", async () => {
  const leader = await scene.oldLeader();
  const down = scene.lab.oldEnsemble.filter(({ name }) => name !== leader).map(({ name }) => name);
  await Promise.all(down.map((name) => scene.on(name, `${OLD_SERVER} stop`)));
  // It goes on saying "leader" for some ticks, without a follower; the unit tests have that case.
  await until(`${leader} has lost its lead`, async () => {
    const modes = await Promise.all(
      scene.lab.oldEnsemble.filter(({ name }) => name === leader).map((host) => modeOf(host)),
    );
    return modes.includes("leader") ? "leader" : undefined;
  });

  const { said, failed } = await scene.forward();

  expect(failed).toContain(
    "zk-old1, zk-old2, zk-old3: found no single leader: " +
      scene.lab.oldEnsemble
        .map(({ name }) => `${name} ${name === leader ? "notServing" : "refused"}`)
        .join(", "),
  );
  expect(failed).toContain("Mend that ensemble first");
  expect(said).toBe("");
});

describe("a znode above the default jute.maxbuffer", () => {
  const BIG = 3_000_000;

  beforeEach(async () => {
    for (const { name } of scene.lab.oldEnsemble) {
      await scene.on(
        name,
        `echo 'export JVMFLAGS="$JVMFLAGS -Djute.maxbuffer=4194304"' >> /opt/zookeeper-3.4.14/conf/java.env; ${OLD_SERVER} restart`,
      );
    }
    await untilQuorum(scene.lab.oldEnsemble);
    const client = await connectZooKeeper(dialDirectly(scene.lab.oldEnsemble[0]), 2181, {
      maxRequestBytes: 4_000_000,
    });
    await client.create("/big", Buffer.alloc(BIG, "x"));
    await client.close();
  });

  test("is refused while the target could not load it, and moves once its servers may", async () => {
    const refused = await scene.forward();
    expect(refused.failed).toContain(`/big: found a znode of ${BIG} bytes`);
    expect(refused.failed).toContain("less than jute.maxbuffer of zk-new1,zk-new2,zk-new3");
    expect(refused.failed).toContain("-Djute.maxbuffer=4194304");
    expect(refused.failed).toContain("the source serves again, untouched");

    const desired = scene.desired(({ target }) => {
      target["jvm"] = { initialHeap: "256m", maxHeap: "768m", flags: ["-Djute.maxbuffer=4194304"] };
    });
    await scene.install(desired.target);
    expect(await scene.forward(desired)).toMatchObject({ failed: "" });
    const client = await connectZooKeeper(dialDirectly(scene.newEnsemble[0]), 2181);
    expect((await client.exists("/big"))?.dataLength).toBe(BIG);
    await client.close();
  });
});

test("TTL and container znodes, which 3.4 does not know: the way back asks before it makes them persistent", async () => {
  const desired = scene.desired(({ target }) => {
    target["zooCfg"] = { extendedTypesEnabled: "true" };
  });
  await scene.install(desired.target);
  expect(await scene.forward(desired)).toMatchObject({ failed: "" });
  const client = await connectZooKeeper(dialDirectly(scene.newEnsemble[0]), 2181);
  await client.create2("/lease", Buffer.from("x"), { mode: { ttlMs: 3_600_000 } });
  await client.create("/box", null, { mode: "container" });
  await client.create("/box/child", null);
  await client.create("/kept", Buffer.from("written on the new side"));
  await client.close();

  const refused = await scene.back(desired);
  expect(refused.failed).toContain("found 1 container znode to load, for example /box");
  expect(refused.failed).toContain("found 1 TTL znode to load, for example /lease");
  expect(refused.failed).toContain("acceptDataLoss: true");
  expect(refused.failed).toContain("the target serves on with all its data");
  expect(Object.keys(await readTree(newServers()))).toContain("/kept");

  expect(await scene.back({ ...desired, acceptDataLoss: true })).toMatchObject({ failed: "" });
  const tree = await readTree(oldServers());
  expect(tree).toMatchObject({ "/kept": expect.anything(), "/lease": expect.anything() });
  // Not a container of a dead session any more, which 3.4 would delete and leave its child without a parent.
  expect(tree).toHaveProperty(["/box/child"]);
  await withZooKeeper(oldServers(), (session) => session.remove("/kept"));
});
