/**
 * Reads which Pegasus runs: the shell's `version`, `server_info`, and HTTP `/version`.
 * Formats differ between 2.5 and 2.6, so a preview names what it found.
 */
import { UnreadableAnswer } from "./answer";
import { isObject, parseObject } from "./sections";

export interface Version {
  /** For example "2.6.0-SNAPSHOT". */
  readonly version: string;
  readonly gitCommit: string;
}

export interface ServerInfo extends Version {
  readonly address: string;
  readonly role: "meta-server" | "replica-server" | "collector";
  /** As printed, in the server's own time. */
  readonly started: string;
}

/** `Pegasus Shell 2.6.0-SNAPSHOT (db756dcd…) Debug` */
export function readShellVersion(body: string): Version {
  const match = /^Pegasus Shell (\S+) \(([^)]+)\)/.exec(body.trim());
  if (match?.[1] === undefined || match[2] === undefined)
    throw new UnreadableAnswer("Pegasus Shell <version> (<commit>)", body);
  return { version: match[1], gitCommit: match[2] };
}

/** HTTP `/version`: `{"Version":…,"GitCommit":…}` */
export function readHttpVersion(body: string): Version {
  const json = parseObject(body);
  const { Version: version, GitCommit: gitCommit } = json;
  if (typeof version !== "string" || typeof gitCommit !== "string") {
    throw new UnreadableAnswer("Version and GitCommit", body);
  }
  return { version, gitCommit };
}

/** `server_info [-t …]` of 2.6: one entry for each server. Refuses an answer in which a server did not reply. */
export function readServerInfo(body: string): readonly ServerInfo[] {
  const { details, failed_count: failed } = parseObject(body);
  if (!isObject(details)) throw new UnreadableAnswer("details of each server", body);
  if (failed !== 0)
    throw new UnreadableAnswer("an answer of every server", `failed_count ${String(failed)}: ${body}`);
  return Object.entries(details).map(([address, detail]) => serverFrom(address, detail));
}

function serverFrom(address: string, detail: unknown): ServerInfo {
  const found = JSON.stringify(detail);
  if (!isObject(detail) || !isObject(detail["message"]))
    throw new UnreadableAnswer(`a message of ${address}`, found);
  const { version, git_SHA: gitCommit, start_time: started } = detail["message"];
  const role = detail["role"];
  if (role !== "meta-server" && role !== "replica-server" && role !== "collector") {
    throw new UnreadableAnswer(`the role of ${address}`, found);
  }
  if (typeof version !== "string" || typeof gitCommit !== "string" || typeof started !== "string") {
    throw new UnreadableAnswer(`version, git_SHA and start_time of ${address}`, found);
  }
  return { address, role, version, gitCommit, started };
}
