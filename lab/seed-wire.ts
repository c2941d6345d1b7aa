/**
 * Just enough of ZooKeeper's protocol to create many znodes in few requests: the C client has no multi, and one
 * request for each znode makes a large seed last minutes.
 *
 *     frame     = int32 length, payload
 *     connect   = int32 0, int64 0, int32 timeout, int64 0, buffer[16]
 *     multi     = int32 xid, int32 14, { int32 1, bool 0, int32 -1, create }…, int32 -1, bool 1, int32 -1
 *     create    = ustring path, buffer data, int32 1, int32 31, ustring "world", ustring "anyone", int32 flags
 *     reply     = int32 xid, int64 zxid, int32 error, { int32 type, … }…
 */
import { connect, type Socket } from "node:net";

const OP_MULTI = 14;
const OP_CREATE = 1;
const OP_CLOSE_SESSION = -11;
const RESULT_ERROR = -1;
const PERMS_ALL = 31;
const SESSION_TIMEOUT_MS = 30_000;
/** Replies may come in any pieces; each starts with its length. */
const LENGTH_BYTES = 4;

export interface NewZnode {
  readonly path: string;
  readonly data: string;
}

/** One session over one connection; replies come in the order of the requests. */
export class SeedConnection {
  private readonly waiting: { resolve: (reply: Buffer) => void; reject: (error: Error) => void }[] = [];
  private pending = Buffer.alloc(0);
  private xid = 1;

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => this.take(chunk));
    socket.on("close", () => this.fail(new Error("the server closed the seed's connection")));
    socket.on("error", (error) => this.fail(error));
  }

  /** @param server `HOST:PORT` */
  static async open(server: string): Promise<SeedConnection> {
    const [host = "", port = ""] = server.split(":");
    const connection = new SeedConnection(connect({ host, port: Number(port), noDelay: true }));
    await connection.send(
      Buffer.concat([
        int32(0),
        Buffer.alloc(8),
        int32(SESSION_TIMEOUT_MS),
        Buffer.alloc(8),
        buffer(Buffer.alloc(16)),
      ]),
    );
    return connection;
  }

  /** Creates all of them or none. @throws Error with ZooKeeper's code */
  async createAll(znodes: readonly NewZnode[]): Promise<void> {
    const reply = await this.send(
      Buffer.concat([
        int32(this.xid++),
        int32(OP_MULTI),
        ...znodes.flatMap((znode) => [multiHeader(OP_CREATE, false), createRequest(znode)]),
        multiHeader(-1, true),
      ]),
    );
    const error =
      reply.readInt32BE(12) || (reply.readInt32BE(16) === RESULT_ERROR ? reply.readInt32BE(21) : 0);
    if (error !== 0) throw new Error(`seed: ZooKeeper code ${error} for a batch from ${znodes[0]?.path}`);
  }

  /** Ends the session too: one left to expire would count as a client for half a minute. */
  async close(): Promise<void> {
    await this.send(Buffer.concat([int32(this.xid++), int32(OP_CLOSE_SESSION)]));
    this.socket.removeAllListeners("close");
    this.socket.destroy();
  }

  private send(payload: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.socket.write(Buffer.concat([int32(payload.length), payload]));
    });
  }

  private take(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.pending.readInt32BE(0);
      if (this.pending.length < end) return;
      this.waiting.shift()?.resolve(this.pending.subarray(LENGTH_BYTES, end));
      this.pending = this.pending.subarray(end);
    }
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

function createRequest(znode: NewZnode): Buffer {
  const openAcl = [int32(1), int32(PERMS_ALL), ustring("world"), ustring("anyone")];
  return Buffer.concat([ustring(znode.path), ustring(znode.data), ...openAcl, int32(0)]);
}

function multiHeader(type: number, done: boolean): Buffer {
  return Buffer.concat([int32(type), Buffer.from([done ? 1 : 0]), int32(-1)]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const buffer = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes]);
const ustring = (text: string) => buffer(Buffer.from(text));
