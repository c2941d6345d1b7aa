/**
 * The one loop that carries out every plan, and the one that takes a run back.
 *
 * For each step: write the intent, look whether it is already so, apply, look again, write it done. The journal
 * says which step comes next; whether it still holds is asked of the hosts. On resuming, if something that had to
 * last no longer does (a stopped server that somebody started again), everything after it was built on sand: the
 * run starts over from its first step, and believes none of the marks that it left on the hosts before. A server that
 * was started last and has ended takes nothing with it: the run goes on from where it is started.
 */
import { HostUnreachable, UserError } from "./errors";
import type { Event, Journal, Run } from "./journal";
import type { Handlers, JsonObject, Plan, Sight, Stage, Step, StepContext } from "./step";

/** Tells the user what is going on. Lines are complete sentences or `host  what  1.2 s`. */
export interface Progress {
  say(line: string): void;
}

/** A step whose goal was not reached though it was carried out, or that failed while it was. */
export class StepFailed extends UserError {
  constructor(
    readonly step: Step,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${step.host}: ${step.says}: ${reason}`, options);
  }
}

export interface Execution<World> {
  readonly plan: Plan;
  readonly journal: Journal;
  /** What an earlier process did of this very run. */
  readonly earlier?: Run;
  readonly handlers: Handlers<World>;
  readonly world: World;
  readonly progress: Progress;
}

/**
 * Carries the plan out, from where `earlier` left off.
 *
 * Order: find the stage to begin at → for each stage: write intents → look, apply, look → write done → write end.
 * The last done of a stage is written together with the next stage's intents: an append is synced on every host of
 * the journal, and nothing is done in between.
 *
 * @throws StepFailed with the first step that failed, once every other step of its stage has come to rest.
 */
export async function execute<World>(execution: Execution<World>): Promise<Map<string, JsonObject>> {
  const { plan, journal, earlier } = execution;
  const { from, believe } = earlier ? await whereToGoOn(execution, earlier) : { from: 0, believe: true };
  const passed = new Set(plan.stages.slice(0, from).flatMap((stage) => stage.steps.map((step) => step.id)));
  const results = new Map([...(earlier?.results ?? [])].filter(([step]) => passed.has(step)));
  for (const stage of plan.stages.slice(from)) await runStage(execution, stage, results, believe);
  await journal.write([{ event: "end", outcome: "done" }]);
  return results;
}

/**
 * Takes back everything the run began, latest first: the journal walked backwards, not the plan. What was done side by
 * side is taken back side by side: of servers that are started one by one, each would wait for the rest.
 * Goes on after a failure, so that one dead host does not keep the others fenced, and throws at the end all failures of
 * which the handler does not say that they may stay. Each step goes by what was found when it was done, also when the run
 * is half taken back or has started over.
 */
export async function takeBack<World>(
  run: Run,
  execution: Omit<Execution<World>, "plan" | "earlier">,
): Promise<void> {
  const failures: Failure[] = [];
  const hasWayBack = (step: Step) => step.undo !== undefined && handlerOf(execution, step).undo !== undefined;
  for (const steps of begunTogether(run).reverse()) {
    const todo = steps.filter(hasWayBack);
    if (todo.length === 0) continue;
    const undoing = execution.journal.write(todo.map(({ id }) => ({ event: "undoing", step: id })));
    const one = async (step: Step) => {
      const began = performance.now();
      try {
        await undoing;
        await handlerOf(execution, step).undo?.(contextOf(execution, step, run.found));
        await execution.journal.write([{ event: "undone", step: step.id }]);
        execution.progress.say(`${step.host}  ${step.undo}  ${seconds(began)}`);
      } catch (error) {
        failures.push({ step, error: asError(error) });
      }
    };
    await Promise.all(todo.map(one));
  }
  const grave = await withoutThoseThatMayStay(run, execution, failures);
  if (grave.length > 0) throw new TakeBackFailed(grave);
  await execution.journal.write([{ event: "end", outcome: "taken back" }]);
}

interface Failure {
  readonly step: Step;
  readonly error: Error;
}

async function withoutThoseThatMayStay<World>(
  run: Run,
  execution: Omit<Execution<World>, "plan" | "earlier">,
  failures: readonly Failure[],
): Promise<readonly Failure[]> {
  const judged = await Promise.all(
    failures.map(async (failure) => ({ ...failure, stays: await mayStay(run, execution, failure) })),
  );
  const staying = judged.filter(({ stays }) => stays);
  if (staying.length > 0)
    await execution.journal.write(staying.map(({ step }) => ({ event: "undone", step: step.id })));
  for (const { step, error } of staying)
    execution.progress.say(`${step.host}  not done: ${step.undo}; it goes without: ${error.message}`);
  return judged.filter(({ stays }) => !stays);
}

/** Where it cannot be seen that the rest serves without it, it may not. */
async function mayStay<World>(
  run: Run,
  execution: Omit<Execution<World>, "plan" | "earlier">,
  { step, error }: Failure,
): Promise<boolean> {
  try {
    const context = contextOf(execution, step, run.found);
    return (await handlerOf(execution, step).mayStay?.(context, error)) ?? false;
  } catch (reason) {
    if (!(reason instanceof UserError)) throw reason;
    return false;
  }
}

/** In the order in which it was begun, the steps of a stage together. */
function begunTogether({ plan, begunSteps }: Run): Step[][] {
  const together = new Map<Stage | undefined, Step[]>();
  for (const step of begunSteps) {
    const stage = plan.stages.find(({ steps }) => steps.includes(step));
    together.set(stage, [...(together.get(stage) ?? []), step]);
  }
  return [...together.values()];
}

const WITHOUT_IT =
  "Bring the host back and run the same command again. A consumer's that is gone for good: take it out of the consumer's arguments first.";

/** Some steps could not be taken back; all the others were. */
export class TakeBackFailed extends UserError {
  constructor(readonly failures: readonly Failure[]) {
    const each = failures.map(({ step, error }) => `${step.undo ?? step.says}: ${error.message}`);
    const isLost = failures.some(({ error }) => error instanceof HostUnreachable);
    super([...each, ...(isLost ? [WITHOUT_IT] : [])].join("\n"));
  }
}

/** Whether the run has gone so far that the way back is a plan of its own. */
export function isPastReturn(run: Run): boolean {
  return run.begunSteps.some((step) => step.pointOfNoReturn === true);
}

/**
 * The first stage that is not done, or an earlier one whose server has ended; the very first when something that had to last
 * was undone by somebody.
 */
async function whereToGoOn<World>(
  execution: Execution<World>,
  earlier: Run,
): Promise<{ from: number; believe: boolean }> {
  const stages = execution.plan.stages;
  const unfinished = stages.findIndex((stage) => stage.steps.some((step) => !earlier.results.has(step.id)));
  const reached = unfinished === -1 ? stages.length : unfinished;
  const begun = new Set(earlier.begunSteps.map(({ id }) => id));
  const holds = (step: Step) =>
    step.lasting ?? (step.holdsUntil !== undefined && !begun.has(step.holdsUntil));
  const behind = stages.slice(0, reached);
  const held = behind.flatMap((stage) => stage.steps.filter(holds));
  const looked = await lookAll(execution, earlier, held);
  const broken = looked.find(isNotSo);
  if (broken) {
    const { step, sight } = broken;
    const because = `${step.host}: "${step.says}" no longer holds: ${sight.found}`;
    const unseen = looked.filter((one) => one.sight.unseen);
    if (unseen.length > 0) throw new CannotStartOver(because, unseen);
    execution.progress.say(`${because}; starting over`);
    await execution.journal.write([{ event: "rewound", because }]);
    return { from: 0, believe: false };
  }
  const started = behind.flatMap((stage) => stage.steps.filter((step) => step.startsAgain === true));
  const ended = (await lookAll(execution, earlier, started)).find(isNotSo);
  const from = ended ? stages.findIndex((stage) => stage.steps.includes(ended.step)) : reached;
  return { from, believe: !earlier.rewound };
}

/** Without a host the run could not do again what it began there, and would first remove what it has brought. */
class CannotStartOver extends UserError {
  constructor(because: string, unseen: readonly Looked[]) {
    const hosts = unseen.map(({ step }) => step.host).join(", ");
    super(
      `${because}; expected it to hold, since to start over needs ${hosts}, out of reach. ` +
        "Bring the host back and run the same command again; or pulumi up with the other side active, which keeps what was written there.",
    );
  }
}

interface Looked {
  readonly step: Step;
  readonly sight: Sight;
}

function lookAll<World>(
  execution: Execution<World>,
  { results }: Run,
  steps: readonly Step[],
): Promise<Looked[]> {
  return Promise.all(
    steps.map(async (step) => ({
      step,
      sight: await handlerOf(execution, step).look(contextOf(execution, step, results)),
    })),
  );
}

/** Not, or no longer. */
function isNotSo({ sight }: Looked): boolean {
  return !sight.done;
}

async function runStage<World>(
  execution: Execution<World>,
  stage: Stage,
  results: Map<string, JsonObject>,
  believe: boolean,
): Promise<void> {
  const todo = stage.steps;
  await execution.journal.write(todo.map((step) => ({ event: "intent", step: step.id })));
  let underWay = todo.length;
  const one = async (step: Step) => {
    const done = await runStep(execution, step, results, believe).finally(() => underWay--);
    if (underWay > 0) await execution.journal.write([done]);
    else execution.journal.note([done]);
  };
  const settled = await Promise.allSettled(todo.map(one));
  const failed = settled.find((one): one is PromiseRejectedResult => one.status === "rejected");
  if (!failed) return;
  await execution.journal.write([]);
  throw failed.reason;
}

/** @returns the entry that says it was done */
async function runStep<World>(
  execution: Execution<World>,
  step: Step,
  results: Map<string, JsonObject>,
  believe: boolean,
): Promise<Event> {
  const began = performance.now();
  const handler = handlerOf(execution, step);
  const context = contextOf(execution, step, results);
  try {
    const looksAtNow = step.lasting ?? step.holdsUntil !== undefined;
    const before = believe || looksAtNow ? await handler.look(context) : UNBELIEVED;
    const applied = before.done ? undefined : await handler.apply(context);
    const after = before.done ? before : await handler.look({ ...context, applied: true });
    if (!after.done) throw new StepFailed(step, `still not so afterwards: ${after.found}`);
    const result = applied ?? after.result ?? {};
    results.set(step.id, result);
    execution.progress.say(`${step.host}  ${step.says}  ${before.done ? "already so" : seconds(began)}`);
    return { event: "done", step: step.id, found: after.found, result };
  } catch (error) {
    const reason = asError(error);
    await execution.journal.write([{ event: "failed", step: step.id, reason: reason.message }]);
    if (reason instanceof StepFailed) throw reason;
    throw reason instanceof UserError ? new StepFailed(step, reason.message, { cause: reason }) : reason;
  }
}

/** What is seen of a step whose marks are older than the rewinding of its run. */
const UNBELIEVED: Sight = { done: false, found: "left from before the run started over" };

function contextOf<World>(
  execution: Pick<Execution<World>, "world" | "journal" | "progress">,
  step: Step,
  results: ReadonlyMap<string, JsonObject>,
): StepContext<World> {
  return {
    step,
    world: execution.world,
    run: execution.journal.run,
    applied: false,
    result(stepId) {
      const result = results.get(stepId);
      if (!result) throw new Error(`step "${step.id}" needs the result of "${stepId}", which has none`);
      return result;
    },
    has: (stepId) => results.has(stepId),
    say: (line) => execution.progress.say(`${step.host}  ${line}`),
  };
}

function handlerOf<World>(execution: Pick<Execution<World>, "handlers">, step: Step) {
  const handler = execution.handlers[step.kind];
  if (!handler) throw new Error(`no handler for steps of kind "${step.kind}"`);
  return handler;
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
