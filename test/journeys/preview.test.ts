/** The preview is the review: it changes nothing, it says what matters, and what was reviewed is what is carried out. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpCode } from "../../core/zookeeper/files/txn-types";
import { METRIKA_XML } from "../../lab/clickhouse";
import { BRIDGE_ADDRESS, OLD_ZOOKEEPER_HOME, ZK_DATA_DIR, ZK_DATA_LOG_DIR } from "../../lab/layout";
import { modeOf, untilQuorum } from "../../lab/old-zookeeper";
import { openZooKeeper } from "../../lab/zookeeper-session";
import { changesOf, disksOf, settledDisks, transactionsOn } from "./harness/disks";
import { ended, refused } from "./harness/expect";
import { useStage } from "./harness/stage";

const stage = useStage({ znodes: 1_000 });
const planFile = join(tmpdir(), `journey-plan-${process.pid}.json`);
afterAll(() => rm(planFile, { force: true }));
/** ClickHouse tidies its own znodes whenever it likes, and every such write stands in the old ensemble's logs. */
const LOGS_OF_OTHERS = [`${ZK_DATA_LOG_DIR}/version-2`];

test("a preview says what will be done, and changes nothing on any host", async () => {
  const secret = "never-to-be-seen-1f6b";
  stage.configure((config) => {
    config.sshPassword = secret;
    config.options = { acceptForeignClients: true };
  });
  const modes = await Promise.all(stage.old.map(modeOf));
  const leader = stage.old[modes.indexOf("leader")]?.name ?? "no leader";
  const stranger = await openZooKeeper(stage.lab.inventory.old);
  const [before, logged] = [await settledDisks(stage.lab.specs, LOGS_OF_OTHERS), await transactions()];
  const preview = await stage.pulumi.preview(["--diff"]);
  const after = disksOf(stage.lab.specs, LOGS_OF_OTHERS);
  expect(changesOf(before, after)).toEqual([]);
  // Whoever wrote to the source meanwhile had a session before: the preview opened none.
  for (const [at, since] of (await transactions()).entries()) {
    expect(since.slice(logged[at]?.length).filter(({ type }) => type === OpCode.createSession)).toEqual([]);
  }
  await stranger.close();
  const text = ended(preview);

  console.log(text);
  expect(text).toContain(`leader ${leader}`);
  expect(text).toMatch(/3\.4\.14 .*→ 3\.7\.1/);
  expect(text).toMatch(/under 2 000 znodes/);
  expect(text).toContain(`${BRIDGE_ADDRESS}: NOT a consumer: will be cut off, as accepted`);
  expect(text).toMatch(/pause *: "about \d+ s: stop/);
  expect(text).toMatch(new RegExp(`\\d\\d ${leader} +stop \\(leader\\)`));
  expect(text).toContain("from here on the way back is a copy in the other direction");
  for (const { address } of stage.old) expect(text).toMatch(new RegExp(`"- +<host>${address}</host>"`));
  for (const { address } of stage.new) expect(text).toMatch(new RegExp(`"\\+ +<host>${address}</host>"`));
  expect(text).not.toContain(secret);
  expect(text).not.toContain("PRIVATE KEY");
});

test("a client that nobody knows is named, and refused, before anything changes", async () => {
  const stranger = await openZooKeeper(stage.lab.inventory.old);
  const preview = await stage.pulumi.preview();
  await stranger.close();
  const text = refused(preview);
  expect(text).toContain(
    `${BRIDGE_ADDRESS}: found 1 connection to the source, and no consumer at that address`,
  );
});

test("what was reviewed is carried out on an unchanged lab, and a second up at once touches no host", async () => {
  ended(await stage.pulumi.preview(["--save-plan", planFile]));
  ended(await stage.pulumi.up(["--plan", planFile]));
  const before = await settledDisks(stage.lab.specs, LOGS_OF_OTHERS);
  ended(await stage.pulumi.up(["--expect-no-changes"]));
  expect(changesOf(before, disksOf(stage.lab.specs, LOGS_OF_OTHERS))).toEqual([]);
});

test("a reviewed plan is refused when metrika.xml, the leader's data, or a host is another by then", async () => {
  ended(await stage.pulumi.preview(["--save-plan", planFile]));
  const installed = () => disksOf(stage.new, ["/root", "/etc/ssh"]);
  const before = installed();
  const refusedFor = async (pattern: RegExp) => {
    // With its own preview: that is where a plan is held against the world before anything is done.
    const up = await stage.pulumi.run(["up", "--yes", "--plan", planFile]);
    expect(refused(up)).toMatch(pattern);
    expect(changesOf(before, installed())).toEqual([]);
  };

  const replica = stage.lab.host("ck2");
  await must(
    replica.exec(["bash", "-c", `cp -p ${METRIKA_XML} /root/kept; echo '<!-- edited -->' >>${METRIKA_XML}`]),
  );
  await refusedFor(/violates plan.*files/s);
  await must(replica.exec(["cp", "-p", "/root/kept", METRIKA_XML]));

  const target = stage.lab.host("zk-new3");
  const keys = "/etc/ssh/ssh_host_ed25519_key";
  const newKey = `cp -p ${keys} /root/kept; rm ${keys}; ssh-keygen -q -t ed25519 -N '' -f ${keys}`;
  await must(target.exec(["bash", "-c", newKey]));
  await refusedFor(/zk-new3\.connection\.hostKey: found/);
  await must(target.exec(["cp", "-p", "/root/kept", keys]));

  const modes = await Promise.all(stage.old.map(modeOf));
  const leader = stage.lab.host(stage.old[modes.indexOf("leader")]?.name ?? "no leader");
  const zkServer = `${OLD_ZOOKEEPER_HOME}/bin/zkServer.sh`;
  const moveData = `${zkServer} stop && mv ${ZK_DATA_DIR} /opt/moved && sed -i 's,^dataDir=.*,dataDir=/opt/moved,' ${OLD_ZOOKEEPER_HOME}/conf/zoo.cfg && ${zkServer} start`;
  await must(leader.exec(["bash", "-c", moveData]));
  await untilQuorum(stage.old);
  await refusedFor(new RegExp(`${leader.name}.*dataDir=/opt/moved`, "s"));
});

function transactions() {
  return Promise.all(stage.old.map(({ name }) => transactionsOn(name)));
}

async function must(run: Promise<{ code: number; stderr: string }>): Promise<void> {
  const { code, stderr } = await run;
  if (code !== 0) throw new Error(stderr);
}
