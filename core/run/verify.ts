/**
 * Business verification: what tells that a consumer does its work, before it is fenced and after it was repointed.
 *
 * Before, a check that fails is a refusal: nobody is fenced, and after the move nobody could tell whose doing it was.
 */
import type { Command } from "../engine/command-steps";
import { commandSteps } from "../engine/command-steps";
import type { Phase, Stage } from "../engine/step";
import type { ObservedConsumer } from "./consumers";
import type { MigrationDesired } from "./desired";

/** One check after the other, as the user lists them. */
export function verifyStages(purpose: string, commands: readonly Command[], phase: Phase): Stage[] {
  const proves = "the business's own check passes";
  return commandSteps(purpose, commands, { proves }).map((step) => ({ phase, steps: [step] }));
}

/** Each consumer's built-in check, then the user's own. */
export function checksBefore({ verify }: MigrationDesired, consumers: readonly ObservedConsumer[]): Stage[] {
  return consumers.flatMap((one) => [
    ...one.check(),
    ...verifyStages(
      `verify ${one.consumer.name} before the move`,
      verify[one.consumer.name] ?? [],
      "prepare",
    ),
  ]);
}
