/** Connections made from the host's own network, and programs that live as long as ours: against a real sshd. */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { DialFailed } from "../../core/transports/contract";
import { openHost } from "../../core/transports/ssh";
import { digest } from "./digest";
import { rejection } from "./rejection";
import { sshScene } from "./ssh-scene";
import { freePort, startSshd } from "./sshd";

const scene = sshScene();
const { open, path } = scene;

describe("dial", () => {
  test("speaks to a service on the host's own network", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = await scene.zk1.dial((server.address() as AddressInfo).port, "127.0.0.1");
    const content = randomBytes(3_000_000);
    socket.end(content);
    expect(await digest(socket)).toBe(createHash("sha256").update(content).digest("hex"));
    server.close();
  });

  test("nobody there is `refused`", async () => {
    const error = await rejection(scene.zk1.dial(await freePort(), "127.0.0.1"));
    expect(error).toBeInstanceOf(DialFailed);
    expect(error).toMatchObject({ kind: "refused", host: "zk1" });
  });

  test("an sshd that does not forward is told apart", async () => {
    const strict = await startSshd(["AllowTcpForwarding no"]);
    const access = await openHost("zk9", { connection: strict.connection });
    const error = await rejection(access.dial(22));
    expect(error).toMatchObject({ kind: "forbidden", host: "zk9" });
    expect(error.message).toContain("AllowTcpForwarding");
    await access.close();
    await strict.stop();
  });
});

describe("hold", () => {
  const locker = () => ["flock", "-n", path("lock"), "sh", "-c", "echo locked; cat"];

  test("holds until released", async () => {
    const held = await scene.zk1.hold(locker());
    expect(held.firstLine).toBe("locked");
    const taken = await rejection(scene.zk1.hold(locker()));
    expect(taken).toMatchObject({ code: 1, host: "zk1" });
    await held.release();
    expect(held.lost?.aborted).toBe(false);
    const again = await scene.zk1.hold(locker());
    await again.release();
  });

  test("is let go when the operator's side is gone", async () => {
    const other = await open();
    await other.hold(locker());
    await other.close();
    const held = await scene.zk1.script('flock -w 5 "$1" echo free', [path("lock")]);
    expect(held.stdout).toBe("free\n");
  });
});
