/** Which metas were started since the copy decides whether it is brought up to date. */
import { copyAgainHandlers } from "../../../core/pegasus/copy-again-steps";
import { noteRan } from "../../../core/journal/ran";
import { metasOn } from "../../../core/pegasus/observe";
import { DialFailed } from "../../../core/transports/contract";
import { contextOf, World } from "../world";

const LEFT = "10.0.0.1:2181,10.0.0.2:2181";
const JOINED = "10.0.1.1:2181,10.0.1.2:2181";
const handler = copyAgainHandlers["pg.copyAgain"]!;

/** @param ranOn what each meta that had to be stopped ran on, `hosts_list` as it had loaded it */
function contextAfter(ranOn: Readonly<Record<string, string>>) {
  const args = { consumer: "pegasus", since: "move-1", metas: ["m1", "m2"], left: LEFT, joined: JOINED };
  const step = { id: "copy again", host: "new", kind: "pg.copyAgain", args, says: "copy again" };
  const results = new Map(
    ["m1", "m2"].map((name) => [`meta ${name} is down`, ranOn[name] ? { ranOn: ranOn[name] } : {}]),
  );
  const world = new World(["new", "m1", "m2"]);
  for (const name of ["m1", "m2"])
    world.host(name).dial = () =>
      Promise.reject(new DialFailed(name, "refused", "nobody listens", "Start it."));
  return { ...contextOf(step, world), world, result: (id: string) => results.get(id)! };
}

test.each([
  ["none was started", {}, true],
  ["one was, on the side that is joined", { m1: JOINED }, true],
  ["one was, on the side that is left", { m1: `${LEFT}/chroot` }, false],
  ["one was, and did not tell on which", { m2: "unknown" }, false],
])("%s", async (_, ranOn, done) => {
  expect(await handler.look(contextAfter(ranOn))).toMatchObject({ done });
  // A run that has started over does not look: the world of this test has nothing to copy with.
  if (done) expect(await handler.apply(contextAfter(ranOn))).toEqual({});
});

test("two metas on two ensembles: nothing is copied, and both are named", async () => {
  const context = contextAfter({ m1: LEFT, m2: JOINED });
  expect(await handler.look(context)).toMatchObject({ done: false });
  await expect(handler.apply(context)).rejects.toThrow(
    `m1 ran on ${LEFT} and m2 on ${JOINED} at the same time`,
  );
  // Accepted: the side that is joined is gone on with, as it is.
  const { step, world } = context;
  const accepting = { ...context, step: { ...step, args: { ...step.args, acceptLost: true } } };
  for (const [host, on] of Object.entries({ m1: LEFT, m2: JOINED }))
    await noteRan(world, { ...accepting.step, host }, on);
  expect(await handler.apply(accepting)).toEqual({ leftBehind: ["m1"] });
  // Killed before a meta leads there, whoever goes back has to know that one did.
  const metas = ["m1", "m2"].map((name) => ({ name, port: 34601 }));
  const { consumer, since } = step.args;
  expect(await metasOn(world, metas, { consumer, since, servers: JOINED })).toEqual(["m2"]);
  expect(await metasOn(world, metas, { consumer, since, servers: LEFT })).toEqual([]);
});
