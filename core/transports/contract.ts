/**
 * What the product may ask of a host, whatever carries it there.
 *
 * Product code (`core/zookeeper`, `core/clickhouse`, `core/pegasus`) sees hosts only through
 * this file, so that it can be tested with a host made of a map, and so that quoting, time limits,
 * sudo and host keys are settled in one place (`ssh/`).
 */
import type { Duplex, Readable } from "node:stream";
import { HostUnreachable } from "../engine/errors";

/** How to reach a host over SSH. Same names as `@pulumi/command`'s `remote.ConnectionArgs` 1.2. */
export interface Connection {
  readonly host: string;
  /** @default 22 */
  readonly port?: number;
  /** @default "root" */
  readonly user?: string;
  readonly password?: string;
  /** PEM or OpenSSH text of the key, not a path. */
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  readonly agentSocketPath?: string;
  /** How often a dial is tried before the host counts as unreachable. @default 10 */
  readonly dialErrorLimit?: number;
  /** Seconds for one dial. @default 15 */
  readonly perDialTimeout?: number;
  /** The server's public key, as in a known_hosts line without the host: `ssh-ed25519 AAAA…`. */
  readonly hostKey?: string;
  readonly proxy?: Connection;
  /** Accept any host key. @default false */
  readonly insecureIgnoreHostKey?: boolean;
}

/** One machine: how the operator reaches it, and what its peers dial. */
export interface Host {
  readonly connection: Connection;
  /** What peers and clients dial. @default connection.host */
  readonly address?: string;
  /** Run what needs root through `sudo -n`. @default false */
  readonly sudo?: boolean;
}

/** Hosts by their short name, for example `zk1`. A map, because a secret in an array hides the whole array. */
export type Hosts = Readonly<Record<string, Host>>;

export interface RunOptions {
  /** Bytes for standard input; it is closed at once when absent. */
  readonly stdin?: string | Buffer;
  /** Milliseconds until the command is given up and its channel closed. @default 30000 */
  readonly timeoutMs?: number;
  /** Exit codes that are not an error; any other throws {@link CommandFailed}. @default [0] */
  readonly accept?: readonly number[] | "any";
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FileOptions {
  /** Octal string, for example "0640". @default "0644" */
  readonly mode?: string;
  /** `user` or `user:group`; whoever writes when absent: the login user, root where the host has `sudo`. */
  readonly owner?: string;
}

export interface ReadOptions {
  /** @default 0 */
  readonly start?: number;
  /**
   * Leaves out zeros at the end that the host itself has found to be nothing else, but for less than 64 of them: a
   * preallocated log is 64 MiB of them. What comes is complete up to the last byte that was not zero when it was opened.
   * @default false
   */
  readonly withoutPadding?: boolean;
}

/** Whose turn it is to change something on a host. */
export interface TurnOptions {
  /** On the host; its folder is made where it is missing. */
  readonly file: string;
  /** One line, which no other run has. */
  readonly owner: string;
  /** How long what an earlier run had begun may take to end. @default 120 */
  readonly patienceSeconds?: number;
  /** Tells the user what is waited for. */
  say?(line: string): void;
}

/** The part of a {@link HostAccess} that protocol clients need. */
export type Dialler = Pick<HostAccess, "name" | "address" | "dial">;

/** What a stream came to once it lay on the disk. */
export interface Written {
  readonly bytes: number;
  /** Hex SHA-256 of the bytes, as read back from the disk by the host itself. */
  readonly sha256: string;
}

/** An open way to one host. Every method names the host in what it throws. */
export interface HostAccess {
  /** The short name, for example `zk1`. */
  readonly name: string;
  /** What peers and clients dial. */
  readonly address: string;
  /** Runs a program with arguments that reach it as they are: no shell reads them. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs a script with `sh -c`; `args` become "$1", "$2", … and are never read as shell text. */
  script(text: string, args?: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The whole file, or undefined when there is none. Refuses files above 64 MiB. */
  readFile(path: string): Promise<Buffer | undefined>;
  /** Bytes from `start` to the end as it is when the read begins. */
  readStream(path: string, options?: ReadOptions): Promise<Readable>;
  /** Writes beside the target under a name that starts with a dot, syncs, renames. */
  writeFile(path: string, content: string | Buffer, options?: FileOptions): Promise<Written>;
  /** As {@link writeFile}, for content of any size. */
  writeStream(path: string, content: AsyncIterable<Buffer>, options?: FileOptions): Promise<Written>;
  /**
   * A TCP connection made from the host's own network to `address` (default: the host's own address).
   * Rejects with {@link DialFailed}.
   */
  dial(port: number, address?: string): Promise<Duplex>;
  /**
   * Starts a program that lives as long as this connection does (a lock holder). It gets a dot every five seconds on
   * standard input.
   * Resolves at its first line of standard output.
   */
  hold(argv: readonly string[]): Promise<Held>;
  /**
   * The same host, for one run: the first command, and the first file that is read, wait for the commands of earlier runs
   * to end, and once a later run has begun there, no command begins any more. Closed together with this one.
   */
  inTurn(options: TurnOptions): HostAccess;
  close(): Promise<void>;
}

/**
 * `refused`: the machine answered that nobody listens; `unanswered`: nothing came back in time;
 * `forbidden`: the SSH server does not forward connections; `failed`: anything else, for example no route.
 */
export type DialFailure = "refused" | "unanswered" | "forbidden" | "failed";

/** No TCP connection could be made from the host. `kind` tells a stopped server from a network that is in the way. */
export class DialFailed extends HostUnreachable {
  constructor(
    host: string,
    readonly kind: DialFailure,
    reason: string,
    next: string,
  ) {
    super(host, reason, next);
  }
}

/** A remote program that ends when {@link Held.release} is called or the operator's process dies. */
export interface Held {
  readonly firstLine: string;
  /**
   * Aborted, with the error as its reason, when the program ended or the connection was lost before
   * {@link Held.release}: what was held is then no longer held. A host that cannot lose it leaves this out.
   */
  readonly lost?: AbortSignal;
  release(): Promise<void>;
}

/** A command of the user's own, as they would type it into a shell. */
export interface UserCommand {
  readonly run: string;
  /** Short name of the host to run it on; the operator's own machine when absent. */
  readonly on?: string;
  /** @default 60 */
  readonly timeoutSeconds?: number;
  /** Regular expression that standard output must match. @default exit code 0 is enough */
  readonly expect?: string;
}

/** The machines a plan works on, and the operator's own. */
export interface World {
  /** Opens the host at first use. @throws Refusal for a name that no host bears */
  host(name: string): HostAccess;
  /** Runs a command of the user's where it says, and judges it. @throws CommandFailed, naming the place */
  command(command: UserCommand): Promise<RunResult>;
  /** A secret that a step needs and its plan must not hold, by name: `clickhouse/password`. */
  secret(name: string): string | undefined;
  /** Which migration this is; names its folder on every host. */
  readonly migration: string;
}
