/**
 * Whether the server whose files are taken still leads, looked at right before its ensemble is stopped.
 *
 * Only the leader has everything that is acknowledged up to the last moment, and so it is stopped last. Where none can
 * lead any more, as when a run starts over after it has stopped them, nothing is acknowledged either.
 */
import { Refusal } from "../../engine/errors";
import type { Handler, Sight, Step } from "../../engine/step";
import { waitFor } from "../../engine/wait";
import type { World } from "../../transports/contract";
import type { Answered } from "../ask";
import { askEach, isLead, isLed, runs, sayEach } from "../ask";
import type { Server } from "../side";

/** Long enough for an election, or for a server that was busy; the writers wait too. */
const PATIENCE_MS = 10_000;

export const stillLeads: Handler<World> = {
  async look({ step, world }) {
    const { held, found } = await leadOf(world, step);
    return { done: held, found };
  },
  async apply({ step, world }) {
    const { held, found } = await waitFor(() => leadOf(world, step), { timeoutMs: PATIENCE_MS });
    if (held) return;
    throw new Refusal([
      {
        where: step.host,
        found,
        expected: `${step.host} in the lead, as when the move was planned: its files are taken, and it is stopped last`,
        next: "Run the same command again: it plans the move from whichever leads then.",
      },
    ]);
  },
};

/** Done once it is known: not in the middle of an election. `held` where it leads, or nobody can. */
async function leadOf(world: World, { host, args }: Step): Promise<Sight & { readonly held: boolean }> {
  const servers = args["servers"] as unknown as readonly Server[];
  const answers = await askEach(world, servers, Number(args["clientPort"]));
  const isMost = (some: readonly Answered[]) => some.length > Number(args["of"]) / 2;
  const leads = ({ answer }: Answered) => answer?.kind === "serving" && isLead(answer.mode);
  const serving = answers.filter(isLed);
  const moved = serving.some((one) => leads(one) !== (one.name === host));
  // A leader that has just lost its followers goes on answering as one: without a quorum it does not count.
  const leadsMost = serving.some(leads) && isMost(serving);
  const held = !moved && (leadsMost || !isMost(answers.filter(runs)));
  return { done: moved || held, held, found: sayEach(answers) };
}
