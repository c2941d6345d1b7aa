/**
 * Asks one ClickHouse server over HTTP, through the host's own network. User and password travel as headers,
 * never in an address or a command line.
 */
import { UserError } from "../engine/errors";
import type { HostAccess } from "../transports/contract";
import { getText } from "../transports/http";

export interface QueryLogin {
  readonly port: number;
  readonly user: string;
  readonly password?: string;
}

/** The server answered with an error, or not at all. */
export class QueryFailed extends UserError {
  constructor(
    readonly host: string,
    readonly query: string,
    readonly reason: string,
  ) {
    super(`${host}: ClickHouse refused "${query}": ${reason}`);
  }
}

/** The rows of the answer, each cell as text (format TabSeparated; escapes of tab and newline undone). */
export async function query(
  host: HostAccess,
  login: QueryLogin,
  sql: string,
  timeoutMs = 15_000,
): Promise<string[][]> {
  const { status, body } = await getText(host, login.port, "/", {
    method: "POST",
    headers: {
      "X-ClickHouse-User": login.user,
      ...(login.password === undefined ? {} : { "X-ClickHouse-Key": login.password }),
    },
    body: sql,
    timeoutMs,
  });
  if (status !== 200) throw new QueryFailed(host.name, sql, firstLine(body) || `HTTP ${status}`);
  const lines = body.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines.map((line) => line.split("\t").map(unescapeCell));
}

function firstLine(text: string): string {
  return (text.trim().split("\n")[0] ?? "").slice(0, 300);
}

function unescapeCell(cell: string): string {
  return cell.replace(/\\([tn\\'0])/g, (_, code: string) => ESCAPES[code] ?? code);
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", "0": "\0" };
