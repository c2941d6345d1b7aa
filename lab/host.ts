/**
 * One host of the lab: power on, power cut, unplug, and programs run on it as root.
 *
 * A host is off when its first process is gone; the kernel has then ended everything else on it, and unmounted its
 * disk, before that process can be waited for.
 */
import { spawn } from "node:child_process";
import { openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { hostDir, layersDir, SSH_PORT, stateDir, type HostSpec } from "./layout";
import { namespaceOf, plug, unplug } from "./network";
import { PARTS } from "./parts";
import { pidNamespaceOf, startTime } from "./processes";
import { capture, type Output } from "./shell";
import { until } from "./wait";

export class LabHost {
  constructor(readonly spec: HostSpec) {}

  get name(): string {
    return this.spec.name;
  }

  isOn(): boolean {
    return this.firstProcess() !== undefined;
  }

  /** Powers the host on and waits for its sshd. Its services start beside it; who needs them waits for them. */
  async start(): Promise<void> {
    if (this.isOn()) return;
    await plug(this.name);
    const folder = hostDir(this.name);
    const console = openSync(join(folder, "console.log"), "a");
    const layers = PARTS[this.spec.role].layers.map((layer) => `${join(layersDir(), layer)}:`).join("");
    const boot = join(__dirname, "boot/first-process.sh");
    const child = spawn(
      "nsenter",
      [
        `--net=/run/netns/${namespaceOf(this.name)}`,
        ..."unshare --mount --uts --ipc --pid --fork --kill-child".split(" "),
        ...["sh", boot, this.name, folder, layers, stateDir()],
      ],
      { detached: true, stdio: ["ignore", console, console] },
    );
    closeSync(console);
    child.unref();
    await until(`${this.name}: first process`, async () => {
      const pid = child.pid && childOf(child.pid);
      if (!pid) return readConsole(folder);
      writeFileSync(join(folder, "first-process"), `${pid} ${startTime(pid)}`);
      return undefined;
    });
    await until(`${this.name}: sshd`, () =>
      this.isOn() ? greeting(this.spec.address) : this.saysWhyItDied(),
    );
  }

  /** Power cut: the link goes first, so that no peer hears a good-bye. The disk stays as it is. */
  async kill(): Promise<void> {
    const pid = this.firstProcess();
    await unplug(this.name);
    if (pid === undefined) return;
    process.kill(pid, "SIGKILL");
    await until(`${this.name}: off`, async () => (this.isOn() ? `process ${pid} is still there` : undefined));
    rmSync(join(hostDir(this.name), "first-process"), { force: true });
  }

  /** Asks every process of the host to end, then cuts the power; for a disk that is to be kept as a good one. */
  async shutDown(): Promise<void> {
    if (this.isOn()) {
      const idle = "^(sh|sleep|ps|grep|seq)$";
      const quiet = `kill -TERM -1; for i in $(seq 200); do ps -e -o comm= | grep -qvE '${idle}' || exit 0; sleep 0.05; done`;
      await this.exec(["sh", "-c", quiet]);
    }
    await this.kill();
  }

  /** Takes the host off the network; it goes on running. */
  partition(): Promise<void> {
    return unplug(this.name);
  }

  heal(): Promise<void> {
    return plug(this.name);
  }

  /** Runs a program on the host as root, beside sshd: it works on a partitioned host too. */
  exec(argv: readonly string[], input = ""): Promise<Output> {
    return capture(this.enter(argv), input);
  }

  /** The command line that runs `argv` on the host from this machine. */
  enter(argv: readonly string[]): string[] {
    const pid = this.firstProcess();
    if (pid === undefined)
      throw new Error(`${this.name} is off. Start it: npm run lab -- start ${this.name}`);
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const environment = ["env", "-i", path, "HOME=/root", "USER=root", "LANG=C.UTF-8", "TERM=dumb"];
    const namespaces = ["-m", "-u", "-i", "-n", "-p"];
    return ["nsenter", "-t", String(pid), ...namespaces, "--", ...environment, ...argv];
  }

  /** Where this machine sees the host's files, as they are at this moment: nothing runs on the host for it. */
  seenFromOutside(path: string): string {
    return `/proc/${this.firstProcess()}/root${path}`;
  }

  /** A file of the host, read from outside. */
  peek(path: string): Buffer | undefined {
    try {
      return readFileSync(this.seenFromOutside(path));
    } catch {
      return undefined;
    }
  }

  /** What it has written since it was delivered: the part of its disk that is its own, from outside. */
  get ownDisk(): string {
    return join(hostDir(this.name), "upper");
  }

  /** In which its processes run; undefined where it is off. */
  pidNamespace(): string | undefined {
    const pid = this.firstProcess();
    return pid === undefined ? undefined : pidNamespaceOf(pid);
  }

  /** Addresses that have a connection to one of the host's own ports, as its kernel has it; read from outside. */
  connectedTo(port: number): string[] {
    const pid = this.firstProcess();
    const tables = ["tcp", "tcp6"].map((table) => readText(`/proc/${pid}/net/${table}`));
    return [...new Set(tables.flatMap((table) => peersOf(table, port)))].sort();
  }

  private firstProcess(): number | undefined {
    const [pid = "", started] = readText(join(hostDir(this.name), "first-process")).split(" ");
    return pid !== "" && startTime(Number(pid)) === started ? Number(pid) : undefined;
  }

  private async saysWhyItDied(): Promise<string> {
    return `its first process ended: ${readConsole(hostDir(this.name))}`;
  }
}

/** Empty where there is no such file. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Of /proc/net/tcp: addresses are hexadecimal, each four bytes turned around; state 01 is established. */
function peersOf(table: string, port: number): string[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", remote = "", state] = line.trim().split(/\s+/);
    if (state !== "01" || parseInt(local.split(":")[1] ?? "", 16) !== port) return [];
    const v4 = (remote.split(":")[0] ?? "").slice(-8);
    return [[6, 4, 2, 0].map((at) => parseInt(v4.slice(at, at + 2), 16)).join(".")];
  });
}

function childOf(pid: number): number | undefined {
  try {
    return (
      Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]) || undefined
    );
  } catch {
    return undefined;
  }
}

function readConsole(folder: string): string {
  return (
    readFileSync(join(folder, "console.log"), "utf8").trim().split("\n").slice(-3).join(" | ") ||
    "(no output)"
  );
}

/** Undefined when an SSH server greets, else why not. */
function greeting(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: SSH_PORT, timeout: 1_000 });
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      resolve(data.toString().startsWith("SSH-") ? undefined : "something that is not sshd answers");
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer")));
    socket.once("error", (error) => resolve(error.message));
  });
}
