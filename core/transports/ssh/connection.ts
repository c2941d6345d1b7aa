/**
 * The one connection that is kept to a host: dialled at the first call, dialled again at the first call after
 * it was lost. A call that was under way when it was lost fails and is never run a second time on its own:
 * half of what the product does to hosts must not happen twice.
 *
 * A host that could not be reached is not tried anew at every call: a journal is written dozens of times in a roll
 * back, and each would wait for the dead host all over again. It is given up for a while, and then dialled once; once
 * is also enough for whoever opens it later in this process, since a roll back is several operations.
 */
import { HostUnreachable } from "../../engine/errors";
import type { Connection } from "../contract";
import { dial } from "./dial";
import { Link } from "./link";

const GIVEN_UP_MS = 30_000;

/** Places that nobody was found at in this process, and nobody has been found at since. */
const foundDead = new Set<string>();

export class HostConnection {
  private givenUp: { readonly error: HostUnreachable; readonly at: number } | undefined;
  private link: Promise<Link> | undefined;
  private readonly closing = new AbortController();

  constructor(
    readonly name: string,
    private readonly connection: Connection,
    private readonly where: string,
    private readonly deadAfterMs: number,
  ) {}

  /**
   * The live link, shared by all callers. Dialling has its own bound (`dialErrorLimit` times
   * `perDialTimeout`), so a call's deadline starts when this has resolved.
   */
  open(): Promise<Link> {
    if (this.closing.signal.aborted) {
      return Promise.reject(new HostUnreachable(this.name, "the access was closed", "Open it again."));
    }
    if (this.givenUp && performance.now() - this.givenUp.at < GIVEN_UP_MS)
      return Promise.reject(this.givenUp.error);
    if (!this.link) {
      const link = this.dial();
      const forget = () => {
        if (this.link === link) this.link = undefined;
      };
      link.then((opened) => opened.lost.addEventListener("abort", forget), forget);
      this.link = link;
    }
    return this.link;
  }

  async close(): Promise<void> {
    this.closing.abort();
    const link = await this.link?.catch(() => undefined);
    await link?.close();
  }

  private async dial(): Promise<Link> {
    const { name, where, deadAfterMs } = this;
    const { host, port = 22 } = this.connection;
    const place = `${host}:${port}`;
    const connection = foundDead.has(place) ? { ...this.connection, dialErrorLimit: 1 } : this.connection;
    try {
      const dialled = await dial(connection, { name, where, deadAfterMs, signal: this.closing.signal });
      this.givenUp = undefined;
      foundDead.delete(place);
      return new Link(dialled, name);
    } catch (error) {
      if (error instanceof HostUnreachable) {
        this.givenUp = { error, at: performance.now() };
        foundDead.add(place);
      }
      throw error;
    }
  }
}
