/** Makes trees with bare multis, as fast as this client can: that is also the rate that a copy is held against. */
import { connect } from "node:net";
import { once } from "node:events";
import type { Dialler } from "../core/transports/contract";
import type { Operation, ZooKeeperClient } from "../core/transports/zkwire";
import { endpointOn, type Endpoint } from "../core/zookeeper/tree";
import type { Ensemble } from "./ensemble";

export interface Shape {
  /** In all, the root and the parents included. */
  readonly znodes: number;
  readonly dataBytes: number;
}

const BATCH = 500;
const IN_FLIGHT = 8;
const CHILDREN = 1_000;

/** @param servers how many of them to use; all by default */
export function endpointOf({ name, hosts }: Ensemble, servers = hosts.length): Endpoint {
  return endpointOn({ name, hosts: hosts.slice(-servers), port: 0 });
}

/** An ensemble known by its servers alone, each `127.0.0.1:PORT`. */
export function endpointAt(name: string, servers: readonly string[]): Endpoint {
  const hosts = servers.map((server): Dialler => {
    const port = Number(server.split(":")[1]);
    return {
      name: server,
      address: "127.0.0.1",
      dial: async () => {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        await once(socket, "connect");
        return socket;
      },
    };
  });
  return endpointOn({ name, hosts, port: 0 });
}

/** @returns seconds */
export async function fill(endpoint: Endpoint, root: string, shape: Shape): Promise<number> {
  const client = await endpoint.open();
  try {
    const began = performance.now();
    await writeAll(client, creates(root, shape));
    return (performance.now() - began) / 1000;
  } finally {
    await client.close();
  }
}

/** One session keeps the order, so that parents may be under way when their children are sent. */
async function writeAll(client: ZooKeeperClient, operations: Generator<Operation>): Promise<void> {
  const worker = async () => {
    for (let batch = take(operations); batch.length > 0; batch = take(operations)) await client.multi(batch);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

function take(operations: Generator<Operation>): Operation[] {
  const batch: Operation[] = [];
  while (batch.length < BATCH) {
    const next = operations.next();
    if (next.done) break;
    batch.push(next.value);
  }
  return batch;
}

function* creates(root: string, { znodes, dataBytes }: Shape): Generator<Operation> {
  const data = Buffer.alloc(dataBytes, "x");
  let left = znodes - 1;
  yield { kind: "create", path: root, data: null };
  for (let group = 0; left > 0; group++) {
    const parent = `${root}/group${String(group).padStart(4, "0")}`;
    yield { kind: "create", path: parent, data: null };
    left--;
    for (let child = 0; child < CHILDREN && left > 0; child++, left--)
      yield { kind: "create", path: `${parent}/node${String(child).padStart(5, "0")}`, data };
  }
}
