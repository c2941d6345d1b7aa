/**
 * The journal on the machines that are changed: the same lines on every host of the migration.
 *
 * An append counts once a majority of the hosts has synced it, and a reader that sees a majority therefore sees every
 * entry: so a journal can be read, and gone on with, while hosts are down. A line that was cut by a power failure
 * does not parse and counts as not written; every append begins with a newline so that it cannot spoil the next.
 *
 * What a killed writer left on fewer hosts is read as long as one of them answers, and is gone with them. So whoever acts
 * on it writes it to a majority first, as in every quorum register: what one reader has seen, all later ones see. What
 * a host has missed while it was down is written there too: who looks at that host alone (its ensemble is removed)
 * otherwise sees an older state.
 */
import { UserError } from "../engine/errors";
import type { Entry, JournalStore } from "../engine/journal";
import type { HostAccess } from "../transports/contract";
import { folderOf } from "./folder";
import { isQuorum } from "./quorum";

export class RemoteJournal implements JournalStore {
  constructor(
    private readonly migration: string,
    private readonly hosts: readonly HostAccess[],
  ) {}

  async append(entries: readonly Entry[]): Promise<void> {
    const lines = entries.map((entry) => JSON.stringify(entry));
    await this.onMajority("write", (host) => this.appendTo(host, lines));
  }

  private async appendTo(host: HostAccess, lines: readonly string[]): Promise<void> {
    const stdin = lines.map((line) => `\n${line}\n`).join("");
    await host.script(APPEND, [folderOf(this.migration)], { stdin, timeoutMs: 15_000 });
  }

  async read(): Promise<readonly Entry[]> {
    return parseJournals(await this.texts());
  }

  /** Also tells what each host that answers has missed, by name, be it nothing. Whole lines are counted. */
  async readCounted(): Promise<{ readonly entries: readonly Entry[]; readonly missed: MissedLines }> {
    const texts = await this.texts();
    const lines = linesOf(texts).filter((line) => parseLine(line).length > 0);
    const missed = this.hosts.flatMap(({ name }, index) => {
      const text = texts[index];
      if (text === undefined) return [];
      const held = new Set(text.split("\n"));
      return [[name, lines.filter((line) => !held.has(line))] as const];
    });
    return { entries: parseJournals(texts), missed: new Map(missed) };
  }

  /** Writes to each host what it has missed. @throws UserError where that leaves it to a minority */
  async spread(missed: MissedLines): Promise<void> {
    await this.onMajority("write", async (host) => {
      const lines = missed.get(host.name);
      if (!lines) throw new UserError(`${host.name}: did not answer when the journal was read`);
      // Who has missed nothing only has to be there.
      if (lines.length > 0) await this.appendTo(host, lines);
      else await host.script("true");
    });
  }

  /** As the hosts have it, in their order; undefined where one does not answer. */
  private async texts(): Promise<(string | undefined)[]> {
    return this.onMajority("read", async (host) => {
      const file = await host.readFile(`${folderOf(this.migration)}/journal.jsonl`);
      return file?.toString("utf8") ?? "";
    });
  }

  /** @returns what came of it on each host, in their order; undefined where it failed */
  private async onMajority<T>(
    what: string,
    act: (host: HostAccess) => Promise<T>,
  ): Promise<(T | undefined)[]> {
    const settled = await Promise.allSettled(this.hosts.map(act));
    if (isQuorum(settled.map((one) => one.status === "fulfilled"))) {
      return settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    }
    const reasons = settled.flatMap((one) =>
      one.status === "rejected" ? [(one.reason as Error).message] : [],
    );
    throw new UserError(
      `cannot ${what} the journal on a majority of ${this.hosts.map((host) => host.name).join(", ")}: ` +
        `${reasons.join("; ")}. Bring the hosts back and run the same command again.`,
    );
  }
}

/** Whole lines by the name of the host. */
type MissedLines = ReadonlyMap<string, readonly string[]>;

const APPEND = `
set -e
[ -d "$1" ] || { mkdir -p -m 0700 "$1" && sync "$(dirname "$1")"; }
exec dd of="$1/journal.jsonl" oflag=append conv=notrunc,fsync status=none`;

/** The entries of one journal as several hosts have it, each once. */
export function parseJournals(texts: readonly (string | undefined)[]): Entry[] {
  return linesOf(texts).flatMap(parseLine);
}

/**
 * Entries are told apart by the whole line: what a killed writer left on a few hosts has the place of what its successor
 * wrote on the others.
 */
function linesOf(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.flatMap((text) => text?.split("\n") ?? []))];
}

function parseLine(line: string): Entry[] {
  if (line === "") return [];
  try {
    return [JSON.parse(line) as Entry];
  } catch {
    // Cut by a power failure while it was written: it was never acknowledged to the writer.
    return [];
  }
}
