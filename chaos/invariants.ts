/**
 * What must hold once a command has ended well, whatever was killed before it: the writers write, on the side that the
 * command was to bring about and nowhere else, everything that was ever acknowledged is there, no znode's history went
 * backwards, and nothing of ours is left running, locked or lying about.
 */
import { modeOf } from "../lab/old-zookeeper";
import { ZK_CLIENT_PORT } from "../lab/layout";
import type { LedgerEntry } from "../lab/load/ledger";
import type { Load } from "../lab/load/process";
import { verifyLedger } from "../lab/load/verify";
import { until } from "../lab/wait";
import { isEphemeral, readTree, type Tree } from "../test/journeys/harness/tree";
import { found, type Finding } from "./finding";
import { leftOvers } from "./left-overs";
import { serversOf, type Side, type Subject } from "./subject";

/** A side comes up, a session expires, a replica becomes active: all of it within this time. */
const WELL_WITHIN_MS = 60_000;

export class Invariants {
  private tree: Tree = new Map();
  private checked = 0;

  constructor(
    private readonly subject: Subject,
    private readonly load: Load,
  ) {}

  /** Looks at everything; what was acknowledged before the last check is looked for once more by {@link checkAll}. */
  async check(active: Side): Promise<Finding[]> {
    const { lab } = this.subject;
    const fenced = await found("stuck", async () => {
      await this.load.untilWriting();
      await this.subject.untilWell(active);
      await this.untilAllServe(active);
    });
    const both = fenced.length > 0 ? [] : await found("split brain", () => this.untilOnlyOn(active));
    if (fenced.length + both.length > 0) return [...fenced, ...both];
    await this.load.give("pause");
    const entries = this.load.entries();
    const findings = [
      ...(await this.lost(entries.slice(this.checked), active)),
      ...(await found("lost", async () => this.subject.checkOwn?.())),
      ...(this.subject.movesAll ? await this.history(active) : []),
      ...(await found("left over", async () => leftOvers(lab))),
    ];
    this.checked = entries.length;
    await this.load.give("resume");
    return findings;
  }

  /** Everything that was acknowledged since the beginning. */
  async checkAll(active: Side): Promise<Finding[]> {
    await this.load.give("pause");
    const findings = await this.lost(this.load.entries(), active);
    await this.load.give("resume");
    return findings;
  }

  private async untilOnlyOn(active: Side): Promise<void> {
    const { lab, clients, movesAll } = this.subject;
    const others = serversOf(lab, active === "source" ? "target" : "source");
    await until(
      `nobody is served by the other side than the ${active}`,
      async () => {
        for (const spec of others) {
          const left = lab
            .host(spec.name)
            .connectedTo(ZK_CLIENT_PORT)
            .filter((peer) => clients.includes(peer));
          if (left.length > 0) return `${left.join(", ")} connected to ${spec.name}`;
          const mode = movesAll ? await modeOf(spec) : "";
          if (/leader|follower|standalone/.test(mode)) return `${spec.name} is ${mode}`;
        }
        return undefined;
      },
      WELL_WITHIN_MS,
    );
  }

  /** What was stopped for the move, on the side that is active again, is started again. */
  private async untilAllServe(active: Side): Promise<void> {
    const servers = serversOf(this.subject.lab, active);
    await until(
      `every server of the ${active} serves`,
      async () => {
        const modes = await Promise.all(servers.map((spec) => modeOf(spec)));
        return modes.every((mode) => /^(leader|follower)$/.test(mode)) ? undefined : modes.join(", ");
      },
      WELL_WITHIN_MS,
    );
  }

  private async lost(entries: readonly LedgerEntry[], active: Side): Promise<Finding[]> {
    const { lab } = this.subject;
    const connect = lab.inventory[this.subject.movesAll && active === "target" ? "new" : "old"];
    const { missing } = await verifyLedger(entries, connect, lab.clickhouse);
    return missing.map((what) => ({ kind: "lost", what }));
  }

  /** A znode that is still there was made by the same transaction, and its versions have only grown. */
  private async history(active: Side): Promise<Finding[]> {
    const [server] = serversOf(this.subject.lab, active);
    const now = await readTree(`${server?.address}:${ZK_CLIENT_PORT}`);
    const findings: Finding[] = [];
    for (const [path, { stat }] of now) {
      const before = this.tree.get(path)?.stat;
      // Removed and made again under the same name, as ClickHouse does: a later transaction.
      if (before === undefined || stat.czxid > before.czxid) continue;
      for (const field of ["czxid", "mzxid", "version", "cversion", "aversion"] as const) {
        if (stat[field] >= before[field]) continue;
        findings.push({
          kind: "history",
          what: `${path}: ${field} fell from ${before[field]} to ${stat[field]}`,
        });
      }
    }
    this.tree = new Map([...now].filter(([, znode]) => !isEphemeral(znode)));
    return findings;
  }
}
