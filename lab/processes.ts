/** Telling a process that lives from one that is over, and from another that got its number; ending what we started. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A pid may be used again; a pid with its start time is not. Undefined when gone, or only waiting to be reaped. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Kills every process of a session (setsid) of ours, however deep and whatever process group it made for itself.
 * @param leader pid of the process that began the session
 */
export function endSession(leader: number): void {
  for (const pid of sessionMembers(leader)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended between the look and the kill.
    }
  }
}

/** Pids of every process of the session that is still there. */
export function sessionMembers(leader: number): number[] {
  return everyPid().filter((pid) => sessionOf(pid) === leader);
}

/** Command lines of what runs on this machine, by the PID namespace that it runs in. */
export function commandLines(): Map<string, string[]> {
  const byNamespace = new Map<string, string[]>();
  for (const pid of everyPid()) {
    const namespace = pidNamespaceOf(pid);
    const line = commandLineOf(pid);
    if (namespace && line) byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), line]);
  }
  return byNamespace;
}

/** `pid:[4026532201]`; undefined when gone. */
export function pidNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Its arguments, a space after each; empty of one that is gone, or only waits to be reaped. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Of every process of this machine, the labs' hosts included. */
export function everyPid(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
  } catch {
    return undefined;
  }
}
