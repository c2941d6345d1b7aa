/**
 * What every journey begins with: a lab whose disks hold a known, loaded state, put back before each test, and an
 * empty Pulumi stack of this checkout's program, configured for it.
 *
 * A lab is booted once for a file; its number is `PULUMI_ZOOKEEPER_LAB`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootLab, type Lab } from "../../../lab/lab";
import type { HostSpec, Scenario } from "../../../lab/layout";
import { withRole } from "../../../lab/layout";
import { Load, type LoadOptions } from "../../../lab/load/process";
import { PulumiStack } from "../../../lab/pulumi";
import { stackConfig, type StackOptions } from "../../../lab/stack-config";

const LOADED = "loaded";

export type StackConfig = Record<string, unknown>;

export interface StageOptions {
  /** Znodes to load into the old ensemble. @default 2 000 */
  readonly znodes?: number;
  /** @default "clickhouse" */
  readonly scenario?: Scenario;
}

/** Call at the top of a test file; the stage is there in each test. */
export function useStage(options: StageOptions = {}): Stage {
  const stage = new Stage();
  beforeAll(() => stage.boot(options.znodes ?? 2_000, options.scenario));
  beforeEach(() => stage.reset());
  afterEach(() => stage.endLoad());
  afterAll(() => stage.down());
  return stage;
}

export class Stage {
  private booted: Lab | undefined;
  private running: PulumiStack | undefined;
  private load: Load | undefined;
  private folder = "";

  get lab(): Lab {
    if (!this.booted) throw new Error("the lab is not up yet");
    return this.booted;
  }

  get pulumi(): PulumiStack {
    if (!this.running) throw new Error("there is no stack yet");
    return this.running;
  }

  get old(): HostSpec[] {
    return this.lab.oldEnsemble;
  }

  get new(): HostSpec[] {
    return withRole(this.lab.specs, "new-zookeeper");
  }

  get clickhouse(): HostSpec[] {
    return this.lab.clickhouse;
  }

  /** Replaces the stack's configuration by the lab's, with what `change` does to it. */
  configure(change: (config: StackConfig) => void = () => undefined, options: StackOptions = {}): void {
    const config = structuredClone(stackConfig(this.lab.inventory, options));
    change(config);
    this.pulumi.configure(config);
  }

  /** Starts the load; the test's configuration should name it: `configure(…, { withLoad: true })`. */
  async startLoad(options?: LoadOptions): Promise<Load> {
    this.load = await Load.start(this.folder, options);
    return this.load;
  }

  async boot(znodes: number, scenario?: Scenario): Promise<void> {
    this.folder = mkdtempSync(join(tmpdir(), "journey-"));
    this.booted = await bootLab({ scenario, znodes, replace: true });
    await this.booted.save(LOADED);
  }

  async reset(): Promise<void> {
    await this.lab.restore(LOADED);
    const work = join(this.folder, "pulumi");
    mkdirSync(work, { recursive: true });
    this.running = await PulumiStack.create(work, stackConfig(this.lab.inventory));
  }

  async endLoad(): Promise<void> {
    await this.load?.end();
    this.load = undefined;
  }

  async down(): Promise<void> {
    await this.booted?.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
