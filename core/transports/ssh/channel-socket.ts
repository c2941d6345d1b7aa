/**
 * A forwarded connection that behaves as Node's streams do.
 *
 * ssh2's channel neither reports a lost link as an error nor calls back for a write after the close, and its
 * `destroy` waits for the other side. Protocol clients on top would wait for ever; so they get this instead.
 */
import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";

export class ChannelSocket extends Duplex {
  /** @param lost the link's loss, which becomes this stream's error. */
  constructor(
    private readonly channel: ClientChannel,
    private readonly lost: AbortSignal,
  ) {
    super({ highWaterMark: 256 * 1024, allowHalfOpen: true });
    lost.addEventListener("abort", this.onLost);
    channel.on("error", (error: Error) => this.destroy(error));
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on("end", () => {
      // A lost link looks like an end to ssh2; the loss then follows as the error.
      if (!lost.aborted) this.push(null);
    });
    channel.on("close", () => {
      if (lost.aborted) this.destroy(lost.reason as Error);
      else if (!this.writableFinished)
        this.destroy(this.readableEnded ? undefined : new Error("closed by the other side"));
    });
    channel.pause();
  }

  override _read(): void {
    this.channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.channel.write(chunk, callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.channel.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.lost.removeEventListener("abort", this.onLost);
    // An unread rest would keep the channel from ever reporting its end.
    this.channel.removeAllListeners("data").resume();
    this.channel.close();
    callback(error);
  }

  // What Node's http client asks of a socket; there is no timer or Nagle of its own on a channel.
  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  private readonly onLost = () => this.destroy(this.lost.reason as Error);
}
