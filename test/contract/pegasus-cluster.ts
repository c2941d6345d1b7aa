/**
 * A small cluster of the lab's Pegasus stand-in on loopback, with real processes and short times: leases
 * of a second where the real ones last 20, so that what takes half a minute there takes one here.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { HttpReply } from "../../core/pegasus/read/http";
import type { ShellRun } from "../../core/pegasus/read/shell";
import { BUNDLE, bundlePegasus } from "../../lab/pegasus/bundle";
import { freePort } from "./sshd";

export interface StandIn {
  readonly address: string;
  readonly folder: string;
  /** Log files of earlier starts. */
  readonly older: readonly string[];
  /** The exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  readonly child: ChildProcess;
}

export interface MetaOptions {
  readonly hosts: string;
  readonly root?: string;
  readonly recover?: boolean;
  readonly release?: "HEAD" | "2.5";
  readonly sessionMs?: number;
}

export class PegasusCluster {
  readonly folder = mkdtempSync(join(tmpdir(), "pegasus-"));
  private readonly running = new Set<StandIn>();
  private constructor(
    readonly metas: readonly string[],
    readonly replicas: readonly string[],
  ) {}

  static async create(): Promise<PegasusCluster> {
    await bundlePegasus();
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const [a, b, ...rest] = ports.map((port) => `localhost:${port}`);
    return new PegasusCluster([a ?? "", b ?? ""], rest);
  }

  /** Starts meta 0 or 1 with a config.ini of its own. */
  meta(index: 0 | 1, options: MetaOptions): StandIn {
    const root = options.root ?? "/pegasus/onebox";
    return this.start("meta", this.metas[index] ?? "", `meta${index}`, [
      "[meta_server]",
      `server_list = ${this.metas.join(",")}`,
      `cluster_root = ${root}`,
      `distributed_lock_service_parameters = ${root}/lock`,
      "min_live_node_count_for_unfreeze = 1",
      `recover_from_replica_server = ${options.recover ?? false}`,
      "lb_interval_ms = 200",
      "[replication]",
      "fd_check_interval_seconds = 0.1",
      "fd_grace_seconds = 1.5",
      "[meta_server.apps.temp]",
      "app_name = temp",
      "partition_count = 8",
      "[meta_server.apps.stat]",
      "app_name = stat",
      "partition_count = 4",
      "[zookeeper]",
      `hosts_list = ${options.hosts}`,
      `timeout_ms = ${options.sessionMs ?? 1500}`,
      "[stand_in]",
      `release = ${options.release ?? "HEAD"}`,
      "unknown_replica_fatal_ms = 400",
    ]);
  }

  /** @param leaseSeconds how long it serves without an acknowledged beacon */
  replica(index: number, leaseSeconds = 1): StandIn {
    return this.start("replica", this.replicas[index] ?? "", `replica${index}`, [
      "[meta_server]",
      `server_list = ${this.metas.join(",")}`,
      "[replication]",
      "fd_check_interval_seconds = 0.1",
      "fd_beacon_interval_seconds = 0.2",
      `fd_lease_seconds = ${leaseSeconds}`,
      "config_sync_interval_ms = 500",
    ]);
  }

  /** One command by the shell, in the cluster's folder. */
  async shell(command: string, release: "HEAD" | "2.5" = "HEAD"): Promise<ShellRun> {
    const child = spawn(process.execPath, this.shellArgs(release), { cwd: this.folder, stdio: "pipe" });
    child.stdin.end(`${command}\n`);
    const code = once(child, "close").then(([exit]) => exit as number);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, stdout, stderr };
  }

  /** As {@link shell}, with both streams in one file, in the order in which they were written. */
  async shellMerged(command: string): Promise<ShellRun> {
    const path = join(this.folder, "merged.out");
    const file = openSync(path, "w");
    const child = spawn(process.execPath, this.shellArgs("HEAD"), {
      cwd: this.folder,
      stdio: ["pipe", file, file],
    });
    child.stdin?.end(`${command}\n`);
    const [code] = (await once(child, "close")) as [number];
    closeSync(file);
    return { code, stdout: readFileSync(path, "utf8"), stderr: "" };
  }

  file(name: string, content?: string): string {
    const path = join(this.folder, name);
    if (content !== undefined) writeFileSync(path, content);
    return readFileSync(path, "utf8");
  }

  /** What a process has logged since this start; nothing before it has opened its log. */
  logOf(standIn: StandIn): string {
    const ofThisStart = logsIn(standIn.folder).filter((file) => !standIn.older.includes(file));
    return ofThisStart.map((file) => readFileSync(file, "utf8")).join("");
  }

  async stop(standIn: StandIn, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    standIn.child.kill(signal);
    const code = await standIn.ended;
    this.running.delete(standIn);
    return code;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.running].map((standIn) => this.stop(standIn, "SIGKILL")));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private shellArgs(release: "HEAD" | "2.5"): string[] {
    return [join(BUNDLE, "shell.cjs"), "--cluster", this.metas.join(","), "--release", release];
  }

  private start(role: "meta" | "replica", address: string, name: string, lines: readonly string[]): StandIn {
    const folder = join(this.folder, name);
    const config = [
      `[apps.${role}]`,
      `ports = ${address.split(":")[1]}`,
      "[network]",
      "explicit_host_address = localhost",
      "[core]",
      `data_dir = ${join(folder, "data")}`,
      ...lines,
    ];
    writeFileSync(`${folder}.ini`, `${config.join("\n")}\n`);
    const args = [join(BUNDLE, `${role}.cjs`), `${folder}.ini`, "-app_list", role];
    const older = logsIn(folder);
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    const ended = once(child, "exit").then(([code]) => code as number | null);
    const standIn = { address, folder, older, ended, child };
    this.running.add(standIn);
    return standIn;
  }
}

/** A GET without following redirects; undefined when nobody answers. */
export function get(address: string, path: string): Promise<HttpReply | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(`http://${address}${path}`, { agent: false }, (reply) => {
      void text(reply).then((body) => {
        const headers = Object.fromEntries(
          Object.entries(reply.headers).map(([name, value]) => [name, String(value)]),
        );
        resolve({ status: reply.statusCode ?? 0, headers, body });
      });
    });
    outgoing.on("error", () => resolve(undefined)).end();
  });
}

/** Waits until the condition gives a value; fails with `what` after 20 s. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`20 s passed without ${what}`);
    await delay(50);
  }
}

function logsIn(folder: string): readonly string[] {
  const logs = join(folder, "data", "log");
  return existsSync(logs) ? readdirSync(logs).map((name) => join(logs, name)) : [];
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
  let whole = "";
  for await (const part of stream) whole += String(part);
  return whole;
}
