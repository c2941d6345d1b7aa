/**
 * A real sshd on loopback for the contract tests: keys of its own under a temporary directory, a free port,
 * ended by its pid. It is the one that set-up unpacked for the lab, with its sudo, laid over /usr and /etc in a mount
 * namespace of its own: nothing has to be installed on the machine, and nothing that is installed there matters.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "../../core/transports/contract";
import { findAssets } from "../../lab/assets";

export interface Sshd {
  readonly connection: Connection;
  readonly port: number;
  /** A directory for the test's files; removed at the end. */
  readonly directory: string;
  /** Signals every process that serves a connection, but not the listener. */
  signalSessions(signal: NodeJS.Signals): void;
  /** A power cut: listener and sessions die at once. */
  kill(): Promise<void>;
  /** Starts the listener again after {@link kill}, on the same port with the same keys. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param settings lines for sshd_config, for example `AllowTcpForwarding no`. */
export async function startSshd(settings: readonly string[] = []): Promise<Sshd> {
  if (process.getuid?.() !== 0) throw new Error("This suite needs root: run it again with sudo.");
  // sshd drops its privileges into this directory and does not start without it.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const directory = mkdtempSync(join(tmpdir(), "sshd-"));
  for (const name of ["host", "user"]) makeKey(join(directory, name));
  const port = await freePort();
  writeFileSync(join(directory, "config"), config(directory, port, settings));

  let listener = await listen(directory);
  const connection: Connection = {
    host: "127.0.0.1",
    port,
    user: "root",
    privateKey: readFileSync(join(directory, "user"), "utf8"),
    hostKey: publicKey(join(directory, "host.pub")),
    dialErrorLimit: 1,
    perDialTimeout: 5,
  };
  const signalSessions = (signal: NodeJS.Signals) => {
    for (const pid of descendants(listener.pid as number)) signalQuietly(pid, signal);
  };
  const kill = async () => {
    if (listener.exitCode !== null || listener.signalCode !== null) return;
    const exit = once(listener, "exit");
    const sessions = descendants(listener.pid as number);
    listener.kill("SIGKILL");
    for (const pid of sessions) signalQuietly(pid, "SIGKILL");
    await exit;
  };
  return {
    connection,
    port,
    directory,
    signalSessions,
    kill,
    restart: async () => {
      listener = await listen(directory);
    },
    stop: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** An Ed25519 pair at `path` and `path.pub`. */
export function makeKey(path: string, passphrase = ""): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", path]);
}

/** The key as an argument has it: type and base64. */
export function publicKey(path: string): string {
  return readFileSync(path, "utf8").trim();
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function config(directory: string, port: number, settings: readonly string[]): string {
  return [
    // sshd takes the first of two equal keywords.
    ...settings,
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${directory}/host`,
    `PidFile none`,
    `AuthorizedKeysFile ${directory}/user.pub`,
    "StrictModes no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "UsePAM no",
    "UseDNS no",
    // A bash that believes it is nested leaves ~/.bashrc alone, whatever this machine's user has in it.
    "SetEnv SHLVL=1",
    "",
  ].join("\n");
}

async function listen(directory: string): Promise<ChildProcess> {
  const base = join(findAssets().labPackages, "base");
  const argv = ["--mount", "sh", "-c", OVER_THIS_MACHINE, "sh", base, directory, join(directory, "config")];
  const child = spawn("unshare", argv, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Server listening on")) resolve();
    });
    child.on("exit", () => reject(new Error(`sshd did not start: ${said}`)));
  });
  return child;
}

/**
 * $1 the unpacked packages $2 a folder $3 sshd's configuration. The account is what sshd drops its privileges to.
 * Replaces itself by sshd, so that this process is the listener.
 */
const OVER_THIS_MACHINE = `
set -e
mkdir -p "$2/etc"
cp /etc/passwd "$2/etc/passwd"
grep -q "^sshd:" /etc/passwd || echo "sshd:x:901:65534::/run/sshd:/usr/sbin/nologin" >> "$2/etc/passwd"
mount -t overlay -o "lowerdir=$1/usr:/usr" overlay /usr
mount -t overlay -o "lowerdir=$2/etc:$1/etc:/etc" overlay /etc
exec /usr/sbin/sshd -D -e -f "$3"`;

/** The processes below `pid` that are sshd's own: those that serve a connection. */
function descendants(pid: number): number[] {
  const children = processes().filter((each) => each.parent === pid && each.name.startsWith("sshd"));
  return children.flatMap((each) => [each.pid, ...descendants(each.pid)]);
}

function processes(): { pid: number; parent: number; name: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const found = /^(\d+) \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, "utf8"));
        return found ? [{ pid: Number(found[1]), name: found[2] ?? "", parent: Number(found[3]) }] : [];
      } catch {
        return []; // ended while the list was read
      }
    });
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ended meanwhile
  }
}
