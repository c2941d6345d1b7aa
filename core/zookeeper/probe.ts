/**
 * A write that every server is asked for: made on the first, seen on the others after a sync.
 *
 * Below /zookeeper, so that no znode of the users' is touched, not even the cversion of the root; ephemeral, so that
 * it goes with its session even when we are killed in between.
 */
import { UserError } from "../engine/errors";
import type { HostAccess } from "../transports/contract";
import { connectZooKeeper } from "../transports/zkwire";

const PROBE = "/zookeeper/pulumi-zookeeper-probe";

/** @throws UserError naming the server on which the write was not seen */
export async function probeWrite(hosts: readonly HostAccess[], port: number): Promise<void> {
  const [first, ...others] = hosts;
  if (!first) return;
  const writer = await connectZooKeeper(first, port);
  try {
    await writer.create(PROBE, Buffer.from(new Date().toISOString()), { mode: "ephemeral" });
    await Promise.all(others.map((host) => expectProbe(host, port)));
    await writer.delete(PROBE);
  } finally {
    await writer.close();
  }
}

async function expectProbe(host: HostAccess, port: number): Promise<void> {
  const reader = await connectZooKeeper(host, port);
  try {
    await reader.sync(PROBE);
    if (await reader.exists(PROBE)) return;
    throw new UserError(`${host.name}: a write acknowledged by the ensemble was not there after a sync`);
  } finally {
    await reader.close();
  }
}
