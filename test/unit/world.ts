/**
 * Hosts made of a map of files. Stands in for machines: scripts are answered by what a test puts into `answers`, and
 * anything else that is asked is an error.
 */
import { createHash } from "node:crypto";
import { HostUnreachable, UnknownHost } from "../../core/engine/errors";
import type { Step, StepContext } from "../../core/engine/step";
import type {
  HostAccess,
  Held,
  RunResult,
  World as WorldContract,
  Written,
} from "../../core/transports/contract";

export class FakeHost implements HostAccess {
  readonly files = new Map<string, Buffer>();
  readonly scripts: { text: string; args: readonly string[]; stdin: string }[] = [];
  /** Set where the host cannot be reached. */
  down?: string;
  /** Answers a script; without one, scripts print nothing. */
  answer?: (text: string, args: readonly string[], stdin: string) => string;
  /** First line of whatever is held. */
  holds = "locked";
  released = 0;
  readonly lost = new AbortController();

  constructor(
    readonly name: string,
    readonly address = name,
  ) {}

  run(): Promise<RunResult> {
    return Promise.reject(new Error("no program of this host is known to the test"));
  }

  async script(
    text: string,
    args: readonly string[] = [],
    options: { stdin?: string | Buffer } = {},
  ): Promise<RunResult> {
    this.reach();
    const stdin = String(options.stdin ?? "");
    this.scripts.push({ text, args, stdin });
    return { code: 0, stdout: this.answer?.(text, args, stdin) ?? "", stderr: "" };
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    this.reach();
    return this.files.get(path);
  }

  async writeFile(path: string, content: Buffer | string): Promise<Written> {
    this.reach();
    const bytes = Buffer.from(content);
    this.files.set(path, bytes);
    return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }

  async hold(): Promise<Held> {
    this.reach();
    return {
      firstLine: this.holds,
      lost: this.lost.signal,
      release: async () => void this.released++,
    };
  }

  readStream = () => Promise.reject(new Error("not in this test"));
  writeStream = () => Promise.reject(new Error("not in this test"));
  dial: HostAccess["dial"] = () => Promise.reject(new Error("not in this test"));
  inTurn = () => this;
  close = () => Promise.resolve();

  private reach(): void {
    if (this.down !== undefined) throw new HostUnreachable(this.name, this.down, "Start it.");
  }
}

export class World implements WorldContract {
  readonly migration = "migration-1";
  readonly hosts: Map<string, FakeHost>;

  constructor(names: readonly string[]) {
    this.hosts = new Map(names.map((name) => [name, new FakeHost(name)]));
  }

  host(name: string): FakeHost {
    const host = this.hosts.get(name);
    if (!host) throw new UnknownHost(name, [...this.hosts.keys()]);
    return host;
  }

  command = () => Promise.reject(new Error("not in this test"));
  secret = () => undefined;
}

/** What a handler gets of a step that has not been applied yet. */
export function contextOf(step: Step, world: World): StepContext<World> {
  const none = () => {
    throw new Error("not in this test");
  };
  return { step, world, run: "run-1", applied: false, result: none, has: () => false, say: () => undefined };
}
