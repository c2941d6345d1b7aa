/**
 * What a server ran on that was started where it had to be down, and had to be stopped once more: kept on its own host,
 * and written before it is stopped. Whoever stops it may be killed before the journal has it, may fail, or start over; a server
 * that is down tells nobody any more where it has written.
 */
import { z } from "zod";
import type { Step } from "../engine/step";
import type { World } from "../transports/contract";
import { folderOf, makeFolder } from "./folder";

const ranSchema = z.object({
  /** Run of the move that fenced it; what an earlier one left is no longer true. */
  since: z.string(),
  /** Each ensemble that it ran on, in words or as addresses, first one first. */
  on: z.array(z.string()),
  /** What it wrote there has been brought over. */
  settled: z.boolean(),
});

export type Ran = z.infer<typeof ranSchema>;

/** A step of it, or what tells the same. */
type Place = Pick<Step, "host" | "args">;

/** What the server of that step was found to run on, since the move that its args name; undefined where it was down. */
export async function readRan(world: World, step: Place): Promise<Ran | undefined> {
  const kept = await world.host(step.host).readFile(fileOf(world, step));
  const ran = kept && ranSchema.parse(JSON.parse(kept.toString("utf8")));
  return ran?.since === sinceOf(step) ? ran : undefined;
}

/** Before it is stopped. */
export async function noteRan(world: World, step: Place, on: string): Promise<void> {
  const before = await readRan(world, step);
  const unsettled = before && !before.settled ? before.on : [];
  await write(world, step, { since: sinceOf(step), on: [...new Set([...unsettled, on])], settled: false });
}

/** After what it wrote on those ensembles has been brought over, or is given up; of any other it is still to be known. */
export async function settleRan(
  world: World,
  step: Place,
  isSettled: (on: string) => boolean,
): Promise<void> {
  const ran = await readRan(world, step);
  if (!ran) return;
  const open = ran.on.filter((on) => !isSettled(on));
  await write(world, step, open.length === 0 ? { ...ran, settled: true } : { ...ran, on: open });
}

async function write(world: World, step: Place, ran: Ran): Promise<void> {
  const host = world.host(step.host);
  await makeFolder(host, world.migration);
  await host.writeFile(fileOf(world, step), `${JSON.stringify(ran)}\n`, { mode: "0600" });
}

// Journals of 0.1.0 name neither.
function fileOf(world: World, { host, args }: Place): string {
  const name = (args["consumer"] ?? host) as string;
  return `${folderOf(world.migration)}/${name}-ran.json`;
}

function sinceOf({ args }: Place): string {
  return (args["since"] ?? "") as string;
}
