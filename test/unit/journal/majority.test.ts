/** The journal and the lock on several hosts, of which some are down: what a majority holds is what counts. */
import { UserError } from "../../../core/engine/errors";
import type { Entry } from "../../../core/engine/journal";
import { lockHosts } from "../../../core/journal/lock";
import { RemoteJournal } from "../../../core/journal/remote-journal";
import { withSession } from "../../../core/run/session";
import { planOf } from "../engine/scene";
import { FakeHost, World } from "../world";

const PATH = "/var/lib/pulumi-zookeeper/migration-1/journal.jsonl";

/** Hosts whose journal is what was appended to it. */
function keepers(count: number): FakeHost[] {
  return Array.from({ length: count }, (_, index) => {
    const host = new FakeHost(`zk${index + 1}`);
    host.answer = (_text, _args, stdin) => {
      host.files.set(PATH, Buffer.concat([host.files.get(PATH) ?? Buffer.alloc(0), Buffer.from(stdin)]));
      return "";
    };
    return host;
  });
}

const entry = (seq: number): Entry => ({
  event: "intent",
  step: "a",
  run: "r",
  seq,
  at: "2026-01-02T03:04:05Z",
});
const seqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq).sort();

test("what a killed writer left on one host is read beside what its successor wrote in the same place", async () => {
  const hosts = keepers(3);
  const journal = new RemoteJournal("migration-1", hosts);
  await journal.append([entry(0)]);
  await new RemoteJournal("migration-1", [hosts[2]!]).append([{ ...entry(1), at: "2026-01-02T03:04:06Z" }]);
  hosts[2]!.down = "no route";
  await journal.append([entry(1)]);
  hosts[2]!.down = undefined;
  expect(seqs(await journal.read())).toEqual([0, 1, 1]);
});

test("what was written while one host was down is read while another is", async () => {
  const hosts = keepers(3);
  const journal = new RemoteJournal("migration-1", hosts);
  await journal.append([entry(0)]);
  hosts[2]!.down = "no route";
  await journal.append([entry(1), entry(2)]);
  hosts[2]!.down = undefined;
  hosts[0]!.down = "no route";
  expect(seqs(await journal.read())).toEqual([0, 1, 2]);
});

describe("what a killed writer left on one host, read under the lock", () => {
  const place = { run: "r", at: "2026-01-02T03:04:05Z" };
  const begin: Entry = { ...place, event: "begin", seq: 0, owner: "ana", plan: planOf(), number: 0 };
  const end: Entry = { ...place, event: "end", seq: 1, outcome: "done" };

  async function killedAtItsEnd() {
    const hosts = keepers(5);
    await new RemoteJournal("migration-1", hosts).append([begin]);
    await new RemoteJournal("migration-1", [hosts[0]!]).append([end]);
    return hosts;
  }

  async function outcome(hosts: readonly FakeHost[]) {
    const world = new World([]);
    for (const host of hosts) world.hosts.set(host.name, host);
    const names = hosts.map(({ name }) => name);
    const quiet = { say: () => undefined };
    return withSession(world, {}, quiet, names, (_, session) => session.runs()).then(
      (runs) => runs[0]?.outcome,
      (error: Error) => error.message,
    );
  }

  test("is still read when that host is down", async () => {
    const hosts = await killedAtItsEnd();
    expect(await outcome(hosts)).toBe("done");
    hosts[0]!.down = "no route";
    expect(await outcome(hosts)).toBe("done");
  });

  test("is written to each host once; one that was down is caught up as soon as it answers", async () => {
    const hosts = await killedAtItsEnd();
    hosts[4]!.down = "no route";
    await outcome(hosts);
    hosts[4]!.down = undefined;
    const ends = () => hosts.map(({ files }) => String(files.get(PATH)).split('"end"').length - 1);
    expect(ends()).toEqual([1, 1, 1, 1, 0]);
    expect(await outcome(hosts)).toBe("done");
    expect(await outcome(hosts)).toBe("done");
    expect(ends()).toEqual([1, 1, 1, 1, 1]);
  });

  test("one host that takes no more is passed over, a majority of them is told", async () => {
    const hosts = await killedAtItsEnd();
    const full = () => {
      throw new UserError("no space left on device");
    };
    hosts[1]!.answer = full;
    expect(await outcome(hosts)).toBe("done");
    for (const host of hosts) host.answer = full;
    expect(await outcome(hosts)).toContain("cannot write the journal on a majority");
  });
});

test("a host that did not answer when the journal was read may lack its lines, and counts for none", async () => {
  const hosts = keepers(3);
  const journal = new RemoteJournal("migration-1", hosts);
  await new RemoteJournal("migration-1", hosts.slice(1, 2)).append([entry(0)]);
  hosts[0]!.down = "no route";
  const { missed } = await journal.readCounted();
  hosts[0]!.down = undefined;
  hosts[2]!.down = "no route";
  await expect(journal.spread(missed)).rejects.toThrow(
    /^cannot write the journal on a majority of zk1, zk2, zk3: zk1/,
  );
});

test("half of the hosts is no majority, neither to write nor to read", async () => {
  const hosts = keepers(4);
  const journal = new RemoteJournal("migration-1", hosts);
  hosts[0]!.down = hosts[1]!.down = "no route";
  await expect(journal.append([entry(0)])).rejects.toThrow(
    /^cannot write the journal on a majority of zk1, zk2, zk3, zk4: zk1: no route/,
  );
  await expect(journal.read()).rejects.toThrow(/^cannot read the journal on a majority/);
});

test("a line that was cut counts as not written, and does not spoil the next", async () => {
  const [host] = keepers(1);
  const journal = new RemoteJournal("migration-1", [host!]);
  await journal.append([entry(0), entry(1)]);
  host!.files.set(PATH, host!.files.get(PATH)!.subarray(0, -20));
  await journal.append([entry(2)]);
  expect(seqs(await journal.read())).toEqual([0, 2]);
});

test("nothing was ever written: no entries", async () => {
  expect(await new RemoteJournal("migration-1", keepers(3)).read()).toEqual([]);
});

test("a lock on a majority is held, and let go on every host", async () => {
  const hosts = keepers(3);
  hosts[1]!.down = "no route";
  const lock = await lockHosts(hosts, "ana");
  expect(() => lock.require()).not.toThrow();
  await lock.release();
  expect(hosts.map(({ released }) => released)).toEqual([1, 0, 1]);
});

test("the source alone is enough to go back from a target that is gone, as long as it is held there", async () => {
  const hosts = keepers(4);
  hosts[2]!.down = hosts[3]!.down = "no route";
  const lock = await lockHosts(hosts, "ana");
  expect(() => lock.require()).not.toThrow();
  hosts[1]!.lost.abort();
  expect(() => lock.require()).toThrow(/lock was lost on a majority/);
});

test("somebody else's lock on a few hosts, who has not got it: no reason to be refused", async () => {
  const hosts = keepers(3);
  hosts[2]!.holds = "held by bob@ops2, pid 7";
  const lock = await lockHosts(hosts, "ana");
  expect(() => lock.require()).not.toThrow();
  await lock.release();
  expect(hosts.map(({ released }) => released)).toEqual([1, 1, 1]);
});

test("somebody else's lock: refused, with their name, and nothing stays locked", async () => {
  const hosts = keepers(3);
  hosts[1]!.holds = hosts[2]!.holds = "held by bob@ops2, pid 7";
  await expect(lockHosts(hosts, "ana")).rejects.toThrow(/^zk2: another run is at work: bob@ops2, pid 7\./);
  expect(hosts.map(({ released }) => released)).toEqual([1, 1, 1]);
});

test("too few hosts to be sure: refused, and nothing stays locked", async () => {
  const hosts = keepers(4);
  hosts[0]!.down = hosts[1]!.down = "no route";
  await expect(lockHosts(hosts, "ana")).rejects.toThrow(
    /^cannot lock a majority of zk1, zk2, zk3, zk4: .*no route/,
  );
  expect(hosts.map(({ released }) => released)).toEqual([0, 0, 1, 1]);
});

test("a lock that was lost on a majority stops its run", async () => {
  const hosts = keepers(3);
  const lock = await lockHosts(hosts, "ana");
  hosts[0]!.lost.abort();
  expect(() => lock.require()).not.toThrow();
  hosts[1]!.lost.abort();
  expect(() => lock.require()).toThrow(/lock was lost on a majority/);
});
