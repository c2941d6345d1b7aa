/**
 * A world of settings and a journal in memory, for tests of the loop alone. Stands in for hosts: what it cannot show
 * is a host that answers late or wrongly.
 */
import type { Execution } from "../../../core/engine/execute";
import type { Entry, JournalStore, Run } from "../../../core/engine/journal";
import { Journal, runsOf } from "../../../core/engine/journal";
import type { Handlers, Plan, Stage, Step } from "../../../core/engine/step";

export class MemoryStore implements JournalStore {
  readonly entries: Entry[] = [];
  /** Appends that still succeed: the one after them, and all later ones, fail as they do in a killed process. */
  left = Infinity;

  async append(entries: readonly Entry[]): Promise<void> {
    if (this.left <= 0) throw new Error("killed");
    this.left--;
    this.entries.push(...entries);
  }

  async read(): Promise<readonly Entry[]> {
    return this.entries;
  }

  get runs(): Run[] {
    return runsOf(this.entries);
  }
}

/** Settings by name. Every touch is noted: `look a`, `apply a`, `undo a`. */
export class Settings {
  readonly values = new Map<string, string>();
  readonly notes: string[] = [];
  /** Steps whose apply, or undo, fails. */
  readonly failing = new Set<string>();

  note(what: "look" | "apply" | "undo", step: string): void {
    this.notes.push(`${what} ${step}`);
    if (this.failing.has(`${what} ${step}`)) throw new Error(`${what} ${step} failed`);
  }

  only(what: "look" | "apply" | "undo"): string[] {
    return this.notes.filter((note) => note.startsWith(what)).map((note) => note.slice(what.length + 1));
  }
}

export const handlers: Handlers<Settings> = {
  set: {
    async look({ step: { id }, world, applied }) {
      world.note("look", id);
      const value = world.values.get(id);
      return {
        done: value === "set",
        found: value ?? "nothing",
        result: { from: applied ? "apply" : "look" },
      };
    },
    async apply({ step: { id }, world }) {
      world.note("apply", id);
      world.values.set(id, "set");
      return { made: id };
    },
    async undo({ step: { id }, world }) {
      world.note("undo", id);
      world.values.delete(id);
    },
  },
};

export function step(id: string, more: Partial<Step> = {}): Step {
  return { id, host: "zk1", kind: "set", args: {}, says: `set ${id}`, undo: `unset ${id}`, ...more };
}

export function planOf(...stages: readonly (readonly Step[])[]): Plan {
  return {
    title: "test",
    operation: "forward",
    stages: stages.map((steps): Stage => ({ phase: "prepare", steps })),
  };
}

export const clock = () => new Date("2026-01-02T03:04:05Z");

export async function begin(
  plan: Plan,
  world: Settings,
  store: MemoryStore,
): Promise<Execution<Settings> & { said: string[] }> {
  const said: string[] = [];
  const journal = await Journal.begin(store, { run: "run-1", owner: "ana", plan }, clock);
  return { plan, world, handlers, journal, said, progress: { say: (line) => said.push(line) } };
}

/** Another process that goes on with the run of the journal. */
export function another(
  world: Settings,
  store: MemoryStore,
): Execution<Settings> & { said: string[]; earlier: Run } {
  const earlier = store.runs[0]!;
  const said: string[] = [];
  const journal = Journal.resume(store, earlier, clock);
  return {
    plan: earlier.plan,
    world,
    handlers,
    journal,
    earlier,
    said,
    progress: { say: (line) => said.push(line) },
  };
}
