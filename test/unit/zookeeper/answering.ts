/** What a server answers to four-letter words. Stands in for its client port. */
import { Duplex } from "node:stream";
import { HostUnreachable } from "../../../core/engine/errors";
import { DialFailed } from "../../../core/transports/contract";
import type { Mode } from "../../../core/transports/fourlw";
import { SRVR_3_4_14 } from "../transports/fourlw-recorded";

/** What a server is, or why it cannot say; one without a quorum runs, and does not serve. A dead host may be late, too. */
export type State = Mode | "no quorum" | "late" | "stopped" | "unreachable";

/** @param synced what its mntr says; absent where it may not answer that */
export function answering(state: State, synced?: number): Duplex {
  if (state === "stopped") throw new DialFailed("zk", "refused", "nobody listens", "");
  if (state === "late") throw new HostUnreachable("zk", "no answer within 2 s", "");
  if (state === "unreachable") throw new DialFailed("zk", "failed", "no route", "");
  const srvr = state === "no quorum" ? NOT_SERVING : SRVR_3_4_14.replace("standalone", state);
  const mntr = synced === undefined ? NOT_ALLOWED : `zk_synced_followers\t${synced}\n`;
  return new Duplex({
    read: () => undefined,
    write(word, _encoding, written) {
      this.push(String(word).startsWith("mntr") ? mntr : srvr);
      this.push(null);
      written();
    },
  });
}

const NOT_SERVING = "This ZooKeeper instance is not currently serving requests\n";
const NOT_ALLOWED = "mntr is not executed because it is not in the whitelist.";
