/** A dial that shares its caller's deadline. */
import type { Duplex } from "node:stream";
import type { Dialler } from "./contract";
import type { Deadline } from "./deadline";

/**
 * Rejects as `access.dial` does, or with `late()` once the time is up; a connection that comes later is closed.
 * @param address where the service listens, as seen from the host; its own address when absent
 */
export async function dialWithin(
  access: Dialler,
  port: number,
  address: string | undefined,
  deadline: Deadline,
  late: () => Error,
): Promise<Duplex> {
  const dialling = access.dial(port, address);
  try {
    return await deadline.race(dialling, late);
  } catch (error) {
    dialling.then(
      (dialled) => dialled.destroy(),
      () => {},
    );
    throw error;
  }
}
