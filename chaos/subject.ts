/** What the explorer has to know of what is moved: its arguments, its consumers, and when they are well on one side. */
import type { Arguments } from "../lab/arguments";
import type { Lab } from "../lab/lab";
import { withRole, type HostSpec } from "../lab/layout";
import type { LoadOptions } from "../lab/load/process";

export type Side = "source" | "target";

export interface Subject {
  readonly lab: Lab;
  readonly args: Arguments;
  /** Whoever may write for the consumers, by address. */
  readonly clients: readonly string[];
  /** The files that are edited. */
  readonly configs: readonly { readonly host: string; readonly path: string }[];
  /** Texts of each of them that are meant: one for each side, and what a method needs on its way. */
  readonly intendedTexts: number;
  /**
   * The whole ensemble moves: transactions keep their numbers, the side that is not active is stopped, and the load's
   * znodes go along. Otherwise both serve, and the load is somebody else's, who stays on the source.
   */
  readonly movesAll: boolean;
  readonly load: LoadOptions;
  /**
   * Waits for the consumers to be well on that side, and has them write what only they can.
   * @throws Error when they do not come to be
   */
  untilWell(active: Side): Promise<void>;
  /** Looks for what only the consumers can write. @throws Error with what is missing */
  checkOwn?(): Promise<void>;
  /** The lab is as it was delivered: nothing that was written before is there. */
  forget?(): void;
}

/** Servers of that side. */
export function serversOf(lab: Lab, side: Side): HostSpec[] {
  return withRole(lab.specs, side === "source" ? "old-zookeeper" : "new-zookeeper");
}

export function addressesOf(hosts: readonly HostSpec[]): string[] {
  return hosts.map(({ address }) => address);
}
