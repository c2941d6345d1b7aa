/**
 * Several sessions with one ensemble, used in turn; opened as the work asks for them.
 *
 * Reads want many: a server takes one request from a connection at each round of its selector, so that a hundred
 * thousand getACLs over 3 connections cost it twice the processor time that they cost over 30 (measured, 3.7.1).
 * Sessions have a price too, two transactions each, so that a target which has nothing to read gets only one.
 */
import type { ZooKeeperClient } from "../../transports/zkwire";
import type { Endpoint } from "./endpoint";

export class Sessions {
  private turn = 0;
  private busy = 0;
  private closed = false;
  private readonly opening = new Set<Promise<void>>();

  private constructor(
    private readonly endpoint: Endpoint,
    private most: number,
    private readonly clients: ZooKeeperClient[],
  ) {}

  /** Opens one, caught up with the leader; up to `most` follow. */
  static async open(endpoint: Endpoint, most: number): Promise<Sessions> {
    return new Sessions(endpoint, most, [await openSynced(endpoint)]);
  }

  async use<T>(work: (client: ZooKeeperClient) => Promise<T>): Promise<T> {
    this.turn = (this.turn + 1) % this.clients.length;
    this.busy++;
    if (this.busy > this.clients.length) this.grow();
    try {
      return await work(this.clients[this.turn] as ZooKeeperClient);
    } finally {
      this.busy--;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.opening);
    await Promise.all(this.clients.map((client) => client.close()));
  }

  /** Fewer than wanted (`maxClientCnxns`) make the work slower and not wrong: then no more are asked for. */
  private grow(): void {
    if (this.closed || this.clients.length + this.opening.size >= this.most) return;
    const opened = openSynced(this.endpoint).then(
      (client) => void this.clients.push(client),
      () => void (this.most = this.clients.length),
    );
    this.opening.add(opened);
    void opened.then(() => this.opening.delete(opened));
  }
}

async function openSynced(endpoint: Endpoint): Promise<ZooKeeperClient> {
  const client = await endpoint.open();
  try {
    await client.sync();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
