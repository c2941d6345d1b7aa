/** A web server at the bridge, from which the lab's hosts download one file. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BRIDGE_ADDRESS } from "../../../lab/layout";

export async function withDownload(file: string, act: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((_, response) => createReadStream(file).pipe(response));
  server.listen(0, BRIDGE_ADDRESS);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await act(`http://${BRIDGE_ADDRESS}:${port}/zookeeper.tar.gz`);
  } finally {
    server.close();
  }
}
