/** What is left when a host dies in the middle of something: against a real sshd that is killed. */
import { readdirSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { HostUnreachable } from "../../core/engine/errors";
import { openHost } from "../../core/transports/ssh";
import { rejection } from "./rejection";
import { startSshd } from "./sshd";

describe("a host that dies", () => {
  test("in the middle of a write: the error names it, nothing lies under the final name, the next call reconnects", async () => {
    const mortal = await startSshd();
    const access = await openHost("zk2", { connection: mortal.connection });
    const held = await access.hold(["sh", "-c", "echo on; cat"]);
    async function* cut() {
      yield Buffer.alloc(4_000_000);
      await mortal.kill();
      for (;;) yield Buffer.alloc(1_000_000);
    }
    const target = join(mortal.directory, "snapshot.1");
    const began = performance.now();
    const error = await rejection(access.writeStream(target, cut()));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^zk2: the SSH connection was/);
    expect(performance.now() - began).toBeLessThan(3000);
    expect(readdirSync(mortal.directory)).not.toContain("snapshot.1");
    expect(held.lost?.reason).toBeInstanceOf(HostUnreachable);

    await mortal.restart();
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
    await access.script('while ls -A "$1" | grep -q pulumi; do sleep 0.01; done', [mortal.directory]);
    await access.close();
    await mortal.stop();
  });

  test("in the middle of a read: the stream fails, it does not end", async () => {
    const mortal = await startSshd();
    const access = await openHost("zk2", { connection: mortal.connection });
    await access.run(["truncate", "-s", "200M", join(mortal.directory, "large")]);
    const stream = await access.readStream(join(mortal.directory, "large"));
    const error = await rejection(
      (async () => {
        for await (const chunk of stream) if ((chunk as Buffer).length > 0) await mortal.kill();
      })(),
    );
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toContain("zk2");
    await access.close();
    await mortal.stop();
  });

  test("without a word (power cut, partition): found within the keep-alive", async () => {
    const mute = await startSshd();
    const access = await openHost("zk2", { connection: mute.connection }, { deadAfterMs: 400 });
    await access.run(["true"]);
    const running = rejection(access.run(["sleep", "60"]));
    const dialled = await access.dial(mute.port, "127.0.0.1");
    const broken = once(dialled, "error");
    dialled.resume();
    mute.signalSessions("SIGSTOP");
    const error = await running;
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^zk2: the SSH connection was lost: Keepalive timeout/);
    expect((await broken)[0]).toBeInstanceOf(HostUnreachable);
    await access.close();
    await mute.stop();
  });

  test("without a word, and nobody asks anything of it: it is closed at once all the same", async () => {
    const mute = await startSshd();
    const access = await openHost("zk2", { connection: mute.connection });
    await access.run(["true"]);
    mute.signalSessions("SIGSTOP");
    const began = performance.now();
    await access.close();
    expect(performance.now() - began).toBeLessThan(3000);
    await mute.stop();
  });
});
