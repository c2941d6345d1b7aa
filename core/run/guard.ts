/**
 * What a failed move leaves behind, and what the user is told about it.
 *
 * Forward, everything is taken back: no consumer has been repointed, so the untouched source can go on. On the way
 * back, what failed before anybody was fenced is taken back too, and so is a refusal (something that only the user can
 * decide): the target serves on as before. Anything else stops there, fenced, since the next command is to go on.
 * Either way, consumers that the last move had left fenced stay so: they may be repointed by half.
 */
import { Refusal, UserError } from "../engine/errors";
import type { Progress } from "../engine/execute";
import { StepFailed, TakeBackFailed } from "../engine/execute";
import type { Run } from "../engine/journal";
import type { ActiveSide } from "./history";
import { readHistory } from "./history";
import type { Session } from "./session";

export interface Guarded {
  readonly to: ActiveSide;
  /** Hosts that nobody is served by while `to` is not active: where taking back may fail without harm. */
  readonly bystanders: ReadonlySet<string>;
  /** Names of the consumers. */
  readonly consumers: readonly string[];
}

/** Carries out a move. */
export async function guard(
  session: Session,
  { to, bystanders, consumers }: Guarded,
  progress: Progress,
  act: () => Promise<Run>,
): Promise<Run> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { pendingMove } = readHistory(await session.runs());
    if (!pendingMove) throw error;
    if (to === "source" && hasFenced(pendingMove) && !isRefusal(error)) throw new StoppedFenced(error);
    progress.say(`${error.message}; taking back what was done`);
    const leftOvers = await takeBackHarmless(session, pendingMove, bystanders, progress).catch(
      (second: Error) => {
        throw new NotTakenBack(error, second);
      },
    );
    const { awaitsRepointing } = readHistory(await session.runs());
    const Failed = to === "source" ? WayBackRefused : TakenBack;
    throw new Failed(error, leftOvers, consumers.filter(awaitsRepointing));
  }
}

/**
 * Takes a run back. What could not be taken back on hosts that nobody is served by is said, and left to the next run.
 * @throws TakeBackFailed where it matters
 */
export async function takeBackHarmless(
  session: Session,
  run: Run,
  bystanders: ReadonlySet<string>,
  progress: Progress,
): Promise<readonly string[]> {
  try {
    await session.takeBack(run);
    return [];
  } catch (error) {
    if (
      !(error instanceof TakeBackFailed) ||
      !error.failures.every(({ step }) => bystanders.has(step.host))
    ) {
      throw error;
    }
    const leftOvers = error.failures.map(({ error: failure }) => failure.message);
    progress.say(`left for the next run to tidy: ${leftOvers.join("; ")}`);
    return [...new Set(leftOvers)];
  }
}

function hasFenced({ plan, begunSteps }: Run): boolean {
  const fence = plan.stages.filter(({ phase }) => phase === "fence").flatMap(({ steps }) => steps);
  return begunSteps.some(({ id }) => fence.some((step) => step.id === id));
}

function isRefusal(error: UserError): boolean {
  return error instanceof Refusal || (error instanceof StepFailed && error.cause instanceof Refusal);
}

/** The move failed, and the world is as it was before it. */
export class TakenBack extends UserError {
  /** @param fenced consumers that were fenced before the move began */
  constructor(cause: Error, leftOvers: readonly string[], fenced: readonly string[]) {
    const consumers =
      fenced.length === 0
        ? "and its consumers were released. Mend the cause and run pulumi up again."
        : `and its consumers are as they were before: ${fenced.join(", ")} fenced by a way back that did not end. ` +
          "Go on: mend the cause and run pulumi up again. Go back: pulumi config set active source && pulumi up releases them there.";
    super(
      `${cause.message}\nNo consumer was repointed: the source serves again, untouched, ${consumers}${sayLeftOvers(leftOvers)}`,
      { cause },
    );
  }
}

/** The way back would lose something, or cannot be planned as things are; the target serves on. */
export class WayBackRefused extends UserError {
  /** @param fenced consumers that were fenced before the way back began */
  constructor(cause: Error, leftOvers: readonly string[], fenced: readonly string[]) {
    const stay =
      fenced.length === 0
        ? ""
        : `What the move forward had left fenced stays so: ${fenced.join(", ")}; pulumi up with active: target releases it there. `;
    super(
      `${cause.message}\nNothing was moved: the target serves on with all its data, and the writers that this run paused go on. ` +
        `${stay}Decide as said, then run the same command again.${sayLeftOvers(leftOvers)}`,
      { cause },
    );
  }
}

/** A repointing failed, and the user had chosen to go back then. */
export class RolledBack extends UserError {
  constructor(cause: Error) {
    super(
      `${reasonOf(cause)}\nRolled back, as onFailure: rollBack asks for: the source serves again with everything that was written ` +
        "since, every consumer works with it, and its writers go on. Mend the cause and run pulumi up again.",
      { cause },
    );
  }
}

/** A repointing failed, and so did the way back that the user had chosen for that. */
export class NotRolledBack extends UserError {
  constructor(cause: Error, second: Error) {
    super(
      `${reasonOf(cause)}\nRolling back, as onFailure: rollBack asks for, failed too: ${second.message}\n` +
        "Consumers may still be fenced. pulumi destroy goes on with the way back.",
      { cause },
    );
  }
}

/** What failed, without the advice for those who stay. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** The move failed, and so did taking it back. */
export class NotTakenBack extends UserError {
  constructor(cause: Error, second: Error) {
    super(
      `${cause.message}\nTaking it back failed too: ${second.message}\nConsumers may still be fenced. ` +
        "Go on: pulumi up. Go back: pulumi config set active source && pulumi up takes back the rest.",
      { cause },
    );
  }
}

/** The move failed where the data's only complete copy is on the way. */
export class StoppedFenced extends UserError {
  constructor(cause: Error) {
    super(
      `${cause.message}\nThe consumers stay fenced, nothing is lost. The same command again goes on with the way back; ` +
        "pulumi up with active: target makes the target serve again, also where a host is gone for good; then going back is planned without it.",
      { cause },
    );
  }
}

function sayLeftOvers(leftOvers: readonly string[]): string {
  if (leftOvers.length === 0) return "";
  return `\nLeft for the next run to tidy, nobody is served from there: ${leftOvers.join("; ")}`;
}
