/**
 * Is the machine that answers the one that was meant? Compared by the key itself, byte for byte, before any
 * credential leaves this process: whoever sits in between would otherwise get a password, and root on the fake.
 */
import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";
import type { Complaint } from "../../engine/errors";
import type { Connection } from "../contract";

export interface HostKey {
  /** For example `ssh-ed25519`. */
  readonly type: string;
  /** The key in SSH's wire form. */
  readonly blob: Buffer;
}

/** Reads `ssh-ed25519 AAAA… comment`; undefined when the text is not such a key. */
export function parseHostKey(text: string): HostKey | undefined {
  const [type, base64] = text.trim().split(/\s+/);
  if (!type || !base64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, "base64");
  return keyType(blob) === type ? { type, blob } : undefined;
}

/** What is wrong with `connection.hostKey` before anything is dialled; `where` is the argument's path up to the connection. */
export function complainHostKey(connection: Connection, where: string): Complaint[] {
  if (connection.insecureIgnoreHostKey) return [];
  if (connection.hostKey !== undefined && parseHostKey(connection.hostKey)) return [];
  return [
    {
      where: `${where}.hostKey`,
      found: connection.hostKey === undefined ? "nothing" : "text that is not a public key",
      expected: "the host's public key as in known_hosts, for example ssh-ed25519 AAAA…",
      next: `Fetch it with \`${keyscan(connection)}\`, compare it with the host's console, and set it.`,
    },
  ];
}

/** The complaint about a host that showed another key than the one expected. */
export function complainMismatch(connection: Connection, where: string, shown: Buffer): Complaint {
  const expected = parseHostKey(connection.hostKey ?? "");
  return {
    where: `${where}.hostKey`,
    found: `${connection.host} shows ${keyType(shown)} ${fingerprint(shown)}`,
    expected: expected ? `${expected.type} ${fingerprint(expected.blob)}` : "a host key",
    next:
      "The host was installed anew, or something answers in its place: compare with `ssh-keygen -lf " +
      "/etc/ssh/ssh_host_ed25519_key.pub` on the host's console. Nothing was sent to it. If it is right, set " +
      `hostKey to what \`${keyscan(connection)}\` prints.`,
  };
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * Host key algorithms to offer, the expected key's own first: a server with several keys would otherwise pick
 * another one than the one we hold. The rest stay on offer so that a mismatch can be shown.
 */
export function hostKeyAlgorithms(hostKey: string | undefined): ServerHostKeyAlgorithm[] {
  const type = hostKey === undefined ? undefined : parseHostKey(hostKey)?.type;
  const own = ALGORITHMS.filter((each) => each === type || (type === "ssh-rsa" && each.startsWith("rsa-")));
  return [...own, ...ALGORITHMS.filter((each) => !own.includes(each))];
}

const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];

function keyscan(connection: Connection): string {
  return `ssh-keyscan -t ed25519 -p ${connection.port ?? 22} ${connection.host}`;
}

function keyType(blob: Buffer): string {
  if (blob.length < 4) return "";
  return blob.toString("latin1", 4, 4 + blob.readUInt32BE(0));
}
