/** An ensemble in service: changed server by server under a client that writes all the while, and kept as it should be. */
import { setTimeout as sleep } from "node:timers/promises";
import { modeOf } from "../../lab/old-zookeeper";
import type { HostSpec } from "../../lab/layout";
import { ended, only, refused } from "./harness/expect";
import { SessionWriter } from "./harness/session-writer";
import { useStage } from "./harness/stage";

const stage = useStage({ znodes: 0 });
const ENSEMBLE = only("ZooKeeperEnsemble");
const HOME = "/opt/zookeeper/apache-zookeeper-3.7.1-bin";
const ZOO_CFG = `${HOME}/conf/zoo.cfg`;

test("another heap and log folder are a rolling restart: followers first, a quorum all the while, no session lost", async () => {
  ended(await stage.pulumi.up(ENSEMBLE));
  const writer = await SessionWriter.start(stage.lab.inventory.new);
  const watch = watchServers();
  const modes = await Promise.all(stage.new.map(modeOf));
  stage.configure((config) => {
    const jvm = { initialHeap: "256m", maxHeap: "640m" };
    Object.assign(config.target as object, { jvm, logDir: "/var/log/zk" });
  });
  const up = await stage.pulumi.up(ENSEMBLE);
  const fewest = await watch.end();
  const { acknowledged, longestGapMs, missing, lost } = await writer.end();
  // Each line is printed as it comes, once more at the end, and stands in the plan.
  const lines = ended(up).matchAll(/(zk-new\d) +stop \((\w+)\)/g);
  const stopped = [...new Map([...lines].map(([, host = "", mode = ""]) => [host, mode]))];

  const leader = stage.new[modes.indexOf("leader")]?.name;
  expect(stopped.map(([, mode]) => mode)).toEqual(["follower", "follower", "leader"]);
  expect(stopped[2]?.[0]).toBe(leader);
  expect(fewest).toBe(2);
  console.log(
    `${acknowledged} writes acknowledged, longest gap ${longestGapMs} ms, at least ${fewest} of 3 servers ran`,
  );
  expect({ missing, lost }).toEqual({ missing: [], lost: "" });

  for (const { name } of stage.new) {
    const { stdout } = await stage.lab.host(name).exec(["pgrep", "-fa", "QuorumPeerMain"]);
    expect(stdout).toContain("-Xmx640m");
    expect((await stage.lab.host(name).exec(["test", "-s", "/var/log/zk/zookeeper.log"])).code).toBe(0);
  }
});

test("a hand-edited zoo.cfg and a dead server are shown by refresh, and mended by up", async () => {
  ended(await stage.pulumi.up(ENSEMBLE));
  const [edited, dead] = stage.new.map(({ name }) => stage.lab.host(name));
  if (!edited || !dead) throw new Error("no hosts");
  const original = (await edited.exec(["cat", ZOO_CFG])).stdout;
  expect(original).toMatch(/^tickTime=2000$/m);
  await edited.exec(["sed", "-i", "s/^tickTime=.*/tickTime=3000/", ZOO_CFG]);
  await dead.exec(["pkill", "-KILL", "-f", "QuorumPeerMain"]);

  const shown = ended(await stage.pulumi.refresh(["--diff", ...ENSEMBLE]));
  expect(shown).toContain(`${edited.name}: ${ZOO_CFG} was changed`);
  expect(shown).toContain(`${dead.name}: not running`);

  ended(await stage.pulumi.up(ENSEMBLE));
  expect((await edited.exec(["cat", ZOO_CFG])).stdout).toBe(original);
  expect((await Promise.all(stage.new.map(modeOf))).sort()).toEqual(["follower", "follower", "leader"]);
  ended(await stage.pulumi.up(["--expect-no-changes", ...ENSEMBLE]));

  stage.configure(
    (config) => ((config.target as { myIds: object }).myIds = { "zk-new1": 3, "zk-new2": 2, "zk-new3": 1 }),
  );
  const ids = refused(await stage.pulumi.preview(ENSEMBLE));
  expect(ids).toContain(
    "myIds: found zk-new1=3, zk-new2=2, zk-new3=1; expected zk-new1=1, zk-new2=2, zk-new3=3, as installed",
  );
  expect(ids).toContain("Make a second ZooKeeperEnsemble");
  stage.configure((config) => Object.assign(config.target as object, { version: "3.8.4" }));
  const version = refused(await stage.pulumi.preview(ENSEMBLE));
  expect(version).toContain("zk-new1: found ZooKeeper 3.7.1 installed, with this dataDir; expected 3.8.4");
  expect(version).not.toContain("Stop that process");
  stage.configure((config) => {
    const { hosts } = config.target as { hosts: Record<string, unknown> };
    hosts["zk-new4"] = hosts["zk-new3"];
    delete hosts["zk-new3"];
  });
  expect(refused(await stage.pulumi.preview(ENSEMBLE))).toContain("zk-new4=");
});

test("a change with which no server joins costs the first of them alone, however often; put back, it goes on", async () => {
  ended(await stage.pulumi.up(ENSEMBLE));
  const modes = async () => (await Promise.all(stage.new.map(modeOf))).sort();
  const configured = (zooCfg: object) =>
    stage.configure((config) => Object.assign(config.target as object, { zooCfg }));
  configured({ sslQuorum: "true" });
  for (let times = 0; times < 2; times++) {
    expect(refused(await stage.pulumi.up(ENSEMBLE))).toContain(
      "wait for one leader and 2 synced followers: ",
    );
    expect((await modes()).slice(1)).toEqual(["follower", "leader"]);
  }
  configured({ maxClientCnxns: "60" });
  ended(await stage.pulumi.up(ENSEMBLE));
  expect(await modes()).toEqual(["follower", "follower", "leader"]);
});

test("killed while it is removed, it is installed again; killed while it is created, Pulumi says that destroy leaves it", async () => {
  stage.configure(() => undefined);
  ended(await stage.pulumi.up(ENSEMBLE));
  await killed(["destroy", ...ENSEMBLE], /remove \/opt\/zookeeper/);
  expect(await homes()).toHaveLength(0);
  ended(await stage.pulumi.up(ENSEMBLE));
  expect((await Promise.all(stage.new.map(modeOf))).sort()).toEqual(["follower", "follower", "leader"]);
  ended(await stage.pulumi.up(["--expect-no-changes", ...ENSEMBLE]));
  ended(await stage.pulumi.destroy(ENSEMBLE));

  await killed(["up", ...ENSEMBLE], /unpack into/);
  const { output } = await stage.pulumi.destroy();
  expect(output).toContain("interrupted while creating");
  expect(await homes()).not.toHaveLength(0);
  ended(await stage.pulumi.up(ENSEMBLE));
  ended(await stage.pulumi.destroy());
  expect(await homes()).toHaveLength(0);
});

/** Ends CLI and provider once a line was printed. */
async function killed(command: readonly string[], line: RegExp): Promise<void> {
  const run = stage.pulumi.start([...command, "--yes", "--skip-preview"]);
  await run.printed(line);
  run.end();
  await run.done;
  ended(await stage.pulumi.run(["cancel", "--yes"]));
}

/** Hosts that have the release. */
async function homes(): Promise<HostSpec[]> {
  const found = await Promise.all(
    stage.new.map(({ name }) => stage.lab.host(name).exec(["test", "-e", HOME])),
  );
  return stage.new.filter((_, index) => found[index]?.code === 0);
}

/** The fewest servers of the new ensemble that were running at once. */
function watchServers(): { end(): Promise<number> } {
  let going = true;
  let fewest = Infinity;
  const runs = async ({ name }: HostSpec) =>
    (await stage.lab.host(name).exec(["pgrep", "-f", "QuorumPeerMain"])).code === 0 ? 1 : 0;
  const loop = (async () => {
    while (going) {
      const running = await Promise.all(stage.new.map(runs));
      fewest = Math.min(
        fewest,
        running.reduce<number>((sum, one) => sum + one, 0),
      );
      await sleep(100);
    }
  })();
  return {
    async end() {
      going = false;
      await loop;
      return fewest;
    },
  };
}
