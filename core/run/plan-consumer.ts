/** Plans what one consumer's own resource does: repoint it and release its writers. */
import { Refusal } from "../engine/errors";
import { fingerprint } from "../engine/plan-text";
import type { Plan } from "../engine/step";
import type { World } from "../transports/contract";
import { choicesOf, observeConsumer, type ObservedConsumer } from "./consumers";
import type { Consumer, MigrationDesired } from "./desired";
import type { ActiveSide, History } from "./history";
import { operations } from "./history";
import { carriesOf, repointStages } from "./plan-data";
import { sidesOf } from "./sides";

/** Plans the repointing of one consumer and the release of its writers. */
export async function planRepoint(
  world: World,
  desired: MigrationDesired,
  consumer: Consumer,
  to: ActiveSide,
  history: History,
): Promise<{ plan: Plan; observed: ObservedConsumer }> {
  const observed = await observe(world, desired, consumer, to, history);
  const plan = {
    title: `repoint ${consumer.name} to the ${to}`,
    operation: operations.repoint(consumer.name, to),
    choices: fingerprint(choicesOf(consumer)),
    stages: repointStages(desired, observed, to),
  };
  return { plan, observed };
}

async function observe(
  world: World,
  desired: MigrationDesired,
  consumer: Consumer,
  to: ActiveSide,
  history: History,
): Promise<ObservedConsumer> {
  const observed = await observeConsumer(world, consumer, { from: sidesOf(desired, to).from, to }, history);
  const complaints = observed.complain({ healthMatters: false, carries: carriesOf(desired) });
  if (complaints.length > 0) throw new Refusal(complaints);
  return observed;
}
