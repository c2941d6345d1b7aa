/** Telling a process that lives from one that is over, and from another that got its number. */
import { readFileSync } from "node:fs";

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
