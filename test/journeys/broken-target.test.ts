/**
 * The way back while the new ensemble is broken: what was acknowledged and still lies on a disk comes back; where it
 * cannot be told whether that is everything, nothing moves until the user has accepted a loss that is told exactly.
 *
 * The tests share one lab. Each moves forward, writes on the new side, breaks it and goes back, so that at its end
 * the old ensemble serves again.
 */
import type { HostSpec } from "../../lab/layout";
import { connectString, ZK_DATA_DIR, ZK_DATA_LOG_DIR } from "../../lab/layout";
import { Scene } from "./direct/scene";
import { readTree, write, type Tree } from "./direct/tree";

let scene: Scene;
/** As clients of the new ensemble saw it before it broke. */
let tree: Tree;
let written: readonly string[];
let round = 0;

beforeAll(async () => {
  scene = await Scene.open({ clickhouse: false });
});
afterAll(() => scene.close());

beforeEach(async () => {
  expect((await scene.forward()).failed).toBe("");
  const connect = connectString(scene.newEnsemble);
  written = await write(connect, `/since-${++round}`, 20);
  tree = await readTree(connect);
});
afterEach(() => Promise.all(scene.newEnsemble.map(({ name }) => scene.lab.host(name).start())));

test("the leader's disk emptied under it: the files come from another server", async () => {
  const leader = await scene.newLeader();
  await scene.on(leader, `rm -rf ${ZK_DATA_DIR}/version-2/* ${ZK_DATA_LOG_DIR}/version-2/*`);
  expect((await back()).failed).toBe("");
  expect(await readTree(scene.lab.inventory.old)).toEqual(tree);
});

test("two power cuts: refused with what could be lost, and complete once one of them is back", async () => {
  const [alive, dead, other] = await leaderLast();
  await Promise.all([cut(dead), cut(other)]);
  const refused = await back();
  expect(refused.failed).toMatch(new RegExp(`1 usable disk of 3 \\(${alive.name}, last zxid 0x[0-9a-f]+\\)`));
  expect(refused.failed).toContain("at least 2: what a quorum acknowledged may lie on the others alone");
  expect(refused.failed).toMatch(
    /acceptDataLoss: true to go back with \S+: every write acknowledged after zxid 0x[0-9a-f]+ would be lost/,
  );
  await scene.lab.host(dead.name).start();
  expect((await back()).failed).toBe("");
  expect(await readTree(scene.lab.inventory.old)).toEqual(tree);
});

test("the newest log torn on two of three disks: the third has it all", async () => {
  const [, ...torn] = await leaderLast();
  await killServers(scene.newEnsemble);
  for (const { name } of torn) await tearNewestLog(name);
  expect((await back()).failed).toBe("");
  expect(await readTree(scene.lab.inventory.old)).toEqual(tree);
});

test("only a torn log is left: accepted, everything before the tear comes back", async () => {
  const [alive, dead, other] = await leaderLast();
  await killServers(scene.newEnsemble);
  await tearNewestLog(alive.name);
  await Promise.all([cut(dead), cut(other)]);
  expect((await back()).failed).toContain(`1 usable disk of 3 (${alive.name}`);
  expect((await back({ acceptDataLoss: true })).failed).toBe("");
  const lost = await lostOnTheWay();
  expect(lost.length).toBeGreaterThan(0);
  expect(lost).toEqual(written.slice(-lost.length).sort());
});

test("nothing of it is left: the source goes on with its own files, once that is accepted", async () => {
  await Promise.all(scene.newEnsemble.map(cut));
  const refused = await back();
  expect(refused.failed).toContain("target: found no server whose files make a whole tree");
  expect(refused.failed).toMatch(
    /every write acknowledged since the move \(zxid 0x[0-9a-f]+, begun .+\) is lost/,
  );
  expect((await back({ acceptDataLoss: true })).failed).toBe("");
  expect(await lostOnTheWay()).toEqual([`/since-${round}`, ...written].sort());
});

function back(options: { acceptDataLoss?: true } = {}) {
  return scene.back(scene.desired((args) => Object.assign(args, { active: "source", ...options })));
}

/** Paths that the old ensemble does not have as the new one had them. */
async function lostOnTheWay(): Promise<string[]> {
  const now = await readTree(scene.lab.inventory.old);
  return Object.keys(tree)
    .filter((path) => now[path] !== tree[path])
    .sort();
}

/** The new servers, two followers first. */
async function leaderLast(): Promise<[HostSpec, HostSpec, HostSpec]> {
  const leader = await scene.newLeader();
  const rank = ({ name }: HostSpec) => (name === leader ? 1 : 0);
  return [...scene.newEnsemble].sort((a, b) => rank(a) - rank(b)) as [HostSpec, HostSpec, HostSpec];
}

function cut({ name }: HostSpec): Promise<void> {
  return scene.lab.host(name).kill();
}

/** As if all had crashed at once, disks and hosts unharmed. */
async function killServers(servers: readonly HostSpec[]): Promise<void> {
  await Promise.all(
    servers.map(({ name }) => scene.on(name, "pkill -9 java; while pgrep java; do sleep 0.05; done")),
  );
}

/** Cuts into the last records of the newest log; the zeros behind them are its preallocated end. */
async function tearNewestLog(host: string): Promise<void> {
  const tear =
    'my $log = $ARGV[0]; open my $in, "<:raw", $log or die; local $/; my $text = <$in>; $text =~ s/\\0+\\z//; ' +
    "truncate($log, length($text) - 200) or die";
  await scene.on(host, `perl -e '${tear}' "$(ls -t ${ZK_DATA_LOG_DIR}/version-2/log.* | head -n 1)"`);
}
