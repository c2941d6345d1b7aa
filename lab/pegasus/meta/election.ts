/**
 * Who leads: `<lock>/dsn.meta.server.leader/LOCKNODE##########`, ephemeral, with the meta's `host:port` as
 * data; the smallest number leads. Anything with a smaller number blocks, whoever made it, so a LOCKNODE
 * copied as a persistent node leaves the cluster without a leader for ever, here as there.
 */
import type { Log } from "../server/log";
import type { Session } from "./zookeeper";

const LOCK_ID = "dsn.meta.server.leader";

export class Election {
  private leaderName: string | undefined;

  constructor(
    private readonly session: Session,
    private readonly lockRoot: string,
    private readonly self: string,
    private readonly log: Log,
  ) {}

  /** The leader's `host:port` as far as this meta knows it. */
  get leader(): string | undefined {
    return this.leaderName;
  }

  /** Queues for the lock. Resolves once the queue holds this meta; `onLead` is called when it gets to the front. */
  async enter(onLead: () => void): Promise<void> {
    const folder = `${this.lockRoot}/${LOCK_ID}`;
    await this.session.ensurePath(folder);
    await this.removeOwnStaleNodes(folder);
    const path = await this.session.createEphemeralSequential(`${folder}/LOCKNODE`, this.self);
    const mine = path.slice(path.lastIndexOf("/") + 1);
    this.log.info(
      "after_create_locknode()",
      `create seq/ephe node in dir(${folder}) ok, my_sequence_id(${sequence(mine)})`,
    );
    await this.look(folder, mine, onLead);
  }

  private async look(folder: string, mine: string, onLead: () => void): Promise<void> {
    const queue = await this.session.children(folder, () => {
      if (this.leaderName !== this.self) void this.look(folder, mine, onLead);
    });
    const first = [...queue].sort((a, b) => sequence(a) - sequence(b))[0];
    if (this.leaderName === this.self || first === undefined) return;
    if (first === mine) {
      this.leaderName = this.self;
      onLead();
    } else {
      this.leaderName = await this.session.get(`${folder}/${first}`);
    }
  }

  /** A meta that was restarted finds the node of its former session, and need not wait until that times out. */
  private async removeOwnStaleNodes(folder: string): Promise<void> {
    for (const name of await this.session.children(folder)) {
      if ((await this.session.get(`${folder}/${name}`)) === this.self)
        await this.session.remove(`${folder}/${name}`);
    }
  }
}

function sequence(name: string): number {
  return Number(name.slice(-10));
}
