/** The product's wire client to a lab host without SSH between: for znodes that the lab's own client cannot make. */
import { connect } from "node:net";
import type { Dialler } from "../../../core/transports/contract";
import type { HostSpec } from "../../../lab/layout";

export function dialDirectly(spec: HostSpec | undefined): Dialler {
  if (!spec) throw new Error("no such host in the lab");
  return {
    name: spec.name,
    address: spec.address,
    dial: (port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: spec.address, port }, () => resolve(socket));
        socket.once("error", reject);
      }),
  };
}
