/**
 * What is refused before anything changes, each with the message that the user reads. The whole file runs on one lab
 * that is never put back, since nothing may have changed; the last test holds every host's files against that.
 */
import { sayComplaint } from "../../core/engine/errors";
import { migrationSchema, readArguments } from "../../core/run/desired";
import { reviewEnsemble } from "../../core/run/ensemble";
import { readHistory } from "../../core/run/history";
import { complainForward, observeForward } from "../../core/run/move";
import { withMigrationWorld } from "../../core/run/open";
import { query } from "../../lab/clickhouse";
import { BRIDGE_ADDRESS } from "../../lab/layout";
import { until } from "../../lab/wait";
import type { Arguments, Ensemble } from "../../lab/arguments";
import { withDownload } from "./direct/download";
import { Scene, tell } from "./direct/scene";
import { ensureEnsemble } from "../../core/run/ensemble";
import { withZooKeeper } from "./direct/tree";

const METRIKA = "/etc/clickhouse-server/metrika.xml";
let scene: Scene;
let before: string;

beforeAll(async () => {
  scene = await Scene.bare();
  before = await fingerprints();
});
afterAll(() => scene?.close());

/** Everything that the product could have changed, on every host: its folders, its state, configurations. */
async function fingerprints(): Promise<string> {
  const lines = await Promise.all(
    scene.lab.specs.map(async ({ name }) => {
      const script = `find /opt/zookeeper /var/lib/pulumi-zookeeper /etc/clickhouse-server /alidata1 -type f ! -path "*/version-2/*" ! -name "*.pid" 2>/dev/null | sort | xargs -r sha256sum; id zookeeper 2>/dev/null; true`;
      return `${name}\n${await scene.on(name, script)}`;
    }),
  );
  return lines.join("\n");
}

/** What a preview says about the target. */
async function complaintsOfTarget(change: (target: Ensemble) => void): Promise<string> {
  const { said, failed } = await tell(async (say) => {
    const { complaints } = await reviewEnsemble(scene.target(change));
    complaints.forEach((complaint) => say(sayComplaint(complaint)));
  });
  return `${said}${failed}`;
}

/** What a preview says about the migration. */
async function complaintsOfMove(change: (args: Arguments) => void): Promise<string> {
  const { said, failed } = await tell(async (say) => {
    const desired = scene.desired(change);
    const complaints = await withMigrationWorld(desired, async (world) =>
      complainForward(desired, await observeForward(world, desired, readHistory([]))),
    );
    complaints.forEach((complaint) => say(sayComplaint(complaint)));
  });
  return `${said}${failed}`;
}

function withClickHouse(change: (consumer: Record<string, unknown>) => void = () => undefined) {
  return (args: Arguments) => {
    const clickhouse = structuredClone((args["lab consumers"] as Arguments["consumers"])["clickhouse"] ?? {});
    change(clickhouse);
    args.consumers["clickhouse"] = clickhouse;
  };
}

const hostOf = (ensemble: Ensemble, name: string) => {
  const host = ensemble.hosts[name];
  if (!host) throw new Error(`no ${name} in the arguments`);
  return host;
};

test("nothing speaks against the lab as it is", async () => {
  expect(await complaintsOfTarget(() => undefined)).toBe("");
  expect(await complaintsOfMove(withClickHouse())).toBe("");
});

describe("the target's hosts", () => {
  test("a host key that is another", async () => {
    const other = scene.lab.inventory.hosts["zk-new1"]?.hostKey;
    const said = await complaintsOfTarget((target) => {
      hostOf(target, "zk-new2").connection["hostKey"] = other;
    });
    expect(said).toContain("hosts.zk-new2.connection.hostKey");
    expect(said).toMatch(/found .*; expected .*/);
  });

  test("no host key: refused with the line that fetches it", async () => {
    const said = await complaintsOfTarget((target) => {
      delete hostOf(target, "zk-new2").connection["hostKey"];
    });
    expect(said).toContain("hosts.zk-new2.connection.hostKey");
    expect(said).toContain(`ssh-keyscan`);
  });

  test("a port that is taken", async () => {
    const said = await complaintsOfTarget((target) => {
      target["electionPort"] = 22;
    });
    expect(said).toMatch(/zk-new1: found port 22 taken by .*sshd.*; expected electionPort free/);
    expect(said).toContain("choose another electionPort");
  });

  test("no Java", async () => {
    await scene.on(
      "zk-new3",
      "which -a java > /run/javas; for java in $(cat /run/javas); do mount --bind /etc/hostname $java; done",
    );
    const said = await complaintsOfTarget(() => undefined);
    // One file under two names is mounted over twice.
    await scene.on("zk-new3", "for java in $(cat /run/javas); do umount $java; done; java -version");
    expect(said).toBe(
      "zk-new3: found no java on the PATH; expected a Java 8, 11 or 17 runtime. Install one, for example openjdk-17-jre-headless.",
    );
  });

  test("too little disk", async () => {
    await scene.on("zk-new2", "mkdir -p /alidata1/log && mount -t tmpfs -o size=20m tmpfs /alidata1/log");
    const said = await complaintsOfTarget(() => undefined);
    await scene.on("zk-new2", "umount /alidata1/log && rmdir -p /alidata1/log 2>/dev/null || true");
    expect(said).toBe(
      "zk-new2:/alidata1/log/zookeeper: found 20 MiB free; expected at least 1024 MiB. Make room, or choose another folder.",
    );
  });

  test("a third host that nobody has, as in the procedure's host list", async () => {
    const said = await complaintsOfTarget((target) => {
      const host = hostOf(target, "zk-new3");
      host.connection["host"] = String(host.connection["host"]).replace(/\d+$/, "99");
    });
    expect(said).toMatch(/^zk-new3: found no way in: .*\.99:22 after 1 try/);
    expect(said).toContain("Check hosts.zk-new3.connection for a typing mistake");
  });

  test("a third host with the procedure's very typing mistake: 127 for 172", async () => {
    const said = await complaintsOfTarget((target) => {
      hostOf(target, "zk-new3").connection["host"] = "127.26.64.168";
    });
    expect(said).toContain(
      "127.26.64.168 is a loopback address, which no other server can dial: a typing mistake?",
    );
  });

  test("two servers with one myid", async () => {
    const said = await complaintsOfTarget((target) => {
      target["myIds"] = { "zk-new1": 1, "zk-new2": 2, "zk-new3": 2 };
    });
    expect(said).toContain("zk-new2 and zk-new3 would both have myid 2");
  });
});

describe("the source and its clients", () => {
  test("the old ensemble names a server of the new one", async () => {
    const config = "/opt/zookeeper-3.4.14/conf/zoo.cfg";
    const { address } = scene.lab.inventory.hosts["zk-new1"] ?? { address: "" };
    await scene.on(
      "zk-old2",
      `cp -p ${config} /run/zoo.cfg && echo server.4=${address}:2888:3888 >> ${config}`,
    );
    const said = await complaintsOfMove(() => undefined);
    await scene.on("zk-old2", `cat /run/zoo.cfg > ${config}`);
    expect(said).toContain(`zk-old2:`);
    expect(said).toContain(`found server.4=${address}:2888:3888, a server of the other ensemble`);
  });

  test("a client that is no consumer, unless it is accepted", async () => {
    await withZooKeeper(scene.lab.inventory.old, async () => {
      const said = await complaintsOfMove(withClickHouse());
      expect(said).toMatch(
        new RegExp(
          `^${BRIDGE_ADDRESS}: found 1 connection to the source, and no consumer at that address; expected only the consumers' clients`,
        ),
      );
      expect(said).toContain("acceptForeignClients: true");
      const accepted = await complaintsOfMove((args) => {
        withClickHouse()(args);
        args["acceptForeignClients"] = true;
      });
      expect(accepted).toBe("");
    });
  });
});

describe("ClickHouse", () => {
  test("a table that is not well already: a replica is gone", async () => {
    await scene.on("ck2", 'clickhouse-client --query "DETACH TABLE lab.events"');
    const said = await complaintsOfMove(withClickHouse());
    await scene.on("ck2", 'clickhouse-client --query "ATTACH TABLE lab.events"');
    expect(said).toContain("ck1: found lab.events has 1 of 2 replicas active");
    expect(said).toContain("Mend the table first");
  });

  test("a replica that is read-only already", async () => {
    const routes = (verb: string) =>
      scene.lab.oldEnsemble.map(({ address }) => `ip route ${verb} blackhole ${address}`).join("; ");
    await scene.on("ck2", routes("add"));
    await until("lab.audit is read-only", async () => {
      const [ck2] = scene.lab.clickhouse.slice(1);
      if (!ck2) return "no ck2";
      const sql = "SELECT is_readonly FROM system.replicas WHERE table = 'audit'";
      return (await query(ck2, sql)) === "1" ? undefined : "it is not";
    });

    const said = await complaintsOfMove(withClickHouse());
    await scene.on("ck2", routes("del"));
    await scene.lab.untilReady();

    expect(said).toContain(
      "ck2: found lab.audit is read-only; expected every replicated table writable before the move begins",
    );
  });

  test("the element is not in the file", async () => {
    const said = await complaintsOfMove(
      withClickHouse((consumer) => {
        consumer["element"] = "zookeeper-server";
      }),
    );
    expect(said).toContain(`ck1:${METRIKA}: found`);
    expect(said).toContain("zookeeper-servers");
  });

  test("the element is there twice", async () => {
    const twin = "<zookeeper-servers><node><host>a</host><port>2181</port></node></zookeeper-servers>";
    await scene.on(
      "ck2",
      `cp -p ${METRIKA} /run/m.xml && sed 's,</yandex>,${twin}</yandex>,' /run/m.xml > ${METRIKA}`,
    );
    const said = await complaintsOfMove(withClickHouse());
    await scene.on("ck2", `cat /run/m.xml > ${METRIKA}`);
    expect(said).toContain(`ck2:${METRIKA}: found`);
    expect(said).not.toContain("ck1:");
  });
});

describe("the release", () => {
  const WRONG = "0".repeat(128);
  const install = (distribution: Record<string, string>) =>
    tell((say) =>
      ensureEnsemble(
        scene.target((target) => (target["distribution"] = distribution)),
        { say },
      ),
    );
  const expectRefused = (failed: string, where: string) => {
    expect(failed).toContain(
      `zk-new1: ${where}: found SHA-512 ${scene.lab.inventory.distribution.sha512}; expected SHA-512 ${WRONG}`,
    );
    expect(failed).toContain("Nothing was installed.");
  };

  test("a wrong SHA-512 of a file that the operator sends", async () => {
    const { path } = scene.lab.inventory.distribution;
    expectRefused((await install({ path, sha512: WRONG })).failed, path);
  });

  test("a wrong SHA-512 of a file that the hosts download", async () => {
    await withDownload(scene.lab.inventory.distribution.path, async (url) =>
      expectRefused((await install({ url, sha512: WRONG })).failed, url),
    );
  });
});

test("arguments that do not exist are told with the one that was meant", () => {
  const read = readArguments(migrationSchema, { ...scene.arguments(), fense: "stopSource" });
  expect("complaints" in read && read.complaints.map(sayComplaint).join()).toContain("Did you mean fence?");
});

test("after all of these, nothing on any host was changed, but for the journals of the two installations", async () => {
  const kept = (text: string) =>
    text.split("\n").filter((line) => line !== "" && !line.includes("/var/lib/pulumi-zookeeper/"));
  expect(kept(await fingerprints())).toEqual(kept(before));
});
