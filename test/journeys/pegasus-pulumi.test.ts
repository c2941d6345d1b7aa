/** Both methods through Pulumi: what the preview says, `up` forward, and each of the two ways back. */
import { PegasusCluster } from "./direct/pegasus";
import { ended } from "./harness/expect";
import { useStage } from "./harness/stage";

const stage = useStage({ znodes: 300, scenario: "pegasus" });

test("method copy: a preview that shows it all, up, and back by active: source", async () => {
  const pegasus = new PegasusCluster(stage.lab);
  const before = await pegasus.look();
  const originals = await pegasus.configs();

  const text = ended(await stage.pulumi.preview(["--diff"]));
  expectClusterIn(text);
  expectDiffIn(text);
  for (const step of [
    "set_meta_level blind",
    "stop (backup meta): /usr/local/bin/pegasus-service stop",
    "copy /pegasus/lab while writes are few",
    "stop (primary meta): /usr/local/bin/pegasus-service stop",
    "copy what has changed since, remove what is gone; read both sides again: same paths, data and ACLs, no sequence counter behind",
    "edit /pegasus/bin/config.ini: hosts_list",
    "/usr/local/bin/pegasus-service start, until it leads",
  ])
    expect(text).toContain(step);

  ended(await stage.pulumi.up());
  await pegasus.expectOn("new", before);

  stage.configure((config) => (config["active"] = "source"));
  ended(await stage.pulumi.up());
  await pegasus.expectOn("old", before);
  expect(await pegasus.configs()).toEqual(originals);
});

test("method recover: refused for what it would lose; accepted, there by up and back by destroy", async () => {
  const pegasus = new PegasusCluster(stage.lab);
  const before = await pegasus.look();
  const originals = await pegasus.configs();
  await pegasus.shell("add_dup t1 other_cluster");
  await pegasus.shell("add_backup_policy -p every_day -b local_service -a 3 -i 86400 -s 01:00 -c 3");
  recover();

  const refusal = await stage.pulumi.preview();
  expect(refusal.code).not.toBe(0);
  expect(refusal.output).toMatch(/1 duplications: table 3 #\d+/);
  expect(refusal.output).toContain("1 backup policies: every_day");
  expect(refusal.output).toContain("set acceptLost: true");

  recover({ acceptLost: true });
  const text = ended(await stage.pulumi.preview(["--diff"]));
  expectClusterIn(text);
  expectDiffIn(text);
  expect(text).toMatch(/"\+ +recover_from_replica_server = true"/);
  expect(text).toContain("method recover does not bring back 1 backup policies: every_day");
  for (const step of [
    "edit /pegasus/bin/config.ini: hosts_list and recover_from_replica_server = true",
    "wait 6 s with every meta down: until each replica server's lease has run out",
    "/usr/local/bin/pegasus-service start, until it waits for recover",
    "recover -f <the nodes that were ALIVE>",
    "edit /pegasus/bin/config.ini: recover_from_replica_server = false",
  ])
    expect(text).toContain(step);

  ended(await stage.pulumi.up());
  await pegasus.expectOn("new", before);

  ended(await stage.pulumi.destroy());
  await pegasus.expectOn("old", before);
  expect(await pegasus.configs()).toEqual(originals);
});

function recover(choices: Record<string, unknown> = {}): void {
  stage.configure((config) => {
    config["options"] = { strategy: { kind: "none" } };
    const { pegasus } = config["consumers"] as Record<string, Record<string, unknown>>;
    Object.assign(pegasus ?? {}, { method: "recover", ...choices });
  });
}

/** Nodes, tables and primary as they were found. */
function expectClusterIn(text: string): void {
  expect(text).toMatch(/primary meta pg-meta[12], level steady, root \/pegasus\/lab/);
  expect(text).toContain("3 replica servers: pg-rep1:34801 ALIVE, pg-rep2:34801 ALIVE, pg-rep3:34801 ALIVE");
  expect(text).toContain("3 tables, 16 partitions: stat, temp, t1");
}

function expectDiffIn(text: string): void {
  const [before, after] = [stage.old, stage.new].map((side) =>
    side.map(({ address }) => `${address}:2181`).join(","),
  );
  expect(text).toContain(`"-  hosts_list = ${before}"`);
  expect(text).toContain(`"+  hosts_list = ${after}"`);
}
