/** What a move of a whole ensemble's data is planned from: what is wanted, and what was found. */
import type { Stage } from "../../engine/step";
import type { Server, Side } from "../side";

export type Fence = "stopSource" | "consumersOnly";

export interface MoveDesired {
  /** `forward` or `back`: part of every name that the move leaves on a host. */
  readonly operation: "forward" | "back";
  readonly origin: Side;
  readonly destination: Side;
  readonly fence: Fence;
  /** What the consumers do to stop writing, and to go on where nothing was moved. */
  readonly consumerFence: readonly Stage[];
  readonly acceptDataLoss: boolean;
}

export interface ReachableHosts {
  /** Servers of the origin that can be reached; the others cannot be stopped, and are not needed. */
  readonly reachableOrigin: readonly Server[];
  readonly reachableDestination: readonly Server[];
}

export interface MoveFacts extends ReachableHosts {
  /** The server whose files are taken: the leader, or the most advanced where there is no leader. */
  readonly from: Server;
  /** Its mode, for the reviewer: `leader`, `last zxid 0x…`. */
  readonly fromIs: string;
  /** Whether it was chosen because it leads. */
  readonly fromLeads: boolean;
  /** A reachable host with the newer of the two versions installed, where the set is folded. */
  readonly foldOn: { readonly server: Server; readonly side: Side };
  /** Format of the destination's snapshots; 3.6 added a digest behind the tree. */
  readonly snapshotFormat: "3.4" | "3.6+";
}
