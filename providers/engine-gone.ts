/**
 * Ends this process once its engine is gone.
 *
 * A CLI that was killed leaves its provider behind: nobody would read what it prints, its result would be kept nowhere,
 * and it would hold the lock against whoever goes on. Ended in the middle of a step is what every run has to stand
 * anyway; the journal tells the next one.
 *
 * Whether the engine lives is asked of its port, since its process is not this one's parent: a shell stands between.
 */
import { connect } from "node:net";

const EVERY_MS = 1_000;

/** @param address of the engine, `127.0.0.1:40123` */
export function endWithEngine(address: string): void {
  const [host = "", port = ""] = address.split(/:(?=\d+$)/);
  const look = () => {
    const socket = connect({ host, port: Number(port) }, () => socket.destroy());
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") process.exit(1);
    });
    socket.unref();
  };
  setInterval(look, EVERY_MS).unref();
}
