/** Repeats one write at a steady rate; a pause is over only when the write under way has been answered. */
import { setTimeout as sleep } from "node:timers/promises";

export class WriterLoop {
  private paused = false;
  private stopped = false;
  private current: Promise<void> = Promise.resolve();

  /**
   * @param write makes one write; it must not throw, what goes wrong is its own to note
   * @param perSecond how often, at most
   */
  constructor(
    private readonly write: () => Promise<void>,
    private readonly perSecond: number,
  ) {}

  async run(): Promise<void> {
    const interval = 1000 / this.perSecond;
    for (let due = Date.now(); !this.stopped; due = Math.max(due + interval, Date.now() - interval)) {
      await sleep(Math.max(0, due - Date.now()));
      if (this.paused) continue;
      this.current = this.write();
      await this.current;
    }
  }

  async pause(): Promise<void> {
    this.paused = true;
    await this.current;
  }

  resume(): void {
    this.paused = false;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.current;
  }
}
