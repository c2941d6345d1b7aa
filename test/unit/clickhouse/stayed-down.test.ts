/** A server that ran where it had to be down stops a repointing; one that was down does not, however often the run starts over. */
import { clickhouseHandlers } from "../../../core/clickhouse/steps";
import { contextOf, World } from "../world";

/** @param ran what was seen of each server that had to be stopped once more */
function contextAfter(ran: Readonly<Record<string, string>>) {
  const args = { servers: ["ck1", "ck2"] };
  const step = { id: "stayed down", host: "ck1", kind: "ck.stayedDown", args, says: "none was started" };
  const results = new Map(
    ["ck1", "ck2"].map((name) => [`clickhouse ${name} is down`, ran[name] ? { ran: ran[name] } : {}]),
  );
  return { ...contextOf(step, new World(["ck1"])), result: (id: string) => results.get(id)! };
}

const apply = async (ran: Readonly<Record<string, string>>) =>
  clickhouseHandlers["ck.stayedDown"]?.apply(contextAfter(ran));

test("all were down: carried out without a look, as by a run that starts over, it lets the run go on", async () => {
  await expect(apply({})).resolves.toBeUndefined();
});

test("one ran on what is left: it is named, with what it was connected to and the way back", async () => {
  const refused = expect(apply({ ck2: "connected to 10.0.0.11:2181" })).rejects;
  await refused.toThrow("ck2 (connected to 10.0.0.11:2181) was started after it was fenced");
});
