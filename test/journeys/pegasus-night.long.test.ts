/**
 * The business's checks of a Pegasus cluster at every outcome: its canary and the user's own commands, before the fence,
 * after the repointing and after a way back, by both methods. The tests follow one another on one lab.
 */
import type { MigrationDesired } from "../../core/run/desired";
import { metaList, PEGASUS_CONFIG, PEGASUS_RUN } from "../../lab/pegasus-hosts";
import { PegasusScene, type ClusterLook, type Method } from "./direct/pegasus";

const CANARY = "pulumi_zookeeper_canary_";
const LOG = "/var/tmp/night.log";
/** While /root/broken is there, no table can be created once this host's configuration names the new ensemble. */
const SHELL = `#!/bin/sh
command=$(cat)
case "$command" in
  create*) if grep -q 'hosts_list = @NEW@' ${PEGASUS_CONFIG} && [ -e /root/broken ]; then exec cat /root/refusal; fi ;;
esac
printf '%s\\n' "$command" | ${PEGASUS_RUN} shell --cluster @METAS@
`;
const REFUSAL = `Pegasus Shell 2.5.0
The config file is: config.ini
ERR_INVALID_STATE: create app t failed: [create] received server error
create app "t" failed, error = ERR_INVALID_STATE
dsn exit with code 0
`;

let pegasus: PegasusScene;
let before: ClusterLook;
let originals: string[];
beforeAll(async () => {
  pegasus = await PegasusScene.open();
  const shell = SHELL.replace("@METAS@", metaList(pegasus.lab.specs)).replace(
    "@NEW@",
    pegasus.ensemble("new"),
  );
  const put = 'printf %s "$1" >/root/gate-shell; printf %s "$2" >/root/refusal; chmod +x /root/gate-shell';
  await onMetas(put, shell, REFUSAL);
  before = await pegasus.look();
  originals = await pegasus.configs();
});
afterAll(() => pegasus?.close());
beforeEach(() => onMetas(`rm -f ${LOG} /root/broken`));

const onMetas = (script: string, ...args: string[]) =>
  Promise.all(pegasus.metas.map(({ name }) => pegasus.scene.on(name, script, ...args)));
const noted = () => pegasus.scene.on("pg-meta1", `cat ${LOG} 2>/dev/null || true`);

function night(method: Method, change: (args: Record<string, unknown>) => void = () => undefined) {
  return pegasus.desired(method, (consumer, args) => {
    Object.assign(consumer, { canary: true, shell: "/root/gate-shell" });
    args["verify"] = { pegasus: [{ run: `echo checked >> ${LOG}`, on: "pg-meta1" }] };
    change(args);
  });
}

const up = (desired: MigrationDesired) => pegasus.scene.up(desired);

/** The cluster is what it was, on that side; of the canaries there is nothing but the records of dropped tables. */
async function expectOn(side: "old" | "new"): Promise<void> {
  const now = await pegasus.look();
  const canaries = now.tables.filter((line) => line.includes(CANARY));
  expect({ ...now, tables: now.tables.filter((line) => !line.includes(CANARY)) }).toEqual(before);
  expect(canaries.filter((line) => !line.includes(" DROPPED "))).toEqual([]);
  const wanted = pegasus.ensemble(side);
  expect(await pegasus.hostsLists()).toEqual([wanted, wanted]);
  if (side === "old") expect(await pegasus.configs()).toEqual(originals);
}

test.each(["copy", "recover"] as const)(
  "method %s: a table lives and dies before the fence, after the repointing and after the way back",
  async (method) => {
    const there = await up(night(method));
    expect(there.failed).toBe("");
    expect(there.said.match(/canary: create a table/g)).toHaveLength(2);
    expect(there.said.indexOf("canary: ")).toBeLessThan(there.said.search(/set_meta_level blind|stop \(/));
    expect(await noted()).toBe("checked\nchecked");
    await expectOn("new");

    const back = await pegasus.scene.destroy(night(method));
    expect(back.failed).toBe("");
    expect(back.said).toContain("canary: create a table");
    await expectOn("old");
  },
);

test("a cluster that makes no tables already: refused, and no meta was touched", async () => {
  await pegasus.shell("set_meta_level freezed");
  const processes = await Promise.all(pegasus.metas.map(({ name }) => pegasus.processOn(name)));

  const { failed, said } = await up(night("copy"));

  expect(failed).toMatch(/create pulumi_zookeeper_canary_\w+ -p 1 -r 3: .*ERR_STATE_FREEZED/);
  expect(failed).toContain("No consumer was repointed: the source serves again, untouched");
  expect(said).not.toMatch(/set_meta_level blind|stop \(/);
  expect(await Promise.all(pegasus.metas.map(({ name }) => pegasus.processOn(name)))).toEqual(processes);
  await pegasus.shell("set_meta_level steady");
  await expectOn("old");
});

test("a cluster that makes no tables on the target: it stays there, says both commands, and goes on once mended", async () => {
  const desired = night("copy");
  await onMetas("touch /root/broken");

  const { failed } = await up(desired);

  expect(failed).toMatch(/create pulumi_zookeeper_canary_.*ERR_INVALID_STATE/);
  expect(failed).toMatch(/pegasus stays fenced.*pulumi up again.*pulumi destroy/s);
  await onMetas("rm /root/broken");
  expect((await up(desired)).failed).toBe("");
  await expectOn("new");
  expect((await up({ ...desired, active: "source" })).failed).toBe("");
  await expectOn("old");
});

test("onFailure rollBack: it goes back by itself", async () => {
  const desired = night("copy", (args) => (args["onFailure"] = "rollBack"));
  await onMetas("touch /root/broken");

  const { failed } = await up(desired);

  expect(failed).toContain("Rolled back, as onFailure: rollBack asks for");
  await expectOn("old");
  expect((await up({ ...desired, active: "source" })).failed).toBe("");
});
