/**
 * A `Connection` as ssh2's configuration, and what is wrong with it before anything is dialled.
 *
 * Everything that can be judged without the network is judged here, all at once, so that the user mends the
 * arguments of ten hosts in one go. Key material never gets into a message.
 */
import { utils, type AuthenticationType, type ConnectConfig } from "ssh2";
import type { Complaint } from "../../engine/errors";
import type { Connection } from "../contract";
import { complainHostKey, hostKeyAlgorithms } from "./host-key";

/** All complaints about a connection and its jump hosts; `where` is for example `hosts.zk1.connection`. */
export function complainConnection(connection: Connection, where: string): Complaint[] {
  return [
    ...complainHostKey(connection, where),
    ...complainCredentials(connection, where),
    ...(connection.proxy ? complainConnection(connection.proxy, `${where}.proxy`) : []),
  ];
}

/** Which ways in the arguments name, strongest first; "none" is never tried, it costs a round trip. */
export function methods(connection: Connection): AuthenticationType[] {
  return [
    ...(connection.privateKey !== undefined ? (["publickey"] as const) : []),
    ...(connection.agentSocketPath !== undefined ? (["agent"] as const) : []),
    ...(connection.password !== undefined ? (["password", "keyboard-interactive"] as const) : []),
  ];
}

/**
 * ssh2's configuration, without the socket and the host key's verifier.
 * @param deadAfterMs a host that says nothing for this long counts as dead.
 */
export function loginConfig(connection: Connection, deadAfterMs: number): ConnectConfig {
  return {
    host: connection.host,
    port: connection.port ?? 22,
    username: connection.user ?? "root",
    password: connection.password,
    privateKey: connection.privateKey,
    passphrase: connection.privateKeyPassword,
    agent: connection.agentSocketPath,
    authHandler: methods(connection),
    tryKeyboard: connection.password !== undefined,
    readyTimeout: (connection.perDialTimeout ?? 15) * 1000,
    // ssh2 gives up at the tick after the last unanswered probe: four intervals in all.
    keepaliveInterval: Math.ceil(deadAfterMs / 4),
    keepaliveCountMax: 3,
    algorithms: {
      serverHostKey: hostKeyAlgorithms(connection.hostKey),
      // The first that both have wins. AES-GCM needs no MAC of its own and is what the CPU does fastest.
      cipher: [
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
      ],
      compress: ["none"],
    },
  };
}

function complainCredentials(connection: Connection, where: string): Complaint[] {
  if (methods(connection).length === 0) {
    return [
      {
        where,
        found: "no way to log in",
        expected: "privateKey, password or agentSocketPath",
        next: `Set one of them, for example ${where}.privateKey from a secret of the stack.`,
      },
    ];
  }
  if (connection.privateKey === undefined) return [];
  const key = utils.parseKey(connection.privateKey, connection.privateKeyPassword);
  const parsed = Array.isArray(key) ? key[0] : key;
  if (!(parsed instanceof Error) && parsed?.isPrivateKey()) return [];
  return [
    {
      where: `${where}.privateKey`,
      found: parsed instanceof Error ? `text that cannot be read: ${parsed.message}` : "a public key",
      expected: "the text of a private key in PEM or OpenSSH form (not a path)",
      next: "Set the key's text, and privateKeyPassword when it has one.",
    },
  ];
}
