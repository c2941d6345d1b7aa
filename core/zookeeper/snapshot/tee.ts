/** Sends one stream to several readers at the pace of the slowest, so that a file is read once and held nowhere. */
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
  if (pipe.destroyed || pipe.write(chunk)) return;
  // Not `once`: the one of two that does not come would stay, a listener for each chunk.
  await new Promise<void>((resolve) => {
    const settled = () => {
      pipe.off("drain", settled).off("close", settled);
      resolve();
    };
    pipe.on("drain", settled).on("close", settled);
  });
  failIfErrored(pipe);
}

/** A reader that leaves before the end destroys its pipe with an AbortError: it has seen enough. */
function failIfErrored(pipe: PassThrough): void {
  if (pipe.errored && pipe.errored.name !== "AbortError") throw pipe.errored;
}
