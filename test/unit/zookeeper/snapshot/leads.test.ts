/** Whether the server that a move was planned from still leads: passed, or refused with what each server answers. */
import { Refusal } from "../../../../core/engine/errors";
import { snapshotHandlers } from "../../../../core/zookeeper/snapshot/steps";
import { contextOf, World } from "../../world";
import { answering, type State } from "../answering";

// Nobody is waited for here: what is seen first is how it ends.
jest.mock("../../../../core/engine/wait", () => ({ waitFor: (look: () => unknown) => look() }));

const NAMES = ["zk1", "zk2", "zk3"];
const step = {
  id: "zk2 still leads",
  host: "zk2",
  kind: "zk.leads",
  args: { servers: NAMES.map((name) => ({ name, address: name })), of: NAMES.length, clientPort: 2181 },
  says: "make sure that it still leads",
};

function ensemble(...states: readonly State[]) {
  const world = new World(NAMES);
  states.forEach((state, at) => (world.host(NAMES[at]!).dial = async () => answering(state)));
  return contextOf(step, world);
}

const leads = snapshotHandlers["zk.leads"]!;

test.each<[string, State[]]>([
  ["it leads", ["follower", "leader", "follower"]],
  ["it leads, and one of its followers is down", ["stopped", "leader", "follower"]],
  ["all were stopped before the run started over", ["stopped", "stopped", "stopped"]],
  ["its followers were stopped, and nobody leads", ["stopped", "no quorum", "stopped"]],
  ["its followers were stopped, and it has not noticed", ["stopped", "leader", "stopped"]],
  ["one whose host has booted looks for the others", ["stopped", "stopped", "no quorum"]],
])("%s: passed", async (_, states) => {
  const context = ensemble(...states);
  expect(await leads.look(context)).toMatchObject({ done: true });
  await expect(leads.apply(context)).resolves.toBeUndefined();
});

test.each<[string, State[]]>([
  ["another leads", ["leader", "follower", "follower"]],
  ["another leads, and it is down", ["leader", "stopped", "follower"]],
  ["two say that they lead", ["leader", "leader", "follower"]],
  ["it follows one whose host is out of reach", ["unreachable", "follower", "follower"]],
  ["an election does not end", ["no quorum", "no quorum", "no quorum"]],
  ["it has lost its followers, who elect another", ["no quorum", "leader", "no quorum"]],
])("%s: refused", async (_, states) => {
  const context = ensemble(...states);
  expect(await leads.look(context)).toMatchObject({ done: false });
  await expect(leads.apply(context)).rejects.toThrow(Refusal);
});

test("the refusal says what each server answers, and that the same command plans anew", async () => {
  await expect(leads.apply(ensemble("leader", "follower", "unreachable"))).rejects.toThrow(
    "zk2: found zk1 leader 3.4.14, zk2 follower 3.4.14, zk3 is out of reach; expected zk2 in the lead, as when the move was " +
      "planned: its files are taken, and it is stopped last. Run the same command again: it plans the move from whichever leads then.",
  );
});
