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

interface Resource {
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly inputs: Properties;
}

/** The state file of one stack. */
export class State {
  private resources: Recorded[];

  constructor(private readonly file: string) {
    this.resources = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Recorded[]) : [];
  }

  async up(args: Arguments): Promise<void> {
    for (const resource of resourcesOf(args)) await this.bring(resource);
  }

  async destroy(): Promise<void> {
    for (const { name, id, outs } of [...this.resources].reverse()) {
      await lifecycleOf(name).delete(id, outs);
      this.write(this.resources.filter((one) => one.name !== name));
    }
  }

  private async bring({ name, lifecycle, inputs: news }: Resource): Promise<void> {
    const before = this.resources.find((one) => one.name === name);
    const { inputs, failures } = await lifecycle.check(before?.inputs ?? {}, news);
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
    const keep = (id: string, outs: Properties) =>
      this.write([...this.resources.filter((one) => one.name !== name), { name, id, inputs, outs }]);
    try {
      if (!before) {
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

  private write(resources: Recorded[]): void {
    this.resources = resources;
    writeFileSync(`${this.file}.new`, JSON.stringify(resources));
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
