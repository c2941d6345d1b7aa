/** Installing where nothing runs, and changing what runs without ever losing the quorum. */
import { describeSteps } from "../../../../core/engine/plan-text";
import { configFiles } from "../../../../core/zookeeper/config-files";
import type { EnsembleInput } from "../../../../core/zookeeper/desired";
import type { ServerState } from "../../../../core/zookeeper/ensemble/observe";
import { driftOf, planEnsemble } from "../../../../core/zookeeper/ensemble/plan";
import { ensemble } from "../samples";

const empty = (name: string): ServerState => ({
  name,
  javaMajor: 17,
  unpacked: false,
  mode: "down",
  files: new Map(),
});

/** A server that was installed by `input`. */
function installed(name: string, mode: ServerState["mode"], input: Partial<EnsembleInput> = {}): ServerState {
  const files = configFiles(ensemble(input), name, 17).map(({ path, content }) => [path, content] as const);
  return { name, javaMajor: 17, unpacked: true, mode, files: new Map(files) };
}

const three = (make: (name: string) => ServerState) => ({
  servers: ["zk-new1", "zk-new2", "zk-new3"].map(make),
});

test("nothing runs: all servers are prepared side by side and started together", () => {
  const plan = planEnsemble(ensemble(), three(empty));
  const all = "zk-new1, zk-new2, zk-new3";
  expect(describeSteps(plan).map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
    expect.stringMatching(`^01 ${all}  receive /srv/.*, check its SHA-512`),
    expect.stringMatching(
      `^02 ${all}  unpack into /opt/zookeeper/apache-zookeeper-3.7.1-bin, run as zookeeper`,
    ),
    expect.stringMatching(`^03 ${all}  write zoo.cfg, java.env, log4j.properties, myid`),
    expect.stringMatching(`^04 ${all}  start  undo: stop`),
    "05 zk-new1  wait for one leader and 2 synced followers",
    expect.stringMatching(`^06 ${all}  metrics answer on port 7000`),
  ]);
});

test("as it should be: nothing to do, no drift", () => {
  const observed = three((name) => installed(name, name === "zk-new2" ? "leader" : "follower"));
  expect(planEnsemble(ensemble(), observed).stages).toEqual([]);
  expect(driftOf(ensemble(), observed)).toEqual([]);
});

test("a change rolls: one server a stage, followers first, the leader last, all joined before each", () => {
  const observed = three((name) => installed(name, name === "zk-new1" ? "leader" : "follower"));
  const plan = planEnsemble(ensemble({ tickTime: 3000 }), observed);
  expect(plan.stages.every((stage) => stage.steps.length === 1)).toBe(true);
  const ids = plan.stages.map((stage) => stage.steps[0]!.id);
  expect(ids).toEqual([
    "joined zk-new1 zk-new2 zk-new3",
    ...["zk-new2", "zk-new3", "zk-new1"].flatMap((name) => [
      `stop ${name}`,
      `configure ${name}`,
      `start ${name}`,
      `joined after ${name}`,
    ]),
  ]);
});

test("only the file, and only the server, that differs is touched", () => {
  const changed = (name: string) => (name === "zk-new3" ? { jvm: { maxHeap: "9g" } } : {});
  const observed = three((name) =>
    installed(name, name === "zk-new2" ? "leader" : "follower", changed(name)),
  );
  const steps = planEnsemble(ensemble(), observed).stages.flatMap((stage) => stage.steps);
  expect(steps.map(({ host, says }) => [host, says])).toEqual([
    ["zk-new1", "wait for one leader and 2 synced followers"],
    ["zk-new3", "stop (follower)"],
    ["zk-new3", "write java.env"],
    ["zk-new3", "start"],
    ["zk-new3", "wait for one leader and 2 synced followers"],
  ]);
  expect(driftOf(ensemble(), observed)).toEqual([
    expect.stringMatching(/^zk-new3: .*java\.env was changed$/),
  ]);
});

test("another logDir is made together with the files that name it", () => {
  const observed = three((name) => installed(name, name === "zk-new1" ? "leader" : "follower"));
  const { stages } = planEnsemble(ensemble({ logDir: "/var/log/zk" }), observed);
  expect(stages[2]!.steps[0]).toMatchObject({
    id: "configure zk-new2",
    args: { runAs: "zookeeper", folders: ["/opt/zookeeper/data", "/opt/zookeeper/log", "/var/log/zk"] },
    says: "write java.env, log4j.properties",
  });
});

test("what is down comes first: it cannot be stopped, and the quorum needs it", () => {
  const observed = {
    servers: [installed("zk-new1", "leader"), installed("zk-new2", "follower"), empty("zk-new3")],
  };
  const plan = planEnsemble(ensemble({ tickTime: 3000 }), observed);
  expect(plan.stages.map((stage) => stage.steps[0]!.id).slice(0, 6)).toEqual([
    "fetch zk-new3",
    "unpack zk-new3",
    "configure zk-new3",
    "start zk-new3",
    "joined zk-new1 zk-new2 zk-new3",
    "metrics zk-new3",
  ]);
  expect(plan.stages[6]!.steps[0]!.id).toBe("stop zk-new2");
  expect(driftOf(ensemble(), observed)).toContain("zk-new3: not running");
});

/** Each stage, its steps side by side. */
function stagesOf(zooCfg: EnsembleInput["zooCfg"], servers: readonly ServerState[]): string[] {
  const { stages } = planEnsemble(ensemble({ zooCfg }), { servers });
  return stages.map(({ steps }) => steps.map(({ id }) => id).join(", "));
}

test("all that are down are started before anybody waits for them: one alone finds no quorum, or not everybody", () => {
  const stages = stagesOf({}, [
    installed("zk-new1", "down"),
    installed("zk-new2", "down"),
    installed("zk-new3", "no quorum", { tickTime: 3000 }),
  ]);
  expect(stages).toEqual([
    "stop zk-new3",
    "configure zk-new3",
    "start zk-new1, start zk-new2, start zk-new3",
    "joined zk-new1 zk-new2 zk-new3",
    "metrics zk-new1, metrics zk-new2, metrics zk-new3",
  ]);
});

/** With it a server runs and finds nobody who speaks as it does. */
const TLS = { sslQuorum: "true" };

test("a server that the change keeps from joining is waited for before another is stopped: the rest still serves", () => {
  const stages = stagesOf(TLS, [
    installed("zk-new1", "no quorum", { zooCfg: TLS }),
    installed("zk-new2", "leader"),
    installed("zk-new3", "follower"),
  ]);
  expect(stages.slice(0, 2)).toEqual(["joined zk-new1 zk-new2 zk-new3", "stop zk-new3"]);
});

test("a server that finds no quorum though nothing differs is waited for: the change has not ended", () => {
  const stages = stagesOf(TLS, [
    installed("zk-new1", "no quorum", { zooCfg: TLS }),
    installed("zk-new2", "leader", { zooCfg: TLS }),
    installed("zk-new3", "follower", { zooCfg: TLS }),
  ]);
  expect(stages).toEqual(["joined zk-new1 zk-new2 zk-new3"]);
});

test("with the argument put back, that server is mended first, then the others go on", () => {
  const stages = stagesOf({ maxClientCnxns: "60" }, [
    installed("zk-new1", "no quorum", { zooCfg: TLS }),
    installed("zk-new2", "leader"),
    installed("zk-new3", "follower"),
  ]);
  expect(stages.slice(0, 6)).toEqual([
    "stop zk-new1",
    "configure zk-new1",
    "start zk-new1",
    "joined zk-new1 zk-new2 zk-new3",
    "metrics zk-new1",
    "stop zk-new3",
  ]);
});

test("what is to stay down is prepared and not started, and nobody waits for it", () => {
  const changed = ensemble({ tickTime: 3000 });
  const left = (...modes: ServerState["mode"][]) => {
    const servers = modes.map((mode, index) => installed(`zk-new${index + 1}`, mode));
    return planEnsemble(changed, { servers }, true).stages.map(({ steps }) =>
      steps.map(({ id }) => id).join(", "),
    );
  };
  expect(left("down", "down", "down")).toEqual(["configure zk-new1, configure zk-new2, configure zk-new3"]);
  expect(left("down", "down", "no quorum")).toEqual([
    "stop zk-new3",
    "configure zk-new1, configure zk-new2, configure zk-new3",
    "start zk-new3",
    "metrics zk-new3",
  ]);
  expect(left("leader", "follower", "follower")).toContain("joined after zk-new1");
  expect(
    planEnsemble(
      ensemble(),
      three((name) => installed(name, "down")),
      true,
    ).stages,
  ).toEqual([]);
});

test("an ensemble that never found its quorum is mended as a whole: no server waits for one that is not mended yet", () => {
  const stages = stagesOf(
    {},
    ["zk-new1", "zk-new2", "zk-new3"].map((name) => installed(name, "no quorum", { zooCfg: TLS })),
  );
  expect(stages.slice(2, 4)).toEqual([
    "start zk-new1, start zk-new2, start zk-new3",
    "joined zk-new1 zk-new2 zk-new3",
  ]);
});

test("steps have names of their own also where some are mended and some roll", () => {
  const { stages } = planEnsemble(ensemble({ tickTime: 3000 }), {
    servers: [empty("zk-new1"), installed("zk-new2", "leader"), installed("zk-new3", "no quorum")],
  });
  const ids = stages.flatMap(({ steps }) => steps.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test("the same facts make the same plan, and steps have names of their own", () => {
  const observed = three(empty);
  expect(planEnsemble(ensemble(), observed)).toEqual(planEnsemble(ensemble(), observed));
  const ids = planEnsemble(ensemble(), observed).stages.flatMap(({ steps }) => steps.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});
