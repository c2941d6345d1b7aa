import { Readable } from "node:stream";
import type { HostAccess, ReadOptions } from "../../../../core/transports/contract";
import { FakeHost } from "../../world";
import { collect, inChunks } from "../files/recorded";

/** Of a server whose dataLogDir is `/logs`. */
export const LOGS = "/logs/version-2";

/** A host whose logs can be listed, and whose files can be read and written as streams. */
export class Disk extends FakeHost {
  constructor(name: string, files: Readonly<Record<string, Buffer>> = {}) {
    super(name);
    for (const [file, bytes] of Object.entries(files)) this.files.set(`${LOGS}/${file}`, bytes);
    const access: Partial<HostAccess> = {
      run: async () => ({ code: 0, stdout: "1000:1000\n", stderr: "" }),
      readStream: async (path: string, options: ReadOptions = {}) =>
        Readable.from(inChunks((this.files.get(path) ?? Buffer.alloc(0)).subarray(options.start ?? 0), 900)),
      writeStream: async (path: string, content: AsyncIterable<Buffer>) => {
        const bytes = await collect(content);
        this.files.set(path, bytes);
        return { bytes: bytes.length, sha256: "" };
      },
    };
    Object.assign(this, access);
    this.answer = (text, [dir]) =>
      text.includes("find") && dir === "/logs"
        ? [...this.files].map(([path, { length }]) => `${length} ${path.slice(LOGS.length + 1)}\n`).join("")
        : "";
  }
}
