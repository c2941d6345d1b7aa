/**
 * `pulumi up` and `pulumi destroy` without Pulumi: the three resources' own methods, called in the order and with the
 * inputs that the engine uses, and a state that is written when the engine writes it.
 *
 * So a killed run leaves what a killed CLI leaves: a resource whose create did not return is not in the state, and
 * destroy does not know it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { ensemble } from "../core/resources/ensemble";
import type { Lifecycle, Properties } from "../core/resources/lifecycle";
import { migration } from "../core/resources/migration";
import { repoint } from "../core/resources/repoint";
import type { Arguments } from "../lab/arguments";

interface Recorded {
  readonly name: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outs: Properties;
}

/** As the engine warns of it. */
export const INTERRUPTED_CREATE = "interrupted while creating";

interface Resource {
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly inputs: Properties;
}

interface Kept {
  readonly resources: readonly Recorded[];
  /** Names of resources whose create was called and has not returned: the engine does not know what came of it. */
  readonly creating: readonly string[];
}

/** The state file of one stack. */
export class State {
  private kept: Kept;

  constructor(private readonly file: string) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : '{"resources":[],"creating":[]}';
    this.kept = JSON.parse(text) as Kept;
  }

  async up(args: Arguments): Promise<void> {
    for (const resource of resourcesOf(args)) await this.bring(resource);
  }

  /** As the engine, it does not delete what it does not know, and says so. */
  async destroy(): Promise<void> {
    for (const name of this.kept.creating) console.log(`${name}, ${INTERRUPTED_CREATE}`);
    for (const { name, id, outs } of [...this.kept.resources].reverse()) {
      await lifecycleOf(name).delete(id, outs);
      this.write({ resources: this.kept.resources.filter((one) => one.name !== name) });
    }
  }

  private async bring({ name, lifecycle, inputs: news }: Resource): Promise<void> {
    const before = this.kept.resources.find((one) => one.name === name);
    const { inputs, failures } = await lifecycle.check(before?.inputs ?? {}, news);
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
    const keep = (id: string, outs: Properties) =>
      this.write({
        resources: [...this.kept.resources.filter((one) => one.name !== name), { name, id, inputs, outs }],
        creating: this.kept.creating.filter((one) => one !== name),
      });
    try {
      if (!before) {
        this.write({ creating: [...new Set([...this.kept.creating, name])] });
        const { id, outs } = await lifecycle.create(inputs);
        keep(id, outs);
      } else if ((await lifecycle.diff(before.id, before.outs, inputs)).changes) {
        keep(before.id, (await lifecycle.update(before.id, before.outs, inputs)).outs);
      }
    } catch (error) {
      // An initialization error: the resource is there, unfinished.
      const { id, properties } = error as { id?: string; properties?: Properties };
      if (id !== undefined && properties !== undefined) keep(id, properties);
      throw error;
    }
  }

  private write(change: Partial<Kept>): void {
    this.kept = { ...this.kept, ...change };
    writeFileSync(`${this.file}.new`, JSON.stringify(this.kept));
    renameSync(`${this.file}.new`, this.file);
  }
}

function resourcesOf(args: Arguments): Resource[] {
  const consumers = Object.entries(args.consumers).map(([name, consumer]) => ({ name, ...consumer }));
  const move = { ...args, consumers };
  return [
    { name: "ensemble", lifecycle: ensemble, inputs: args.target },
    { name: "data", lifecycle: migration, inputs: move },
    ...consumers.map((consumer) => ({
      name: `consumer ${consumer.name}`,
      lifecycle: repoint,
      inputs: { consumer, migration: move },
    })),
  ];
}

function lifecycleOf(name: string): Lifecycle {
  return name === "ensemble" ? ensemble : name === "data" ? migration : repoint;
}
