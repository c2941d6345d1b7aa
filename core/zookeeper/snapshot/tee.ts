/** Sends one stream to several readers at the pace of the slowest, so that a file is read once and held nowhere. */
import { once } from "node:events";
import { PassThrough } from "node:stream";

/**
 * Every reader gets all of `source`, or leaves early when it has seen enough. A reader that fails ends the others
 * with its error: what is judged while it is written must not be half of either.
 */
export async function tee(
  source: AsyncIterable<Buffer>,
  readers: readonly ((bytes: AsyncIterable<Buffer>) => Promise<void>)[],
): Promise<void> {
  const pipes = readers.map(() => new PassThrough({ highWaterMark: 1 << 20 }).on("error", () => undefined));
  const pump = async () => {
    for await (const chunk of source) {
      await Promise.all(pipes.map((pipe) => send(pipe, chunk)));
    }
    for (const pipe of pipes) if (!pipe.destroyed) pipe.end();
  };
  const stop = (error: unknown) => {
    for (const pipe of pipes) pipe.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  };
  const all = [pump(), ...readers.map((reader, index) => reader(pipes[index] as PassThrough))];
  const settled = await Promise.allSettled(all.map((one) => one.catch(stop)));
  // The first to fail made the others fail: it is the one to tell.
  const failed = settled.find((one): one is PromiseRejectedResult => one.status === "rejected");
  if (failed) throw failed.reason;
}

async function send(pipe: PassThrough, chunk: Buffer): Promise<void> {
  failIfErrored(pipe);
  // Destroyed without an error: that reader has seen enough.
  if (pipe.destroyed || pipe.write(chunk)) return;
  await Promise.race([once(pipe, "drain"), once(pipe, "close")]);
  failIfErrored(pipe);
}

function failIfErrored(pipe: PassThrough): void {
  if (pipe.errored) throw pipe.errored;
}
