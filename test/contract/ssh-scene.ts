/** A real sshd for one test file, and hosts opened on it, closed when the file is done. */
import { join } from "node:path";
import type { Connection, HostAccess } from "../../core/transports/contract";
import { openHost, type OpenHostOptions } from "../../core/transports/ssh";
import { startSshd, type Sshd } from "./sshd";

export interface SshScene {
  readonly sshd: Sshd;
  /** Opened with sshd's own connection. */
  readonly zk1: HostAccess;
  /** Another way to the same host. */
  open(change?: Partial<Connection>, options?: OpenHostOptions, sudo?: boolean): Promise<HostAccess>;
  /** A path in sshd's own folder. */
  path(name: string): string;
}

/** Starts before the file's first test and stops after its last. */
export function sshScene(): SshScene {
  let sshd: Sshd;
  let zk1: HostAccess;
  const opened: HostAccess[] = [];
  const scene: SshScene = {
    get sshd() {
      return sshd;
    },
    get zk1() {
      return zk1;
    },
    async open(change = {}, options = {}, sudo = false) {
      const access = await openHost("zk1", { connection: { ...sshd.connection, ...change }, sudo }, options);
      opened.push(access);
      return access;
    },
    path: (name) => join(sshd.directory, name),
  };
  beforeAll(async () => {
    sshd = await startSshd();
    zk1 = await scene.open();
  });
  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    await sshd.stop();
  });
  return scene;
}
