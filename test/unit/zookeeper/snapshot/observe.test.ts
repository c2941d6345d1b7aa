/** Whose files are taken, and what speaks against taking them. */
import { sayComplaint } from "../../../../core/engine/errors";
import type { EnsembleFacts } from "../../../../core/zookeeper/observe";
import { sideOfExisting, sideOfManaged } from "../../../../core/zookeeper/side";
import {
  chooseAnyhow,
  chooseServing,
  complainCrossReferences,
  complainFolders,
  complainQuorumServes,
  foreignClients,
} from "../../../../core/zookeeper/snapshot/observe";
import { World } from "../../world";
import { ensemble, existing, serving } from "../samples";

const source = sideOfExisting({ ...existing, clientPort: 2181 });
const target = sideOfManaged(ensemble());

function facts(change: Partial<EnsembleFacts> = {}): EnsembleFacts {
  const servers = [
    serving(source, "zk-old1", "follower"),
    serving(source, "zk-old2", "leader"),
    serving(source, "zk-old3", "follower"),
  ];
  return { servers, leader: servers[1]!.server, version: "3.4.14", ...change };
}

const said = (complaints: readonly Parameters<typeof sayComplaint>[0][]) => complaints.map(sayComplaint);

test("a serving ensemble: its leader", () => {
  expect(chooseServing(facts())).toEqual({
    origin: { from: source.servers[1], fromIs: "leader", fromLeads: true },
    complaints: [],
  });
});

const unreachable = { server: source.servers[0]!, unreachable: "connection refused" };

test("no single leader, or a host that cannot be reached, is refused with what each server said", () => {
  const down = serving(source, "zk-old3", "follower", { answer: { kind: "unanswered" } as never });
  const headless = facts({ leader: undefined, servers: [...facts().servers.slice(0, 2), down] });
  expect(said(chooseServing(headless).complaints)).toEqual([
    expect.stringMatching(
      /^zk-old1, zk-old2, zk-old3: found no single leader: zk-old1 follower, zk-old2 leader, zk-old3 unanswered; /,
    ),
  ]);
  const alone = facts({
    servers: [
      ...facts().servers.slice(1, 2),
      ...[1, 3].map((n) => ({ ...down, server: source.servers[n - 1]! })),
    ],
  });
  expect(said(chooseServing(alone).complaints)).toEqual([
    expect.stringMatching(
      /^zk-old2, zk-old1, zk-old3: found no quorum: zk-old2 leader, zk-old1 unanswered, /,
    ),
  ]);
  const choice = chooseServing(facts({ servers: [unreachable, ...facts().servers.slice(1)] }));
  expect(choice.origin).toBeUndefined();
  expect(said(choice.complaints)).toEqual([
    expect.stringMatching(/^zk-old1: found no way in: connection refused/),
  ]);
});

test("where an ensemble serves on, one host out of reach does not matter, and a quorum of them is told one by one", () => {
  expect(complainQuorumServes(facts())).toEqual([]);
  expect(complainQuorumServes(facts({ servers: [unreachable, ...facts().servers.slice(1)] }))).toEqual([]);
  const another = { server: source.servers[2]!, unreachable: "no route" };
  const minority = facts({ servers: [unreachable, ...facts().servers.slice(1, 2), another] });
  expect(said(complainQuorumServes(minority))).toEqual([
    expect.stringMatching(/^zk-old1: found no way in: connection refused/),
    expect.stringMatching(/^zk-old3: found no way in: no route/),
    expect.stringMatching(/found no quorum: zk-old1 unreachable, zk-old2 leader, zk-old3 unreachable; /),
  ]);
});

describe("the way back", () => {
  const gone = source.servers.map((server) => ({ server, unreachable: "no route" }));

  test("a leader that serves from memory, with nothing left on its disk, is no origin", async () => {
    const world = new World(source.servers.map(({ name }) => name));
    const choice = await chooseAnyhow(world, source, facts(), false);
    expect(choice.origin).toBeUndefined();
    expect(said(choice.complaints)).toContainEqual(expect.stringContaining("found no snapshot and no log"));
  });

  test("without any usable disk: every server says why", async () => {
    const silent = { answer: { kind: "unanswered" } as never };
    const servers = [serving(source, "zk-old1", "follower", silent), ...gone.slice(1)];
    const world = new World(["zk-old1"]);
    const choice = await chooseAnyhow(world, source, { servers }, true);
    expect(choice.origin).toBeUndefined();
    expect(said(choice.complaints)).toEqual([
      expect.stringMatching(/^zk-old1: found no snapshot and no log; /),
      expect.stringMatching(/^zk-old2: found no way in: no route/),
      expect.stringMatching(/^zk-old3: found no way in: no route/),
    ]);
  });
});

test("foreign clients are counted by address; the ensemble's own and the known ones are not", () => {
  const clients = ["10.0.0.31", "10.0.0.60", "10.0.0.12", "10.0.0.60"];
  const servers = [serving(source, "zk-old1", "leader", { clients }), ...facts().servers.slice(1)];
  expect(foreignClients(facts({ servers }), new Set(["10.0.0.31"]))).toEqual(new Map([["10.0.0.60", 2]]));
});

test("a configuration that names a server of the other ensemble", () => {
  const config = new Map([
    ["server.1", "10.0.0.11:2888:3888"],
    ["server.4", "10.0.0.21:2888:3888"],
    ["other.1", "10.0.0.21"],
  ]);
  const configPath = "/etc/zookeeper/zoo.cfg";
  const servers = [serving(source, "zk-old1", "leader", { config, configPath })];
  expect(said(complainCrossReferences({ servers }, target))).toEqual([
    expect.stringMatching(
      /^zk-old1:\/etc\/zookeeper\/zoo\.cfg: found server\.4=10\.0\.0\.21:2888:3888, a server of/,
    ),
  ]);
  expect(complainCrossReferences({ servers: facts().servers }, target)).toEqual([]);
});

test("folders that are not the running server's; a slash at the end is no difference", () => {
  const at = (config: Record<string, string>) => ({
    servers: [serving(source, "zk-old1", "leader", { config: new Map(Object.entries(config)) })],
  });
  expect(complainFolders(at({ dataDir: "/var/lib/zookeeper/" }), source)).toEqual([]);
  expect(said(complainFolders(at({ dataDir: "/data", dataLogDir: "/var/lib/zookeeper" }), source))).toEqual([
    expect.stringMatching(/^zk-old1:zoo\.cfg: found dataDir=\/data; expected dataDir=\/var\/lib\/zookeeper/),
  ]);
  expect(said(complainFolders(at({ dataDir: "/data" }), source))).toHaveLength(2);
  expect(complainFolders(facts(), source)).toEqual([]);
});
