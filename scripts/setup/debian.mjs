/**
 * Debian's packages for the lab and the tests: sshd, sudo, ClickHouse, Prometheus, unpacked into folders of their own.
 *
 * Unpacked instead of installed, because installing starts services and adds users on the machine that runs the
 * lab. The lab copies the folder onto its hosts' own disks. Only the tools that the lab itself runs (`ip`,
 * `unshare`, `ssh-keygen`, Java, Maven) are installed here, and only those that are missing.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import * as paths from "./paths.mjs";
import { makeFolder, run, SetupStop } from "./steps.mjs";

const MACHINE_TOOLS = [
  { program: "ip", package: "iproute2" },
  { program: "unshare", package: "util-linux" },
  { program: "ssh-keygen", package: "openssh-client" },
  { program: "java", package: "default-jre-headless" },
  { program: "mvn", package: "maven" },
];
/** One folder each, so that a host holds only what its part needs. */
const HOST_PACKAGES = {
  base: ["openssh-server", "openssh-sftp-server", "sudo", "procps"],
  clickhouse: ["clickhouse-common", "clickhouse-server", "clickhouse-client"],
  // The tests let the clock of a host jump with it.
  clock: ["libfaketime"],
  // Not for a host: promtool and prometheus judge the rules and the dashboard in the tests.
  monitoring: ["prometheus", "prometheus-node-exporter"],
  // Not for a host either: the tests open the reports in it.
  browser: ["chromium-headless-shell", "fonts-dejavu-core"],
};
/** Merged into /usr on every Debian since 12; a real folder of that name on a lab host would hide the link. */
const MERGED_INTO_USR = ["bin", "sbin", "lib", "lib64"];

let listsAreFresh = false;

export function refuseWithoutDebian() {
  if (process.platform !== "linux") {
    throw new SetupStop(
      `The lab needs Linux, this is ${process.platform}. Run it in a Linux virtual machine, as root.`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupStop(
      "The lab needs root, for network namespaces and overlay mounts. Run it again with sudo.",
    );
  }
  if (!paths.onPath("apt-get")) {
    throw new SetupStop(
      "The lab's servers come from Debian's packages and there is no apt-get here. Use Debian 12.",
    );
  }
}

export async function machineTools() {
  const missing = MACHINE_TOOLS.filter((tool) => !paths.onPath(tool.program)).map((tool) => tool.package);
  if (missing.length === 0)
    return `reused: ${MACHINE_TOOLS.map((tool) => tool.program).join(", ")} of this machine`;
  await aptGet(["install", "-y", "--no-install-recommends", ...missing], `installing ${missing.join(" ")}`);
  return `installed ${missing.join(", ")}`;
}

export async function labPackages() {
  const missing = Object.entries(HOST_PACKAGES).filter(
    ([part]) => !existsSync(join(paths.labPackagesDir(), part)),
  );
  if (missing.length === 0) return "reused: sshd, sudo, clickhouse-server, prometheus and chromium";
  for (const [part, packages] of missing) {
    await makeFolder(join(paths.labPackagesDir(), part), (folder) => downloadAndUnpack(folder, packages));
  }
  const unpacked = missing.map(([part]) => part).join(", ");
  return `unpacked Debian's packages for ${unpacked} (nothing installed, nothing started)`;
}

/** Unpacks Debian's `zookeeper` package into `folder`: only its scripts are wanted. */
export async function unpackZooKeeperScripts(folder) {
  const archives = join(folder, "archives");
  mkdirSync(archives, { recursive: true });
  await aptGet(["download", "zookeeper"], "downloading Debian's zookeeper package", archives);
  unpack(archives, folder);
}

/** Downloads the packages, and what they need that this machine lacks; `--reinstall` because some may be here. */
async function downloadAndUnpack(folder, packages) {
  const archives = join(folder, ".archives");
  mkdirSync(join(archives, "partial"), { recursive: true });
  const how = ["-y", "--download-only", "--reinstall", "--no-install-recommends"];
  const where = ["-o", `Dir::Cache::archives=${archives}`];
  await aptGet(["install", ...how, ...where, ...packages], `downloading ${packages[0]} and its like`);
  unpack(archives, folder);
  rmSync(archives, { recursive: true });
  for (const idle of ["usr/share/doc", "usr/share/man", "usr/share/locale"]) {
    rmSync(join(folder, idle), { recursive: true, force: true });
  }
}

function unpack(archives, folder) {
  for (const file of readdirSync(archives).filter((name) => name.endsWith(".deb"))) {
    execFileSync("dpkg-deb", ["--extract", join(archives, file), folder], { stdio: "ignore" });
  }
  for (const name of MERGED_INTO_USR) {
    const real = join(folder, name);
    if (!existsSync(real)) continue;
    cpSync(real, join(folder, "usr", name), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
    rmSync(real, { recursive: true });
  }
}

async function aptGet(args, title, cwd) {
  const options = {
    cwd,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    remedy: "It needs a Debian mirror that answers: see /etc/apt/sources.list.",
  };
  const common = [
    "-o",
    "APT::Sandbox::User=root",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "Acquire::http::Timeout=20",
  ];
  if (!listsAreFresh) await run("apt-get", [...common, "update"], { ...options, title: "apt-get update" });
  listsAreFresh = true;
  await run("apt-get", [...common, ...args], { ...options, title });
}
