/**
 * The vocabulary of a plan: what will be done, where, in which order, as frozen data.
 *
 * A plan is stages one after the other; the steps of one stage touch different things and run side by side.
 * Steps hold everything they need as plain JSON, because a plan is printed for the reviewer, written into the
 * journal before its first step, and taken up again from there by another process.
 */

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** The part of the night a stage belongs to: the rows of the timeline. */
export type Phase =
  "install" | "prepare" | "fence" | "copy" | "fold" | "start" | "repoint" | "release" | "clean up";

export interface Step {
  /** Unique in its plan and stable between two plannings of the same world: `stop zk-old1`. */
  readonly id: string;
  /** Short name of the host that is changed, or `ops` for the operator's own machine. */
  readonly host: string;
  /** Which {@link Handler} carries it out. */
  readonly kind: string;
  /** Everything the handler needs. Never holds a secret. */
  readonly args: JsonObject;
  /** For the reviewer, without the host: `stop (follower)`. */
  readonly says: string;
  /** What it shows when it is done, for the report: `the business's own check`. Absent where it proves nothing. */
  readonly proves?: string;
  /** What taking it back means; absent when there is nothing to take back. */
  readonly undo?: string;
  /** What the step brought about must still hold when the plan ends; resuming looks at it again. */
  readonly lasting?: true;
  /** As {@link lasting}, until the step of that id begins: a server that is stopped to be filled, then started. */
  readonly holdsUntil?: string;
  /** What it started may have ended since, with its host: resuming begins again at the first step of which that is so. */
  readonly startsAgain?: true;
  /** From this step on the way back is a plan of its own, not the journal walked backwards. */
  readonly pointOfNoReturn?: true;
}

export interface Stage {
  readonly phase: Phase;
  readonly steps: readonly Step[];
}

export interface Plan {
  /** One line: `move 3.4.14 zk-old1..3 to 3.7.1 zk-new1..3`. */
  readonly title: string;
  /** What is being done, for the journal: `forward`, `back`, `repoint clickhouse to target`. */
  readonly operation: string;
  /** Fingerprint of what the user chose to accept; a run begun with other choices is not gone on with. */
  readonly choices?: string;
  /** What the plan was made from, in words, for the report. */
  readonly found?: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** What a look at the host found. */
export interface Sight {
  /** Whether the step's goal is reached. */
  readonly done: boolean;
  /** What was seen, for messages: `pid 4711 listens on 2181`. */
  readonly found: string;
  /** Its host is out of reach: it is taken to be as it was left, and nothing can be done there. */
  readonly unseen?: true;
  /** What `apply` would have returned, for a step that was found done: read from the host, not remembered. */
  readonly result?: JsonObject;
}

/** Where a handler works: its step, what earlier steps left, and a line to the user. */
export interface StepContext<World> {
  readonly step: Step;
  readonly world: World;
  /** Identifies the run; used in names of temporary and set-aside files. */
  readonly run: string;
  /** Whether this process has just carried the step out: set in the look that follows. */
  readonly applied: boolean;
  /** What an earlier step of this run returned; throws when there is none. */
  result(stepId: string): JsonObject;
  /** Whether there is such a result. */
  has(stepId: string): boolean;
  /** A line of progress, shown at once and kept nowhere. */
  say(line: string): void;
}

/** Carries out one kind of step. */
export interface Handler<World> {
  /** Looks at the host, never at the journal. */
  look(context: StepContext<World>): Promise<Sight>;
  /** Brings the goal about. What it returns is kept in the journal for later steps and proofs. */
  apply(context: StepContext<World>): Promise<JsonObject | void>;
  /** Takes it back. Must be safe when the step was only half done, or done by somebody else. */
  undo?(context: StepContext<World>): Promise<void>;
  /**
   * Whether what `undo` failed at may stay as it is, for a host that never comes back. Asked once everything else was taken
   * back, so that it can be seen whether that serves without it. @default never
   */
  mayStay?(context: StepContext<World>, failure: Error): Promise<boolean>;
}

export type Handlers<World> = Readonly<Record<string, Handler<World>>>;

export function stepsOf(plan: Plan): Step[] {
  return plan.stages.flatMap((stage) => stage.steps);
}
