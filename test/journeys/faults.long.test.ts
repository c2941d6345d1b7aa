/**
 * What goes wrong around a move while it runs. Each ends in success, or in a message that names the host and says which
 * commands are open, within a bound; afterwards the same command comes through, with every znode.
 *
 * One lab for all of it, and nothing put back in between: what a fault leaves behind is what the next move begins with.
 */
import { namespaceOf } from "../../lab/network";
import { setOperatorClock } from "../operator-clock";
import { capture, must } from "../../lab/shell";
import { until } from "../../lab/wait";
import { fourLetterWord, untilQuorum } from "../../lab/old-zookeeper";
import type { ActiveSide } from "../../core/run/history";
import { cutOffFromOperator, expectSaid, happening, reconnectToOperator, within } from "./direct/faults";
import { giveClocks, setHostClock } from "./direct/host-clock";
import { Scene, type Told } from "./direct/scene";
import { readTree, write, type Tree } from "./direct/tree";

const HOUR_MS = 3_600_000;
const NEW_SERVER = "/opt/zookeeper/apache-zookeeper-3.7.1-bin/bin/zkServer.sh";

/** `2026-12-09`, as Swedish has it. */
const dayOf = (date: Date) => date.toLocaleDateString("sv");

let scene: Scene;
let expected: Tree;
beforeAll(async () => {
  scene = await Scene.open({ clickhouse: false });
  await write(scene.lab.inventory.old, "/kept", 200);
  expected = await readTree(scene.lab.inventory.old);
});
afterAll(() => scene?.close());

/** A move, with something that happens once the line was said. */
function move(to: ActiveSide, line: RegExp, happen: () => Promise<unknown>): Promise<Told> {
  const desired = scene.desired();
  const run = (onLine: (said: string) => void) =>
    to === "target" ? scene.forward(desired, onLine) : scene.back(desired, onLine);
  return happening(run, line, happen);
}

/** The same command again comes through, and the side has every znode. */
async function thenAgain(to: ActiveSide): Promise<void> {
  const told = await within(to === "target" ? scene.forward() : scene.back());
  expect(told).toMatchObject({ failed: "" });
  await expectWhole(to);
}

async function expectWhole(side: ActiveSide): Promise<void> {
  const { old, new: target } = scene.lab.inventory;
  expect(await readTree(side === "target" ? target : old)).toEqual(expected);
}

/** A host that was cut off lets go of its owner's lock by itself, when it has not heard of it for half a minute. */
function untilUnlocked(): Promise<void> {
  return until("the lock is let go", async () => {
    const held = await Promise.all(
      [...scene.lab.oldEnsemble, ...scene.newEnsemble].map(async ({ name }) => {
        const { code } = await on(name, ["flock", "-n", "/var/lib/pulumi-zookeeper/lock", "true"]);
        return code === 0 ? [] : [name];
      }),
    );
    return held.flat().join(", ") || undefined;
  });
}

const on = (host: string, argv: string[]) => scene.lab.host(host).exec(argv);

test.each<[string, ActiveSide, RegExp]>([
  ["zk-new2", "target", /set version-2 aside/],
  ["zk-old1", "source", /set version-2 aside/],
  ["zk-new1", "target", /stop \(follower\)/],
  ["zk-old3", "source", /stop \(follower\)/],
  ["zk-old2", "target", /stage the newest/],
  ["zk-new3", "source", /stage the newest/],
])("power cut of %s on the way to the %s", async (name, to, line) => {
  const host = scene.lab.host(name);
  const told = await move(to, line, () => host.kill());
  expectSaid(told, name);
  await host.start();
  // An old server starts when its host boots, whatever its folders hold by then; a new one is started by whoever moves.
  if (host.spec.role === "old-zookeeper") {
    await until(`${name}: its server runs`, () =>
      fourLetterWord(host.spec, "srvr").then(
        () => undefined,
        (error: Error) => error.message,
      ),
    );
  }
  // The host that is there again may have been the leader.
  if (to === "target" && told.failed !== "") await untilQuorum(scene.lab.oldEnsemble);
  await thenAgain(to);
});

test.each<[string, ActiveSide, RegExp]>([
  ["zk-old1", "target", /set version-2 aside/],
  ["zk-new2", "source", /stop \(follower\)/],
  ["zk-old2", "target", /stop \(leader\)/],
  ["zk-new1", "source", /bring the rest of/],
  ["zk-old3", "target", /bring the rest of/],
  ["zk-new3", "source", /set version-2 aside/],
])("%s is cut off from the operator alone on the way to the %s", async (name, to, line) => {
  const told = await move(to, line, () => cutOffFromOperator(scene, name));
  expectSaid(told, name);
  await reconnectToOperator(scene, name);
  await untilUnlocked();
  await thenAgain(to);
});

describe("on the way forward", () => {
  beforeEach(async () => {
    await untilQuorum(scene.lab.oldEnsemble);
  });
  afterEach(async () => {
    expect(await within(scene.back())).toMatchObject({ failed: "" });
    await expectWhole("source");
  });

  test("a new server is cut off from everybody", async () => {
    const host = scene.lab.host("zk-new3");
    const told = await move("target", /set version-2 aside/, () => host.partition());
    expectSaid(told, "zk-new3");
    await host.heal();
    await thenAgain("target");
  });

  test("a new server is cut off from its peers alone, until they serve without it", async () => {
    const peers = scene.newEnsemble.filter(({ name }) => name !== "zk-new3");
    const route = (verb: string) =>
      Promise.all(
        peers.map(({ address }) => on("zk-new3", ["ip", "route", verb, "blackhole", `${address}/32`])),
      );
    const told = await move("target", /bring the rest of/, async () => {
      await route("add");
      await until("two of the new servers lead and follow", () =>
        scene.newLeader().then(
          () => undefined,
          (error: Error) => error.message,
        ),
      );
      await route("del");
    });
    expect(told).toMatchObject({ failed: "" });
    await expectWhole("target");
  });

  test("the operator loses its network", async () => {
    const route = (verb: string) =>
      Promise.all(
        scene.lab.specs.map(({ address }) => capture(["ip", "route", verb, "blackhole", `${address}/32`])),
      );
    const told = await move("target", /stop \(leader\)/, () => route("add"));
    await route("del");
    expect(told.failed).toMatch(/zk-(old|new)\d/);
    expect(told.failed).toMatch(/same command|pulumi up/);
    await untilUnlocked();
    await thenAgain("target");
  });

  test("the sessions of the target's sshd are killed in the middle of a transfer", async () => {
    const kill =
      "for pid in $(ps -e -o pid=,args= | awk '/sshd.*(root@|notty)/ {print $1}'); do kill -9 $pid; done";
    const told = await move("target", /set version-2 aside/, () => on("zk-new1", ["sh", "-c", kill]));
    expectSaid(told, "zk-new1");
    await thenAgain("target");
  });

  test("the target's disk is full", async () => {
    await on("zk-new1", ["mount", "-t", "tmpfs", "-o", "size=40k,mode=755", "full", "/opt/zookeeper/data"]);
    const told = await within(scene.forward());
    expect(told.failed).toMatch(/zk-new1.*[Nn]o space left/s);
    await on("zk-new1", ["umount", "/opt/zookeeper/data"]);
    await thenAgain("target");
  });

  test("the old leader loses its lead while it is staged", async () => {
    const leader = await scene.oldLeader();
    const told = await move("target", /zk-new\d  set version-2 aside/, () =>
      scene.on(leader, "/opt/zookeeper-3.4.14/bin/zkServer.sh restart"),
    );
    expect(told.failed).toContain(`${leader} in the lead, as when the move was planned`);
    expect(told.failed).toContain("the source serves again, untouched");
    expect(told.said).not.toMatch(/stop \((follower|leader)\)/);
    await untilQuorum(scene.lab.oldEnsemble);
    await thenAgain("target");
  });

  test("a byte of a server's snapshot is flipped after the copy", async () => {
    const flip =
      'for f in /opt/zookeeper/data/version-2/snapshot.*; do printf "\\377" | dd of="$f" bs=1 seek=200 conv=notrunc status=none; done';
    await scene.on(
      "zk-new2",
      `cp "$1" "$1.good"; sed -i '2i [ "$1" = start ] && { ${flip}; }' "$1"`,
      NEW_SERVER,
    );
    const told = await within(scene.forward());
    expect(told.failed).toContain("zk-new2");
    expect(told.failed).toContain("the source serves again, untouched");
    await scene.on("zk-new2", 'mv "$1.good" "$1"', NEW_SERVER);
    await thenAgain("target");
  });

  test("a slow host: a megabit a second, either way", async () => {
    const limit = "rate 1mbit burst 32kbit latency 400ms".split(" ");
    const outOf = ["tc", "qdisc", "add", "dev", "eth0", "root", "tbf", ...limit];
    await must(["tc", "qdisc", "add", "dev", namespaceOf("zk-new2"), "root", "tbf", ...limit]);
    expect(await on("zk-new2", outOf)).toMatchObject({ code: 0 });
    await thenAgain("target");
    expect(await on("zk-new2", ["tc", "qdisc", "del", "dev", "eth0", "root"])).toMatchObject({ code: 0 });
    await must(["tc", "qdisc", "del", "dev", namespaceOf("zk-new2"), "root"]);
  });

  test("the operator's clock jumps, an hour ahead when it waits and two back later", async () => {
    try {
      const told = await happening(
        (onLine) =>
          scene.forward(scene.desired(), (said) => {
            if (/bring the rest of/.test(said)) setOperatorClock(-HOUR_MS);
            onLine(said);
          }),
        /set version-2 aside/,
        async () => setOperatorClock(HOUR_MS),
      );
      expect(told).toMatchObject({ failed: "" });
      await expectWhole("target");
      // What was begun last by the clock is not what was begun last.
      expect(await within(scene.back())).toMatchObject({ failed: "" });
    } finally {
      jest.useRealTimers();
    }
    await thenAgain("target");
  });

  test("the clock of a new server jumps ten days ahead and that of an old one ten back", async () => {
    const jumps = { "zk-new2": 10, "zk-old2": -10 };
    const begun = new Date();
    await giveClocks(scene, Object.keys(jumps));
    const told = await move("target", /set version-2 aside/, () =>
      Promise.all(Object.entries(jumps).map(([name, days]) => setHostClock(scene, name, days))),
    );
    expect(told).toMatchObject({ failed: "" });
    await expectWhole("target");
    // The way back starts the old server under its clock.
    expect(await within(scene.back())).toMatchObject({ failed: "" });
    await thenAgain("target");
    // They did jump: the servers' own logs have it, in local time.
    for (const [name, days] of Object.entries(jumps)) {
      const then = [begun, new Date()].map((at) => dayOf(new Date(at.getTime() + days * 24 * HOUR_MS)));
      const logs = "/alidata1/log /var/log/zookeeper";
      expect(
        await scene.on(name, `grep -rl -e "^$1" -e "^$2" ${logs} 2>/dev/null || true`, ...then),
      ).not.toBe("");
    }
  });
});

describe("a host that never comes back", () => {
  let count = 0;
  beforeEach(async () => {
    expect(await within(scene.forward())).toMatchObject({ failed: "" });
    await write(scene.lab.inventory.new, `/there-${++count}`, 5);
    expected = await readTree(scene.lab.inventory.new);
  });

  const accepting = () => ({ ...scene.desired(), acceptDataLoss: true });

  test("the leader, before the fence: the way back is planned without it", async () => {
    const name = await scene.newLeader();
    const told = await move("source", /stage the newest/, () => scene.lab.host(name).kill());
    expect(told.failed).toContain(name);
    expect(told.failed).toContain("the target serves on");
    await thenAgain("source");
    await scene.lab.host(name).start();
  });

  test.each<[string, (leader: string) => string, RegExp]>([
    ["a follower", notThe, /fold the set/],
    ["the leader", (leader) => leader, /stop \(follower\)/],
  ])(
    "%s, in the fence: the target serves again without it, and then the way back goes",
    async (_what, victim, line) => {
      const name = victim(await scene.newLeader());
      const told = await move("source", line, () => scene.lab.host(name).kill());
      expect(told.failed).toContain(name);
      expect(told.failed).toContain("active: target makes the target serve again, also where a host is gone");
      await thenAgain("target");
      await thenAgain("source");
      await scene.lab.host(name).start();
    },
  );

  test("two of three, in the fence: the way back is planned from what is left, for whoever accepts that", async () => {
    const leader = await scene.newLeader();
    const dead = scene.newEnsemble.map(({ name }) => name).filter((name) => name !== leader);
    const told = await move("source", /fold the set/, () =>
      Promise.all(dead.map((name) => scene.lab.host(name).kill())),
    );
    expect(told.failed).toContain("nothing is lost");
    expect((await within(scene.forward())).failed).toContain(
      "Bring the host back and run the same command again",
    );
    expect((await within(scene.back())).failed).toContain("acceptDataLoss: true");
    expect(await within(scene.back(accepting()))).toMatchObject({ failed: "" });
    await expectWhole("source");
    await Promise.all(dead.map((name) => scene.lab.host(name).start()));
  });

  describe("once everything was brought to the source", () => {
    const dies = (line: string) => {
      if (/^zk-old\d  wait for one leader/.test(line)) throw new Error("the operator's process dies here");
    };
    let leader: string;
    beforeEach(async () => {
      leader = await scene.newLeader();
      expect((await within(scene.back(scene.desired(), dies))).failed).toContain("dies here");
    });

    test("the server that it came from: the source goes on with what it has, and does not start over", async () => {
      await scene.lab.host(leader).kill();
      await scene.on("zk-old2", "/opt/zookeeper-3.4.14/bin/zkServer.sh stop");
      const refused = await within(scene.back());
      expect(refused.failed).toContain('zk-old2: "start" no longer holds');
      expect(refused.failed).toContain(`to start over needs ${leader}, out of reach`);
      await scene.on("zk-old2", "/opt/zookeeper-3.4.14/bin/zkServer.sh start");
      await untilQuorum(scene.lab.oldEnsemble);
      const told = await within(scene.back());
      expect(told).toMatchObject({ failed: "" });
      expect(told.said).not.toContain("put version-2 back");
      await expectWhole("source");
      await scene.lab.host(leader).start();
    });

    test("all of the target: what was brought stays, and whoever accepts that the target is lost goes on with it", async () => {
      const all = scene.newEnsemble.map(({ name }) => scene.lab.host(name));
      await Promise.all(all.map((host) => host.kill()));
      const again = await within(scene.back());
      expect(again.failed).toContain("nothing is lost");
      const away = await within(scene.forward());
      expect(away.failed).toContain("version-2 keeps what was brought there");
      expect((await within(scene.back())).failed).toContain("acceptDataLoss: true");
      expect(await within(scene.back(accepting()))).toMatchObject({ failed: "" });
      await expectWhole("source");
      await Promise.all(all.map((host) => host.start()));
    });
  });

  test("of the source, once it was fenced: the move is taken back without it, and nothing is left to settle", async () => {
    expect(await within(scene.back())).toMatchObject({ failed: "" });
    const name = (await scene.oldLeader()) === "zk-old1" ? "zk-old2" : "zk-old1";
    const told = await move("target", /bring the rest of/, async () => {
      await scene.lab.host(name).kill();
      await scene.lab.host("zk-new3").kill();
    });
    expect(told.failed).toContain("zk-new3");
    expect(told.failed).toContain("the source serves again");
    expect(told.said).toContain(`${name}  not done: start; it goes without`);
    await thenAgain("source");
    await scene.lab.host("zk-new3").start();
    await scene.lab.host(name).start();
    await untilQuorum(scene.lab.oldEnsemble);
  });
});

/** A new server that is not the leader. */
function notThe(leader: string): string {
  return leader === "zk-new2" ? "zk-new3" : "zk-new2";
}
