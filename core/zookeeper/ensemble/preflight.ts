/**
 * What a host must offer before ZooKeeper is put on it, found out on all hosts before anything changes on any.
 */
import { CommandFailed, HostUnreachable, Refusal } from "../../engine/errors";
import type { Complaint } from "../../engine/errors";
import type { World } from "../../transports/contract";
import type { EnsembleDesired } from "../desired";
import { foldersInHome, homeOf, namesOf } from "../desired";

export interface HostFacts {
  readonly name: string;
  readonly unreachable?: string;
  readonly seen?: SeenHost;
}

export interface SeenHost {
  /** `17.0.15`, and its major number (8 for 1.8). */
  readonly java?: { readonly version: string; readonly major: number };
  /** Ports of ours that somebody listens on, with the process. */
  readonly listeners: ReadonlyMap<number, string>;
  /** Free KiB where each folder lies or will lie. */
  readonly freeKiB: ReadonlyMap<string, number>;
  /** Host clock minus operator clock. */
  readonly clockOffsetMs: number;
  readonly isRoot: boolean;
  readonly missingTools: readonly string[];
  /** zoo.cfg's process runs from our own folder: the listener is the server we manage. */
  readonly ownPid?: number;
  /** myid that lies in dataDir. */
  readonly myid?: string;
  /** Of a release beside the wanted one that was configured for the same dataDir: `3.7.1`. */
  readonly otherVersion?: string;
  /** Whether the release is unpacked. */
  readonly unpacked: boolean;
}

const LOOK = `
home=$1 data=$2; shift 2
date +%s%3N | sed 's/^/clock=/'
id -u | sed 's/^/uid=/'
java -version 2>&1 | sed -n '1s/^/java=/p'
for tool in ss sha512sum tar runuser flock sync; do command -v $tool >/dev/null || echo "missing=$tool"; done
for pid in $(ss -Hltnp 2>/dev/null | sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p' | sort -u); do
  tr '\\0' '\\n' < /proc/$pid/cmdline 2>/dev/null | grep -qx "$home/bin/../conf/zoo.cfg\\|$home/conf/zoo.cfg" && echo "own=$pid"
done
ss -Hltnp 2>/dev/null | awk '{print "listen=" $4 " " $6}'
[ -r "$data/myid" ] && sed -n '1s/^/myid=/p' "$data/myid"
[ -x "$home/bin/zkServer.sh" ] && echo unpacked=yes
[ -e "$home/conf/zoo.cfg" ] || grep -lxF "dataDir=$data" "$1"/apache-zookeeper-*-bin/conf/zoo.cfg 2>/dev/null |
  sed -n 's|.*/apache-zookeeper-\\(.*\\)-bin/conf/zoo.cfg$|other=\\1|p'
for dir in "$@"; do
  at=$dir
  while [ ! -d "$at" ]; do at=$(dirname "$at"); done
  df -Pk "$at" | awk -v dir="$dir" 'NR==2 {print "free=" $4 " " dir}'
done
true`;

export async function preflight(world: World, desired: EnsembleDesired): Promise<HostFacts[]> {
  return Promise.all(namesOf(desired.hosts).map((name) => lookAtHost(world, desired, name)));
}

async function lookAtHost(world: World, desired: EnsembleDesired, name: string): Promise<HostFacts> {
  try {
    const folders = [desired.installDir, desired.dataDir, desired.dataLogDir, desired.logDir];
    const asked = new Date();
    const { stdout } = await world
      .host(name)
      .script(LOOK, [homeOf(desired), desired.dataDir, ...folders], { timeoutMs: 20_000 });
    return { name, seen: readLook(stdout, asked.getTime(), new Date().getTime()) };
  } catch (error) {
    if (error instanceof HostUnreachable || error instanceof Refusal || error instanceof CommandFailed) {
      return { name, unreachable: error.message };
    }
    throw error;
  }
}

function readLook(text: string, asked: number, answered: number): SeenHost {
  const values = (key: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const pairs = (key: string) => values(key).map((line) => splitAt(line, line.indexOf(" ")));
  const clock = Number(values("clock")[0]);
  return {
    java: readJavaVersion(values("java")[0] ?? ""),
    listeners: new Map(
      pairs("listen").map(([socket, owner]) => [Number(socket.slice(socket.lastIndexOf(":") + 1)), owner]),
    ),
    freeKiB: new Map(pairs("free").map(([free, dir]) => [dir, Number(free)])),
    // The clock was read somewhere between asking and the answer: only what lies outside is an offset.
    clockOffsetMs: clock < asked ? clock - asked : clock > answered ? clock - answered : 0,
    isRoot: values("uid")[0] === "0",
    missingTools: values("missing"),
    ownPid: Number(values("own")[0] ?? "") || undefined,
    myid: values("myid")[0],
    otherVersion: values("other")[0],
    unpacked: values("unpacked")[0] === "yes",
  };
}

/** `openjdk version "1.8.0_352"` → 8; `openjdk version "17.0.15" 2025-04-15` → 17. */
export function readJavaVersion(line: string): SeenHost["java"] {
  const version = /version "([^"]+)"/.exec(line)?.[1];
  if (version === undefined) return undefined;
  const [first, second] = version.split(/[._-]/);
  return { version, major: Number(first === "1" ? second : first) };
}

/** Room for the release, some snapshots and logs: below it an installation would only fail later. */
const NEEDED_KIB = 1024 * 1024;
/** Beyond it the journal's times and the servers' logs of one night can no longer be put side by side. */
const CLOCK_TOLERANCE_MS = 30_000;

/** Everything that speaks against installing, on every host; empty when all is well. */
export function complainPreflight(desired: EnsembleDesired, facts: readonly HostFacts[]): Complaint[] {
  const hosts = facts.flatMap(({ name, seen, unreachable }) =>
    seen ? complainHost(desired, name, seen) : [unreachableHost(name, unreachable ?? "no answer")],
  );
  return [...foldersInHome(desired).map((argument) => complainFolder(desired, argument)), ...hosts];
}

function complainFolder(desired: EnsembleDesired, argument: "dataDir" | "dataLogDir" | "logDir"): Complaint {
  return {
    where: argument,
    found: desired[argument],
    expected: `a folder outside of ${homeOf(desired)}, which is replaced and removed with its release`,
    next: `Choose another ${argument}.`,
  };
}

function unreachableHost(name: string, why: string): Complaint {
  return {
    where: name,
    found: `no way in: ${why}`,
    expected: "every host of the ensemble reachable over SSH",
    next: `Check hosts.${name}.connection for a typing mistake, and the host itself.`,
  };
}

function complainHost(desired: EnsembleDesired, name: string, seen: SeenHost): Complaint[] {
  const complaints: Complaint[] = [];
  const complain = (found: string, expected: string, next: string, where = name) =>
    complaints.push({ where, found, expected, next });
  if (!seen.isRoot) {
    complain(
      "a login that is not root",
      "root, or a user with sudo",
      `Set hosts.${name}.sudo: true, or connection.user.`,
    );
  }
  if (seen.missingTools.length > 0) {
    complain(
      `no ${seen.missingTools.join(", ")}`,
      "iproute2, coreutils, tar and util-linux installed",
      "Install them.",
    );
  }
  if (!seen.java) {
    complain(
      "no java on the PATH",
      "a Java 8, 11 or 17 runtime",
      "Install one, for example openjdk-17-jre-headless.",
    );
  } else if (seen.java.major < 8) {
    complain(`Java ${seen.java.version}`, "Java 8 or newer", "Install one.");
  }
  if (seen.otherVersion !== undefined) {
    complain(
      `ZooKeeper ${seen.otherVersion} installed, with this dataDir`,
      `${desired.version}, or none: the version of an ensemble stays`,
      `Keep version: ${seen.otherVersion}; or make a second ZooKeeperEnsemble on other hosts, move to it with a ` +
        "ZkDataMigration, then remove this one.",
    );
  }
  // Where another version is installed, its own server may be who listens.
  for (const [argument, port] of seen.otherVersion === undefined ? portsOf(desired) : []) {
    const owner = seen.listeners.get(port);
    const isOurs =
      seen.ownPid !== undefined && (owner === undefined || owner.includes(`pid=${seen.ownPid},`));
    if (owner !== undefined && !isOurs) {
      complain(
        `port ${port} taken by ${owner || "another process"}`,
        `${argument} free`,
        `Stop that process or choose another ${argument}.`,
      );
    }
  }
  for (const [dir, free] of seen.freeKiB) {
    if (free < NEEDED_KIB) {
      complain(
        `${Math.floor(free / 1024)} MiB free`,
        `at least ${NEEDED_KIB / 1024} MiB`,
        "Make room, or choose another folder.",
        `${name}:${dir}`,
      );
    }
  }
  if (Math.abs(seen.clockOffsetMs) > CLOCK_TOLERANCE_MS) {
    complain(
      `a clock ${Math.round(seen.clockOffsetMs / 1000)} s away from the operator's`,
      `within ${CLOCK_TOLERANCE_MS / 1000} s`,
      "Set the clock (chrony, ntpd).",
    );
  }
  return complaints;
}

function portsOf(desired: EnsembleDesired): [string, number][] {
  const ports: [string, number][] = [
    ["clientPort", desired.clientPort],
    ["peerPort", desired.peerPort],
    ["electionPort", desired.electionPort],
  ];
  if (desired.metrics !== false) ports.push(["metrics.port", desired.metrics.port]);
  return ports;
}

function splitAt(text: string, index: number): [string, string] {
  return index === -1 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}
