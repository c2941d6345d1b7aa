/** Which host keys, keys and connections are let in, and what a refusal says: against a real sshd. */
import { readFileSync, writeFileSync } from "node:fs";
import { HostUnreachable, Refusal } from "../../core/engine/errors";
import { fingerprint, parseHostKey } from "../../core/transports/ssh/host-key";
import { rejection } from "./rejection";
import { sshScene } from "./ssh-scene";
import { freePort, makeKey, publicKey } from "./sshd";

const scene = sshScene();
const { open, path } = scene;

describe("who answers, and who asks", () => {
  test("no host key is refused before anything is dialled, with the line that fetches it", async () => {
    const error = await rejection(open({ hostKey: undefined }));
    expect(error).toBeInstanceOf(Refusal);
    expect(error.message).toContain("hosts.zk1.connection.hostKey: found nothing");
    expect(error.message).toContain(`ssh-keyscan -t ed25519 -p ${scene.sshd.port} 127.0.0.1`);
  });

  test("every bad argument is named at once, jump hosts too", async () => {
    const proxy = { host: "10.0.0.1", hostKey: "nonsense", privateKey: "not a key" };
    const error = await rejection(open({ hostKey: undefined, proxy }));
    expect((error as Refusal).complaints.map((each) => each.where)).toEqual([
      "hosts.zk1.connection.hostKey",
      "hosts.zk1.connection.proxy.hostKey",
      "hosts.zk1.connection.proxy.privateKey",
    ]);
    expect(error.message).not.toContain("not a key:");
  });

  test("a wrong host key is refused with both fingerprints", async () => {
    makeKey(path("other-host"));
    const wrong = publicKey(path("other-host.pub"));
    const right = scene.sshd.connection.hostKey ?? "";
    const access = await open({ hostKey: wrong, dialErrorLimit: 10 });
    const error = await rejection(access.run(["true"]));
    expect(error).toBeInstanceOf(Refusal);
    for (const key of [wrong, right]) {
      expect(error.message).toContain(fingerprint(parseHostKey(key)?.blob ?? Buffer.alloc(0)));
    }
  });

  test("any host key goes with insecureIgnoreHostKey", async () => {
    const access = await open({ hostKey: undefined, insecureIgnoreHostKey: true });
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
  });

  test("a key that the host does not know is an answer, not tried again, and shows in no message", async () => {
    makeKey(path("stranger"));
    const privateKey = readFileSync(path("stranger"), "utf8");
    const access = await open({ privateKey, dialErrorLimit: 10 });
    const began = performance.now();
    const error = await rejection(access.run(["true"]));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(/^zk1: 127.0.0.1:\d+ does not let root in \(tried publickey\)/);
    expect(error.message).not.toContain("PRIVATE KEY");
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test("a key with a passphrase opens with it, and is refused without", async () => {
    makeKey(path("locked"), "correct horse");
    const locked = { privateKey: readFileSync(path("locked"), "utf8") };
    const error = await rejection(open(locked));
    expect(error.message).toContain("hosts.zk1.connection.privateKey");
    writeFileSync(path("user.pub"), `${publicKey(path("user.pub"))}\n${publicKey(path("locked.pub"))}\n`);
    const access = await open({ ...locked, privateKeyPassword: "correct horse" });
    await expect(access.run(["true"])).resolves.toMatchObject({ code: 0 });
  });

  test("nobody at the port: as many tries as allowed, then host and address", async () => {
    const port = await freePort();
    const access = await open({ port, dialErrorLimit: 2 });
    const error = await rejection(access.run(["true"]));
    expect(error).toBeInstanceOf(HostUnreachable);
    expect(error.message).toMatch(
      new RegExp(`^zk1: no SSH connection to 127.0.0.1:${port} after 2 tries: .*REFUSED`),
    );
  });

  test("through a jump host", async () => {
    const access = await open({ proxy: scene.sshd.connection });
    await expect(access.run(["echo", "through"])).resolves.toMatchObject({ stdout: "through\n" });
  });
});
