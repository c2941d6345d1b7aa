/**
 * The one connection that is kept to a host: dialled at the first call, dialled again at the first call after
 * it was lost. A call that was under way when it was lost fails and is never run a second time on its own:
 * half of what the product does to hosts must not happen twice.
 */
import { HostUnreachable } from "../../engine/errors";
import type { Connection } from "../contract";
import { dial } from "./dial";
import { Link } from "./link";

export class HostConnection {
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
    const dialled = await dial(this.connection, { name, where, deadAfterMs, signal: this.closing.signal });
    return new Link(dialled, name);
  }
}
