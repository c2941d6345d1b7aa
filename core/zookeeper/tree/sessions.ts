/**
 * Several sessions with one ensemble, used in turn.
 *
 * Reads want many: a server takes one request from a connection at each round of its selector, so that a hundred
 * thousand getACLs over 3 connections cost it twice the processor time that they cost over 30 (measured, 3.7.1).
 */
import type { ZooKeeperClient } from "../../transports/zkwire";
import type { Endpoint } from "./endpoint";

export class Sessions {
  private turn = 0;

  private constructor(private readonly clients: readonly ZooKeeperClient[]) {}

  /**
   * Opens up to `count` sessions, each caught up with the leader. The first must open; fewer of the others make
   * the work slower and not wrong (`maxClientCnxns` may be lower than that).
   */
  static async open(endpoint: Endpoint, count: number): Promise<Sessions> {
    const first = await endpoint.open();
    const rest = await Promise.allSettled(Array.from({ length: count - 1 }, () => endpoint.open()));
    const opened = rest.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const sessions = new Sessions([first, ...opened]);
    try {
      await Promise.all(sessions.clients.map((client) => client.sync()));
      return sessions;
    } catch (error) {
      await sessions.close();
      throw error;
    }
  }

  next(): ZooKeeperClient {
    this.turn = (this.turn + 1) % this.clients.length;
    return this.clients[this.turn] as ZooKeeperClient;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }
}
