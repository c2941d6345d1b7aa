/** A real ZooKeeper server for one group of tests, and clients of it, closed when the group is done. */
import { connectZooKeeper, type ConnectOptions, type ZooKeeperClient } from "../../core/transports/zkwire";
import { loopback, startZooKeeper, type Version, type ZooKeeper } from "./zookeeper";

export interface ZkwireScene {
  readonly server: ZooKeeper;
  readonly client: ZooKeeperClient;
  open(options?: ConnectOptions): Promise<ZooKeeperClient>;
}

/** Starts before the group's first test and stops after its last. */
export function zkwireScene(version: Version): ZkwireScene {
  let server: ZooKeeper;
  let client: ZooKeeperClient;
  const opened: ZooKeeperClient[] = [];
  const scene: ZkwireScene = {
    get server() {
      return server;
    },
    get client() {
      return client;
    },
    async open(options = {}) {
      const session = await connectZooKeeper(loopback(), server.port, options);
      opened.push(session);
      return session;
    },
  };
  beforeAll(async () => {
    server = await startZooKeeper(version);
    client = await scene.open();
  });
  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    await server.stop();
  });
  return scene;
}
