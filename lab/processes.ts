/** Telling a process that lives from one that is over, and from another that got its number; ending what we started. */
import { readdirSync, readFileSync } from "node:fs";

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
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && sessionOf(pid) === leader);
}

function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
  } catch {
    return undefined;
  }
}
