/**
 * What goes wrong in a Pegasus switchover: each trap ends with a message that says what to do, and with a cluster that
 * works as before, by the commands that the message names. So the traps follow one another on one lab.
 */
import type { MigrationDesired } from "../../core/run/desired";
import { handlers } from "../../core/run/handlers";
import { copyTree, endpointOn } from "../../core/zookeeper/tree";
import { serviceCommand } from "../../core/zookeeper/side";
import {
  PEGASUS_CONFIG,
  PEGASUS_ROOT,
  PEGASUS_RUN,
  PEGASUS_SERVICE,
  metaList,
} from "../../lab/pegasus-hosts";
import { untilQuorum } from "../../lab/old-zookeeper";
import { until } from "../../lab/wait";
import { dialDirectly } from "./direct/dial";
import { PegasusScene, type ClusterLook, type Method } from "./direct/pegasus";
import type { Told } from "./direct/scene";

/** Stops while /root/hold-WORD is there, a WORD of the shell's or `start`; says /root/say-WORD instead of asking. */
const SHELL = `#!/bin/sh
command=$(cat)
word=\${command%% *}
while [ -e "/root/hold-$word" ]; do sleep 0.05; done
[ -e "/root/say-$word" ] && exec cat "/root/say-$word"
printf '%s\\n' "$command" | ${PEGASUS_RUN} shell --cluster @METAS@
`;
/** Notes with what configuration a meta is started. */
const START = `#!/bin/sh
sed -n -E 's/^ *(hosts_list|recover_from_replica_server) *= *//p' ${PEGASUS_CONFIG} | xargs echo >>/root/starts
while [ -e /root/hold-start ]; do sleep 0.05; done
exec ${PEGASUS_SERVICE} start
`;

let pegasus: PegasusScene;
let before: ClusterLook;
let originals: string[];

beforeAll(async () => {
  pegasus = await PegasusScene.open();
  const put = 'printf %s "$1" >/root/gate-shell; printf %s "$2" >/root/gate-start; chmod +x /root/gate-*';
  const shell = SHELL.replace("@METAS@", metaList(pegasus.scene.lab.specs));
  await Promise.all(pegasus.metas.map(({ name }) => pegasus.scene.on(name, put, shell, START)));
  before = await pegasus.look();
  originals = await pegasus.configs();
});
afterAll(() => pegasus?.close());
beforeEach(() => onMetas("rm -f /root/starts /root/hold-* /root/say-*"));
afterEach(async () => {
  expect(await pegasus.look()).toEqual(before);
  const old = pegasus.ensemble("old");
  expect(await pegasus.hostsLists()).toEqual([old, old]);
  expect(await pegasus.configs()).toEqual(originals);
});

const gated = (method: Method, change: (consumer: Record<string, unknown>) => void = () => undefined) =>
  pegasus.desired(method, (consumer) => {
    Object.assign(consumer, { shell: "/root/gate-shell", start: "/root/gate-start" });
    change(consumer);
  });
const onMetas = (script: string, ...args: string[]) =>
  Promise.all(pegasus.metas.map(({ name }) => pegasus.scene.on(name, script, ...args)));
const hold = (word: string) => onMetas(`touch /root/hold-${word}`);
const release = (word: string) => onMetas(`rm -f /root/hold-${word}`);

/** Runs it, and `act` beside it once a line says that it has come so far. */
async function during(
  run: (onLine: (line: string) => void) => Promise<Told>,
  trigger: RegExp,
  act: () => Promise<unknown>,
): Promise<Told> {
  let acting: Promise<unknown> | undefined;
  const told = await run((line) => {
    if (trigger.test(line)) acting ??= act();
  });
  if (!acting) throw new Error(`nothing said ${String(trigger)}:\n${told.said}\n${told.failed}`);
  await acting;
  return told;
}

const up = (desired: MigrationDesired) => (onLine?: (line: string) => void) =>
  pegasus.scene.up(desired, onLine);
const goBack = async (desired: MigrationDesired) =>
  expect((await pegasus.scene.up({ ...desired, active: "source" })).failed).toBe("");

/** What the shell would say, as a real one was recorded, with exit code 0. */
const sayInstead = (word: string, text: string) =>
  onMetas(
    `printf '%s\\n' "Pegasus Shell 2.6.0-SNAPSHOT" "The config file is: config.ini" "The cluster name is: onebox" \\
      "The cluster meta list is: a:1" "$1" "dsn exit with code 0" >/root/say-${word}`,
    text,
  );
const sayAgain = (word: string) => onMetas(`rm -f /root/say-${word}`);

async function untilNodeIs(state: "ALIVE" | "UNALIVE", node: string): Promise<void> {
  await until(`${node} ${state}`, async () => {
    const listed = await pegasus.shell("nodes");
    return new RegExp(`^${node}\\S* +${state}`, "m").test(listed) ? undefined : listed;
  });
}

test.each(["copy", "recover"] as const)(
  "an UNALIVE node: %s is refused before anything is touched",
  async (method) => {
    const { replicaServers } = before;
    const processes = await Promise.all(pegasus.metas.map(({ name }) => pegasus.processOn(name)));
    await pegasus.service("pg-rep3", "stop");
    await untilNodeIs("UNALIVE", "pg-rep3");

    const { failed } = await pegasus.scene.up(gated(method));

    expect(failed).toContain("replica server pg-rep3:34801 is UNALIVE");
    expect(failed).toContain("expected every node ALIVE and every partition fully healthy");
    expect(await Promise.all(pegasus.metas.map(({ name }) => pegasus.processOn(name)))).toEqual(processes);
    await pegasus.service("pg-rep3", "start");
    before = { ...(await pegasus.look()) };
    expect(before.replicaServers.slice(0, 2)).toEqual(replicaServers.slice(0, 2));
  },
);

test("a shell that prints an error and ends with 0: refused before, or taken back", async () => {
  await sayInstead("nodes", "list nodes failed, error=ERR_NETWORK_FAILURE");
  expect((await pegasus.scene.up(gated("copy"))).failed).toContain(
    "list nodes failed, error=ERR_NETWORK_FAILURE",
  );
  await sayAgain("nodes");

  await sayInstead("set_meta_level", "control meta level got error ERR_TIMEOUT");
  const { failed } = await pegasus.scene.up(gated("copy"));
  expect(failed).toContain("set_meta_level blind: control meta level got error ERR_TIMEOUT");
  expect(failed).toContain("No consumer was repointed");
  await sayAgain("set_meta_level");
});

test("a primary that does not stop: taken back, with the level that was there", async () => {
  const { primary } = await pegasus.leader();
  await pegasus.shell("set_meta_level lively");

  const { failed } = await pegasus.scene.up(
    gated("copy", (consumer) => {
      consumer["stop"] = `[ "$(hostname)" = ${primary} ] && exit 0; ${PEGASUS_SERVICE} stop`;
    }),
  );

  expect(failed).toMatch(new RegExp(`${primary}: still runs 30 s after`));
  expect(failed).toContain("No consumer was repointed");
  expect((await pegasus.look()).level).toBe("lively");
  await pegasus.shell("set_meta_level steady");
});

test("recover with ERR_TRY_AGAIN: nothing was written, and the way back needs no recovery", async () => {
  const desired = gated("recover");
  await hold("recover");
  const { failed } = await during(up(desired), /until it waits for recover/, async () => {
    await pegasus.service("pg-rep3", "stop");
    await release("recover");
  });

  expect(failed).toContain(
    "recover: ERR_TRY_AGAIN, nothing was written: node pg-rep3:34801 answered ERR_NETWORK_FAILURE",
  );
  expect(failed).toContain("pegasus stays fenced");
  await pegasus.service("pg-rep3", "start");
  const { said, failed: backFailed } = await pegasus.scene.up({ ...desired, active: "source" });
  expect(backFailed).toBe("");
  expect(said).not.toContain("recover -f");
  before = { ...before, replicaServers: (await pegasus.look()).replicaServers };
  // With the new list a meta has only ever been started together with the flag: the root there was empty.
  expect(await startsWith(pegasus.ensemble("new"))).toEqual(["true"]);
});

test("a lost partition: refused, and gone on with once its replica is back", async () => {
  const desired = gated("recover");
  const folder = "/pegasus/data/replica/reps/1.0.pegasus";
  const onReplicas = (script: string) =>
    Promise.all(pegasus.replicaServers.map(({ name }) => pegasus.scene.on(name, script)));
  await hold("recover");
  const { failed } = await during(up(desired), /until it waits for recover/, async () => {
    await onReplicas(`${PEGASUS_SERVICE} stop && mv ${folder} /root/lost && ${PEGASUS_SERVICE} start`);
    await untilRecoverable();
    await release("recover");
  });

  expect(failed).toContain("recover: ERR_TRY_AGAIN, nothing was written: partition 1.0 has no replica left");
  expect(failed).toContain("skipLostPartitions: true (-l)");
  await onReplicas(`${PEGASUS_SERVICE} stop && mv /root/lost ${folder} && ${PEGASUS_SERVICE} start`);
  await untilRecoverable();
  expect((await pegasus.scene.up(desired)).failed).toBe("");
  before = { ...before, replicaServers: (await pegasus.look()).replicaServers };
  expect(await startsWith(pegasus.ensemble("new"))).toEqual(["false", "false", "true"]);
  await goBack(desired);
});

test("recover on a root that somebody has filled meanwhile: the meta ends by itself, and the way back is free", async () => {
  const desired = gated("recover");
  await hold("start");
  const { failed } = await during(up(desired), /wait \d+ s with every meta down/, async () => {
    await copyTree({ source: endpoint("old"), target: endpoint("new"), roots: [PEGASUS_ROOT] });
    await release("start");
  });

  expect(failed).toContain("the meta server ended by itself after it was started");
  expect(failed).toContain("find apps from remote storage");
  await goBack(desired);
});

test.each(["up with active: source", "destroy"])(
  "the target cannot be reached when the metas start: %s brings the cluster back",
  async (command) => {
    const desired = gated("recover");
    await hold("start");
    const { failed } = await during(up(desired), /wait \d+ s with every meta down/, async () => {
      await newEnsemble("stop");
      await release("start");
    });

    expect(failed).toContain("the meta server ended by itself after it was started");
    expect(failed).toContain("ERR_TIMEOUT is an ensemble that it cannot reach");
    expect(failed).toContain("pegasus stays fenced");
    const { said, failed: backFailed } =
      command === "destroy"
        ? await pegasus.scene.destroy(desired)
        : await pegasus.scene.up({ ...desired, active: "source" });
    expect(backFailed).toBe("");
    expect(said).not.toContain("recover -f");
    await newEnsemble("start");
  },
);

test("the wait for the leases, cut short by force: the cluster is broken, and nobody calls it done", async () => {
  const desired = gated("recover", (consumer) => (consumer["healthTimeoutSeconds"] = 15));
  await setLease(60);
  originals = await pegasus.configs();
  const waiting = handlers["pg.lease"];
  if (!waiting) throw new Error("nobody waits for the leases");
  const noWait = { ...waiting, apply: async () => undefined };
  const forced = jest.replaceProperty(handlers, "pg.lease", noWait);
  const { failed } = await pegasus.scene.up(desired);
  forced.restore();

  expect(failed).toMatch(/not healthy 15 s after the metas started: .*partitions are fully healthy/);
  expect(failed).toContain("pegasus stays fenced");
  const died = await Promise.all(
    pegasus.replicaServers.map(({ name }) => pegasus.scene.on(name, `${PEGASUS_SERVICE} status || true`)),
  );
  expect(died.join("\n")).toContain("not running");
  await setLease(3);
  await goBack(desired);
  originals = await pegasus.configs();
  before = { ...before, replicaServers: (await pegasus.look()).replicaServers };
});

/** With what flag metas were started on that list, over all hosts, sorted; an absent line reads `-`. */
async function startsWith(list: string): Promise<string[]> {
  const notes = (await onMetas("cat /root/starts 2>/dev/null || true")).flatMap((text) => text.split("\n"));
  const starts = notes.flatMap((note) => {
    const words = note.trim().split(/\s+/);
    if (!words.includes(list)) return [];
    return [words.find((word) => word !== list) ?? "-"];
  });
  // Which meta is the first to lead is theirs to settle.
  return starts.sort();
}

/** Every replica server beacons to the meta that waits; the shell is told nothing then, HTTP is. */
async function untilRecoverable(): Promise<void> {
  await until("every replica server's port", async () => {
    const open = await Promise.all(
      pegasus.replicaServers.map(({ name }) => pegasus.scene.on(name, "ss -Hltn 'sport = :34801' | wc -l")),
    );
    return open.every((count) => count !== "0") ? undefined : open.join(" ");
  });
}

function endpoint(side: "old" | "new") {
  const specs = side === "old" ? pegasus.scene.lab.oldEnsemble : pegasus.scene.newEnsemble;
  return endpointOn({ name: side, hosts: specs.map(dialDirectly), port: 2181 });
}

async function newEnsemble(verb: "start" | "stop"): Promise<void> {
  const command = serviceCommand(pegasus.scene.target(), verb);
  await Promise.all(pegasus.scene.newEnsemble.map(({ name }) => pegasus.scene.on(name, `${command} 2>&1`)));
  if (verb === "start") await untilQuorum(pegasus.scene.newEnsemble);
}

/** On every Pegasus server, which is restarted for it. */
async function setLease(seconds: number): Promise<void> {
  const edit = `sed -i -E 's/fd_lease_seconds = .*/fd_lease_seconds = ${seconds}/; s/fd_grace_seconds = .*/fd_grace_seconds = ${seconds + 1}/' ${PEGASUS_CONFIG}`;
  await Promise.all(
    pegasus.replicaServers.map(({ name }) =>
      pegasus.scene.on(name, `${edit}; ${PEGASUS_SERVICE} stop; ${PEGASUS_SERVICE} start`),
    ),
  );
}
