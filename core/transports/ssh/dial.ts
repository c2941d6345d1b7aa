/**
 * One SSH connection, from nothing to logged in: through jump hosts first, then host key, then credentials.
 *
 * A dial that finds nobody is tried again up to `dialErrorLimit` times, as @pulumi/command does: hosts are
 * still booting when a stack brings them up. A wrong host key or a refused login is an answer, and is not
 * tried again: it would only lock the account.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { HostUnreachable, Refusal } from "../../engine/errors";
import type { Connection } from "../contract";
import { complainMismatch, parseHostKey } from "./host-key";
import { loginConfig, methods } from "./login";

export interface Dialled {
  readonly client: Client;
  /** The jump hosts' connections, innermost last; they end with this one. */
  readonly through: readonly Client[];
}

export interface DialContext {
  /** The host's short name, for messages. */
  readonly name: string;
  /** The argument's path, for example `hosts.zk1.connection`. */
  readonly where: string;
  readonly deadAfterMs: number;
  /** Ends the attempts, for example because the access was closed meanwhile. */
  readonly signal: AbortSignal;
}

/** Connects and logs in. Rejects with {@link Refusal} (host key) or {@link HostUnreachable}. */
export async function dial(connection: Connection, context: DialContext): Promise<Dialled> {
  const limit = Math.max(1, connection.dialErrorLimit ?? 10);
  for (let attempt = 1; ; attempt++) {
    try {
      return await dialOnce(connection, context);
    } catch (error) {
      if (!(error instanceof NobodyThere)) throw error;
      if (attempt >= limit || context.signal.aborted) throw unreachable(connection, context, attempt, error);
    }
    await delay(Math.min(5000, 250 * 2 ** (attempt - 1)), undefined, { signal: context.signal }).catch(
      () => {},
    );
  }
}

/** The network's failure, as opposed to an answer that we did not like. */
class NobodyThere extends Error {}

async function dialOnce(connection: Connection, context: DialContext): Promise<Dialled> {
  if (!connection.proxy) return { client: await login(connection, context, undefined), through: [] };
  const proxyContext = { ...context, where: `${context.where}.proxy` };
  const jump = await dial(connection.proxy, proxyContext);
  try {
    const socket = await tunnel(jump.client, connection);
    return { client: await login(connection, context, socket), through: [...jump.through, jump.client] };
  } catch (error) {
    for (const client of [jump.client, ...jump.through]) client.destroy();
    throw error;
  }
}

function tunnel(jump: Client, connection: Connection): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const seconds = connection.perDialTimeout ?? 15;
    const late = () => reject(new NobodyThere(`the jump host made no connection within ${seconds} s`));
    const timer = setTimeout(late, seconds * 1000);
    jump.forwardOut("127.0.0.1", 0, connection.host, connection.port ?? 22, (error, channel) => {
      clearTimeout(timer);
      if (error) reject(new NobodyThere(`the jump host says: ${error.message}`));
      else resolve(channel);
    });
  });
}

function login(connection: Connection, context: DialContext, socket: Duplex | undefined): Promise<Client> {
  const client = new Client();
  const expected = connection.hostKey === undefined ? undefined : parseHostKey(connection.hostKey);
  let shown: Buffer | undefined;
  let agentError: Error | undefined;
  return new Promise<Client>((resolve, reject) => {
    const give = (error: Error) => {
      // ssh2 reports a lost connection more than once; without a listener the second report would end the process.
      client.removeAllListeners().on("error", () => {});
      context.signal.removeEventListener("abort", stop);
      client.destroy();
      reject(error);
    };
    const stop = () => give(new NobodyThere("the access was closed meanwhile"));
    context.signal.addEventListener("abort", stop);
    client
      .on("ready", () => {
        client.removeAllListeners("error").removeAllListeners("close");
        context.signal.removeEventListener("abort", stop);
        client.setNoDelay(true);
        resolve(client);
      })
      .on("error", (error: Error & { level?: string }) => {
        if (shown) give(new Refusal([complainMismatch(connection, context.where, shown)]));
        else if (error.level === "handshake") give(disagreed(connection, context, error));
        // ssh2 goes on to the next way in by itself.
        else if (error.level === "agent") agentError = error;
        else if (error.level !== "client-authentication") give(new NobodyThere(error.message));
        else give(agentError ? agentFailed(connection, context, agentError) : denied(connection, context));
      })
      .on("close", () => give(new NobodyThere("the connection was closed before the login")))
      .on("keyboard-interactive", (_name, _text, _lang, prompts, finish) => {
        finish(prompts.map((prompt) => (prompt.echo ? "" : (connection.password ?? ""))));
      })
      .connect({
        ...loginConfig(connection, context.deadAfterMs),
        sock: socket,
        hostVerifier: (key: Buffer) => {
          if (connection.insecureIgnoreHostKey && !expected) return true;
          if (expected?.blob.equals(key)) return true;
          shown = key;
          return false;
        },
      });
  });
}

function denied(connection: Connection, { name, where }: DialContext): HostUnreachable {
  const user = connection.user ?? "root";
  const tried = methods(connection).join(", ");
  return new HostUnreachable(
    name,
    `${place(connection)} does not let ${user} in (tried ${tried})`,
    `Try \`ssh -p ${connection.port ?? 22} ${user}@${connection.host}\` by hand, then mend ${where}.`,
  );
}

function disagreed(connection: Connection, { name }: DialContext, error: Error): HostUnreachable {
  return new HostUnreachable(
    name,
    `${place(connection)} and this program find no common SSH algorithms: ${error.message}`,
    "Look at KexAlgorithms, Ciphers and HostKeyAlgorithms in its sshd_config.",
  );
}

function agentFailed(connection: Connection, { name, where }: DialContext, error: Error): HostUnreachable {
  return new HostUnreachable(
    name,
    `the SSH agent at ${connection.agentSocketPath} failed: ${error.message}`,
    `Try \`SSH_AUTH_SOCK=${connection.agentSocketPath} ssh-add -l\`, or set ${where}.privateKey instead.`,
  );
}

function unreachable(
  connection: Connection,
  { name, where }: DialContext,
  tries: number,
  error: Error,
): HostUnreachable {
  return new HostUnreachable(
    name,
    `no SSH connection to ${place(connection)} after ${tries} ${tries === 1 ? "try" : "tries"}: ${error.message}`,
    `Check that the host is up and its SSH port open from here, or mend ${where}.`,
  );
}

function place(connection: Connection): string {
  return `${connection.host}:${connection.port ?? 22}`;
}
