/**
 * Ways to log in that a real sshd only has for system accounts. ssh2's own server stands in for one here: it
 * proves what is sent and in which order, and not what an OpenSSH server makes of it.
 */
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, type AuthContext } from "ssh2";
import { HostUnreachable } from "../../core/engine/errors";
import type { Connection } from "../../core/transports/contract";
import { openHost } from "../../core/transports/ssh";
import { makeKey, publicKey } from "./sshd";

const directory = mkdtempSync(join(tmpdir(), "ssh-login-"));
let server: Server;
let connection: Connection;
let accepts: (context: AuthContext) => boolean | "later";
let tried: string[];

beforeAll(async () => {
  makeKey(join(directory, "host"));
  server = new Server({ hostKeys: [readFileSync(join(directory, "host"))] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (context) => {
      tried.push(context.method);
      const verdict = accepts(context);
      if (verdict === true) context.accept();
      else if (verdict === false) context.reject(["password", "keyboard-interactive", "publickey"]);
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec) => {
        const channel = acceptExec();
        channel.exit(0);
        channel.end();
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  connection = {
    host: "127.0.0.1",
    port,
    hostKey: publicKey(join(directory, "host.pub")),
    dialErrorLimit: 1,
  };
});

beforeEach(() => {
  tried = [];
});

afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function attempt(change: Partial<Connection>): Promise<Error | undefined> {
  const access = await openHost("zk1", { connection: { ...connection, ...change } });
  try {
    await access.run(["true"]);
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    await access.close();
  }
}

test("by password, and nothing else is tried before", async () => {
  accepts = (context) => context.method === "password" && context.password === "s3cret";
  await expect(attempt({ password: "s3cret" })).resolves.toBeUndefined();
  expect(tried).toEqual(["password"]);
});

test("by the prompt that some servers have in place of the password", async () => {
  accepts = (context) => {
    if (context.method !== "keyboard-interactive") return false;
    context.prompt([{ prompt: "Password: ", echo: false }], (answers) => {
      if (answers[0] === "s3cret") context.accept();
      else context.reject();
    });
    return "later";
  };
  await expect(attempt({ password: "s3cret" })).resolves.toBeUndefined();
  expect(tried).toEqual(["password", "keyboard-interactive"]);
});

test("a key first, then the password", async () => {
  makeKey(join(directory, "user"));
  accepts = (context) => context.method === "password";
  const privateKey = readFileSync(join(directory, "user"), "utf8");
  await expect(attempt({ privateKey, password: "s3cret" })).resolves.toBeUndefined();
  expect(tried).toEqual(["publickey", "password"]);
});

test("an agent that is not there does not stand in the password's way", async () => {
  accepts = (context) => context.method === "password";
  const agentSocketPath = join(directory, "no-agent");
  await expect(attempt({ agentSocketPath, password: "s3cret" })).resolves.toBeUndefined();
});

test("an agent that is not there is what is reported, when it was the only way", async () => {
  accepts = () => false;
  const agentSocketPath = join(directory, "no-agent");
  const error = await attempt({ agentSocketPath });
  expect(error).toBeInstanceOf(HostUnreachable);
  expect(error?.message).toContain(`the SSH agent at ${agentSocketPath} failed`);
});

test("a wrong password is in no message", async () => {
  accepts = () => false;
  const error = await attempt({ password: "s3cret" });
  expect(error?.message).toMatch(/does not let root in \(tried password, keyboard-interactive\)/);
  expect(error?.message).not.toContain("s3cret");
});
