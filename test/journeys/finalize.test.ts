/** The end of the story: `finalized` closes the way back, and only then the old data may go. */
import { ZK_DATA_DIR } from "../../lab/layout";
import { modeOf } from "../../lab/old-zookeeper";
import { untilWritable } from "../../lab/clickhouse";
import { changesOf, disksOf } from "./harness/disks";
import { ended, refused } from "./harness/expect";
import { useStage, type StackConfig } from "./harness/stage";

const stage = useStage({ znodes: 500 });

test("finalized closes the way back; the old data goes only then, and destroy touches no host", async () => {
  const cleaning = (config: StackConfig) => (config.options = { cleanUpSource: true });
  stage.configure(cleaning);
  ended(await stage.pulumi.up());
  expect(await oldData()).toEqual(["zk-old1: there", "zk-old2: there", "zk-old3: there"]);

  stage.configure((config) => {
    cleaning(config);
    config.finalized = true;
  });
  const review = ended(await stage.pulumi.preview(["--diff"]));
  expect(review).toMatch(/closes.*the way back, for good/);
  expect(review).toMatch(/no way back --[^]*remove the old ensemble's data/);
  // Of the plan before, which the diff shows too, it is only on the left.
  expect(review).not.toMatch(/(=>|\+ .*:) *"[^"]*is a copy in the other direction/);
  ended(await stage.pulumi.up());
  expect(await oldData()).toEqual(["zk-old1: gone", "zk-old2: gone", "zk-old3: gone"]);

  stage.configure((config) => {
    cleaning(config);
    config.active = "source";
  });
  expect(refused(await stage.pulumi.up())).toMatch(/finalized/);
  stage.configure((config) => {
    cleaning(config);
    config.finalized = true;
  });
  ended(await stage.pulumi.up(["--expect-no-changes"]));

  const before = disksOf(stage.lab.specs, SERVERS_OWN);
  const said = ended(await stage.pulumi.destroy());
  expect(said).toMatch(/finalized: no host is touched/);
  expect(changesOf(before, disksOf(stage.lab.specs, SERVERS_OWN))).toEqual([]);
  expect((await Promise.all(stage.new.map(modeOf))).sort()).toEqual(["follower", "follower", "leader"]);
  await untilWritable(stage.clickhouse);
});

/** Data of servers that go on serving all the while. */
const SERVERS_OWN = ["/opt/zookeeper/data/version-2", "/opt/zookeeper/log/version-2", "/var/lib/clickhouse"];

function oldData(): Promise<string[]> {
  return Promise.all(
    stage.old.map(async ({ name }) => {
      const { code } = await stage.lab.host(name).exec(["test", "-e", `${ZK_DATA_DIR}/version-2`]);
      return `${name}: ${code === 0 ? "there" : "gone"}`;
    }),
  );
}
