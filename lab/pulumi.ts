/**
 * The real Pulumi CLI, run as a user of this checkout runs it, with its state in a folder of its own.
 *
 * Each run is a session of processes: Pulumi gives its plugins process groups of their own, so ending its group would
 * leave the provider behind, at work on the hosts and holding our pipe. The session reaches them all.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse, stringify } from "yaml";
import { UserError } from "../core/engine/errors";
import { findAssets } from "./assets";
import { checkout } from "./layout";
import { endSession } from "./processes";
import { must } from "./shell";
import { STACK_CONFIG, STACK_NAME } from "./stack-config";
import { until } from "./wait";

const PROJECT = "pulumi-zookeeper";
const ENDED_BY_US = 124;

export interface PulumiResult {
  /** 124 when the run was ended because its time was up. */
  readonly code: number;
  /** Both streams, in the order in which they came; without Pulumi's lines of dots. */
  readonly output: string;
}

export interface PulumiOptions {
  /** @default 600 000 */
  readonly timeoutMs?: number;
  /** Added to the CLI's environment; the program and the provider inherit it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets each line as it comes, without Pulumi's lines of dots. */
  readonly onLine?: (line: string) => void;
}

/** A stack of this checkout's program, with a `file://` backend below `folder`. */
export class PulumiStack {
  readonly env: Readonly<Record<string, string>>;

  private constructor(readonly folder: string) {
    const bin = findAssets().pulumiBin;
    if (bin === undefined) throw new UserError("Pulumi's CLI is not there. Run: npm run setup");
    this.env = {
      PATH: `${bin}:${process.env.PATH ?? ""}`,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      // Nothing of the lab is secret; without a passphrase Pulumi would ask for one.
      PULUMI_CONFIG_PASSPHRASE: "lab",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  /** Builds the program if its sources have changed, and makes an empty stack; what lay in `folder` is gone. */
  static async create(folder: string, config: Readonly<Record<string, unknown>>): Promise<PulumiStack> {
    await must([process.execPath, join(checkout(), "scripts/build.mjs")]);
    for (const part of ["home", "state"]) {
      rmSync(join(folder, part), { recursive: true, force: true });
      mkdirSync(join(folder, part), { recursive: true });
    }
    const stack = new PulumiStack(folder);
    rmSync(STACK_CONFIG, { force: true });
    const { code, output } = await stack.run(["stack", "init", STACK_NAME]);
    if (code !== 0) throw new Error(`pulumi stack init ended with ${code}: ${output}`);
    stack.configure(config);
    return stack;
  }

  /** Replaces the stack's configuration; keys without the project's name. Reports go beside the state unless it says where. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const before = existsSync(STACK_CONFIG)
      ? (parse(readFileSync(STACK_CONFIG, "utf8")) as Record<string, unknown> | null)
      : {};
    const keys = Object.entries({ reports: join(this.folder, "reports"), ...config }).map(
      ([key, value]) => [`${PROJECT}:${key}`, value] as const,
    );
    writeFileSync(STACK_CONFIG, stringify({ ...before, config: Object.fromEntries(keys) }));
  }

  up(args: readonly string[] = [], options?: PulumiOptions): Promise<PulumiResult> {
    return this.run(["up", "--yes", "--skip-preview", ...args], options);
  }

  preview(args: readonly string[] = [], options?: PulumiOptions): Promise<PulumiResult> {
    return this.run(["preview", ...args], options);
  }

  destroy(args: readonly string[] = [], options?: PulumiOptions): Promise<PulumiResult> {
    return this.run(["destroy", "--yes", "--skip-preview", ...args], options);
  }

  refresh(args: readonly string[] = [], options?: PulumiOptions): Promise<PulumiResult> {
    return this.run(["refresh", "--yes", "--skip-preview", ...args], options);
  }

  /** The stack's state as `pulumi stack export` prints it, secrets as they are stored. */
  async export(): Promise<string> {
    return this.mustRun(["stack", "export"]);
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.mustRun(["stack", "output", "--json"])) as Record<string, unknown>;
  }

  run(args: readonly string[], options: PulumiOptions = {}): Promise<PulumiResult> {
    return this.start(args, options).done;
  }

  /** Starts a command and does not wait for it: to look at the world, or break it, while it runs. */
  start(args: readonly string[], options: PulumiOptions = {}): PulumiRun {
    return new PulumiRun([...args, "--non-interactive", "--color", "never", ...stackOf(args)], {
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  private async mustRun(args: readonly string[]): Promise<string> {
    const { code, output } = await this.run(args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}: ${output}`);
    return output;
  }
}

/** One command under way. */
export class PulumiRun {
  /** When every process of it is gone. Never rejects for what the CLI did. */
  readonly done: Promise<PulumiResult>;
  private readonly child: ChildProcess;
  private text = "";
  private ended = false;
  private leavesRest = false;

  constructor(args: readonly string[], options: PulumiOptions) {
    const child = spawn("pulumi", args, {
      cwd: checkout(),
      env: { ...process.env, ...options.env },
      // A session of its own: `detached` is setsid.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.text += text));
      if (options.onLine) createInterface({ input: stream }).on("line", withoutDotLines(options.onLine));
    }
    const timer = setTimeout(() => this.end(), options.timeoutMs ?? 600_000);
    this.done = new Promise<PulumiResult>((resolve, reject) => {
      child.on("error", reject);
      // What it has left behind holds our pipe, and "close" would not come.
      child.on("exit", () => child.pid !== undefined && !this.leavesRest && endSession(child.pid));
      child.on("close", (code) => resolve({ code: code ?? ENDED_BY_US, output: withoutDots(this.text) }));
    }).finally(() => {
      clearTimeout(timer);
      this.ended = true;
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("pulumi did not start");
    return this.child.pid;
  }

  /** What it has printed so far. */
  get output(): string {
    return this.text;
  }

  /** Waits until it has printed `pattern`. @throws Error when it ends without */
  async printed(pattern: RegExp, timeoutMs = 120_000): Promise<void> {
    await until(
      `pulumi prints ${String(pattern)}`,
      async () => {
        if (pattern.test(this.text)) return undefined;
        return `it has printed:\n${withoutDots(this.text)}`;
      },
      this.ended ? 0 : timeoutMs,
    );
  }

  /** ^C, as a terminal sends it: to the CLI and its group. */
  interrupt(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** Kills the CLI, its language host, the program and the provider. */
  end(): void {
    endSession(this.pid);
  }

  /** Kills the CLI alone; what it started stays. */
  killCli(): void {
    this.leavesRest = true;
    process.kill(this.pid, "SIGKILL");
  }
}

function stackOf(args: readonly string[]): string[] {
  return args[0] === "stack" && args[1] === "init" ? [] : ["--stack", STACK_NAME];
}

/** Pulumi's sign of life where it cannot redraw a line. */
function withoutDots(text: string): string {
  return text.replace(/^@ .*\n/gm, "");
}

function withoutDotLines(take: (line: string) => void): (line: string) => void {
  return (line) => {
    if (!line.startsWith("@ ")) take(line);
  };
}
