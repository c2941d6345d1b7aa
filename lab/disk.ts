/**
 * A host's disk before its first boot: what is its own on top of this machine's root.
 *
 * Written straight into the overlay's upper layer while the host is off. The layers below are never written to:
 * a wiped upper layer is a host as it was delivered.
 */
import {
  appendFileSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { BRIDGE_ADDRESS, hostDir, keysDir, type HostSpec } from "./layout";
import { must } from "./shell";

/** The user without root that the lab knows: logs in by key, may use sudo without a password. */
export const PLAIN_USER = "sre";

interface Account {
  readonly user: string;
  readonly id: number;
  readonly home: string;
  readonly shell: string;
}
const ACCOUNTS: readonly Account[] = [
  { user: "sshd", id: 901, home: "/run/sshd", shell: "/usr/sbin/nologin" },
  { user: "clickhouse", id: 902, home: "/var/lib/clickhouse", shell: "/usr/sbin/nologin" },
  { user: PLAIN_USER, id: 1900, home: `/home/${PLAIN_USER}`, shell: "/bin/bash" },
];
export const CLICKHOUSE_UID = 902;

const SSHD_CONFIG = `Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
AllowTcpForwarding yes
SetEnv SHLVL=1
MaxStartups 200
MaxSessions 100
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`;

export class Disk {
  constructor(readonly host: string) {}

  /** Where `path` of the host lies on this machine while the host is off. */
  at(path: string): string {
    return join(hostDir(this.host), "upper", path);
  }

  write(path: string, content: string, mode = 0o644, owner = 0): void {
    this.folder(dirname(path));
    writeFileSync(this.at(path), content, { mode });
    chownSync(this.at(path), owner, owner);
  }

  copy(path: string, from: string, mode = 0o644): void {
    this.write(path, readFileSync(from, "utf8"), mode);
  }

  folder(path: string, mode = 0o755, owner?: number): void {
    mkdirSync(dirname(this.at(path)), { recursive: true, mode: 0o755 });
    mkdirSync(this.at(path), { recursive: true, mode });
    if (owner !== undefined) chownSync(this.at(path), owner, owner);
  }

  /** Empties the disk and puts on it what every host has: accounts, keys, names, sshd, init. */
  async wipe(everyHost: readonly HostSpec[]): Promise<void> {
    const folder = hostDir(this.host);
    for (const part of ["upper", "work"]) rmSync(join(folder, part), { recursive: true, force: true });
    for (const part of ["upper", "work", "root"]) mkdirSync(join(folder, part), { recursive: true });

    this.folder("/etc");
    for (const file of ["passwd", "group", "shadow"]) copyFileSync(`/etc/${file}`, this.at(`/etc/${file}`));
    for (const account of ACCOUNTS) this.account(account);
    this.write("/etc/hostname", `${this.host}\n`);
    this.write("/etc/hosts", hostsFile(everyHost));
    this.write("/etc/ssh/sshd_config", SSHD_CONFIG);
    this.copy("/etc/ssh/ssh_host_ed25519_key", hostKeyFile(this.host), 0o600);
    this.copy("/etc/ssh/ssh_host_ed25519_key.pub", `${hostKeyFile(this.host)}.pub`);
    this.folder("/root", 0o700);
    this.authorize("/root", "root", 0);
    this.folder(`/home/${PLAIN_USER}`, 0o755, 1900);
    this.authorize(`/home/${PLAIN_USER}`, PLAIN_USER, 1900);
    this.write(`/etc/sudoers.d/${PLAIN_USER}`, `${PLAIN_USER} ALL=(ALL) NOPASSWD: ALL\n`, 0o440);
    this.copy("/etc/lab/init.sh", join(__dirname, "boot/init.sh"), 0o755);
    this.folder("/etc/lab/boot.d");
    const writers = readFileSync(join(__dirname, "boot/writers.sh"), "utf8");
    this.write("/usr/local/bin/writers", writers.replace("@BRIDGE_ADDRESS@", BRIDGE_ADDRESS), 0o755);
  }

  /** Runs at every boot of the host, unless `/etc/lab/boot.d/NAME.disabled` exists. */
  atBoot(name: string, script: string): void {
    this.write(`/etc/lab/boot.d/${name}`, script, 0o755);
  }

  private account({ user, id, home, shell }: Account): void {
    const known = readFileSync(this.at("/etc/passwd"), "utf8").split("\n");
    if (known.some((line) => line.startsWith(`${user}:`))) return;
    appendFileSync(this.at("/etc/passwd"), `${user}:x:${id}:${id}::${home}:${shell}\n`);
    appendFileSync(this.at("/etc/group"), `${user}:x:${id}:\n`);
    // "*", not "!": sshd takes "!" for a locked account and refuses its keys too.
    appendFileSync(this.at("/etc/shadow"), `${user}:*:19000:0:99999:7:::\n`);
  }

  private authorize(home: string, user: string, owner: number): void {
    this.folder(`${home}/.ssh`, 0o700, owner);
    this.write(
      `${home}/.ssh/authorized_keys`,
      readFileSync(`${clientKeyFile(user)}.pub`, "utf8"),
      0o600,
      owner,
    );
  }
}

export const clientKeyFile = (user: string) => join(keysDir(), `client-${user}`);
export const hostKeyFile = (host: string) => join(keysDir(), `host-${host}`);

/** One key for each user and each host, kept over wipes: an inventory stays true while the lab lives. */
export async function createKeys(hosts: readonly HostSpec[]): Promise<void> {
  mkdirSync(keysDir(), { recursive: true, mode: 0o700 });
  const files = ["root", PLAIN_USER].map(clientKeyFile).concat(hosts.map((host) => hostKeyFile(host.name)));
  await Promise.all(
    files.map((file) => must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file])),
  );
}

/** `ssh-ed25519 AAAA…`, as known_hosts and the `hostKey` argument have it. */
export function hostKeyOf(host: string): string {
  return readFileSync(`${hostKeyFile(host)}.pub`, "utf8")
    .split(" ")
    .slice(0, 2)
    .join(" ");
}

function hostsFile(hosts: readonly HostSpec[]): string {
  const lines = hosts.map((host) => `${host.address} ${host.name}`);
  return ["127.0.0.1 localhost", ...lines].join("\n") + "\n";
}
