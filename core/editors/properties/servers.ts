/**
 * The `server.N` lines of zoo.cfg.
 *
 *     server.N = host ":" peerPort ":" electionPort (":" role)? (";" (address ":")? clientPort)?
 *
 * An IPv6 address stands in brackets. The part behind `;` exists since ZooKeeper 3.5. Several addresses for one
 * server, joined by `|` (3.6, ZOOKEEPER-3188), are refused: nothing here would know which of them to dial. So are
 * lines without an election port, which only elections that 3.7 no longer has could use.
 * Source: `QuorumPeer.QuorumServer`.
 */
import { isIPv6 } from "node:net";
import { MalformedServer } from "../errors";

export interface ServerLine {
  /** N, which is also the content of that server's myid. */
  readonly id: number;
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly peerPort: number;
  readonly electionPort: number;
  /** Unset: as ZooKeeper takes it, a participant. */
  readonly role?: "participant" | "observer";
  /** Unset: `clientPort` of the same file. */
  readonly clientPort?: number;
  /** The address that the client port is bound to. Unset: all. */
  readonly clientAddress?: string;
}

const HOST = "(\\[[^\\[\\]\\s]+\\]|[^\\[\\]:;|\\s]+)";
const SERVER = new RegExp(
  `^${HOST}:([0-9]{1,5}):([0-9]{1,5})(?::([A-Za-z]+))?(?:;(?:${HOST}:)?([0-9]{1,5}))?$`,
);

/**
 * Every `server.N` of a zoo.cfg by rising N; other keys are passed over.
 * @param properties as `readProperties` gives them.
 * @throws MalformedServer
 */
export function readServers(properties: ReadonlyMap<string, string>): ServerLine[] {
  return [...properties]
    .filter(([key]) => key.trim().startsWith("server."))
    .map(([key, value]) => parseServer(key, value))
    .sort((a, b) => a.id - b.id);
}

/**
 * @param key with its number, `server.1`.
 * @throws MalformedServer
 */
export function parseServer(key: string, value: string): ServerLine {
  const name = key.trim();
  const id = /^server\.([0-9]{1,15})$/.exec(name)?.[1];
  if (id === undefined) throw new MalformedServer("server.N", "a key without a number");
  if (value.includes("|")) throw new MalformedServer(name, "several addresses for one server");
  const match = SERVER.exec(value.trim());
  if (!match) throw new MalformedServer(name, "a value of another form");
  const [, host = "", peerPort, electionPort, role, clientAddress, clientPort] = match;
  return {
    id: Number(id),
    host: unbracket(name, host),
    peerPort: port(name, peerPort),
    electionPort: port(name, electionPort),
    ...(role === undefined ? {} : { role: readRole(name, role) }),
    ...(clientAddress === undefined ? {} : { clientAddress: unbracket(name, clientAddress) }),
    ...(clientPort === undefined ? {} : { clientPort: port(name, clientPort) }),
  };
}

/**
 * Key and value for `renderProperties` and `setProperties`.
 * @throws MalformedServer when the parts would not read back as they are.
 */
export function formatServer(server: ServerLine): readonly [key: string, value: string] {
  const { id, host, peerPort, electionPort, role, clientAddress, clientPort } = server;
  const key = `server.${id}`;
  let value = `${bracket(host)}:${peerPort}:${electionPort}`;
  if (role !== undefined) value += `:${role}`;
  if (clientPort !== undefined)
    value += `;${clientAddress === undefined ? "" : `${bracket(clientAddress)}:`}${clientPort}`;
  const back = parseServer(key, value);
  const same = (Object.keys(NAMES) as (keyof ServerLine)[]).every((name) => back[name] === server[name]);
  if (!same) throw new MalformedServer(key, "parts that do not fit together");
  return [key, value];
}

const NAMES: Readonly<Record<keyof ServerLine, true>> = {
  id: true,
  host: true,
  peerPort: true,
  electionPort: true,
  role: true,
  clientPort: true,
  clientAddress: true,
};

function readRole(key: string, role: string): "participant" | "observer" {
  const lower = role.toLowerCase();
  if (lower !== "participant" && lower !== "observer") throw new MalformedServer(key, "an unknown role");
  return lower;
}

function port(key: string, digits: string | undefined): number {
  const number = Number(digits);
  if (number < 1 || number > 65535) throw new MalformedServer(key, "a port beyond 1 to 65535");
  return number;
}

function bracket(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function unbracket(key: string, host: string): string {
  if (!host.startsWith("[")) return host;
  const address = host.slice(1, -1);
  if (!isIPv6(address)) throw new MalformedServer(key, "brackets around what is no IPv6 address");
  return address;
}
