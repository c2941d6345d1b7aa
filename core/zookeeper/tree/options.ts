/** What every walk over a tree can be told. */
import { UserError } from "../../engine/errors";
import { isPath, isReserved, splitPath, type Endpoint } from "./endpoint";
import type { Directory, Frontier, WalkOptions } from "./frontier";
import type { OnProgress } from "./progress";

export interface TreeOptions {
  /** Leaves this znode out, with all below it. Asked with the path below the chroot. @default none */
  readonly excluded?: (path: string) => boolean;
  /** Sessions that read on each side; fewer where the server allows fewer. @default 40 */
  readonly readers?: number;
  /** Sessions that write. @default 3 */
  readonly writers?: number;
  /** Called about once a second, and at the end. */
  readonly progress?: OnProgress;
}

/** What a copy can be told beside that. */
export interface CopyOptions extends TreeOptions {
  /**
   * `carry`: the next sequential child gets the number on the target that it would have got on the source.
   * `refuse`: do not write for that, and refuse a tree in which sequential children are or may have been. @default "carry"
   */
  readonly sequences?: "carry" | "refuse";
  /** Delete what only the target has, ephemerals and excluded znodes excepted. @default false */
  readonly removeExtras?: boolean;
}

export const READERS = 40;
export const WRITERS = 3;
export const WALK: WalkOptions = { batch: 500, workers: 10 };

/** @throws UserError for a root that is not a path, or that lies within another */
export function checkRoots(endpoint: Endpoint, roots: readonly string[]): void {
  const say = (root: string, found: string, expected: string) =>
    new UserError(`${endpoint.name}: root ${root}: found ${found}; expected ${expected}.`);
  if (roots.length === 0) throw say("(none)", "no root", "at least one, such as /pegasus/onebox");
  for (const root of roots) {
    if (!isPath(root)) throw say(root, "no path", "one such as /pegasus/onebox, without a slash at its end");
    if (isReserved(endpoint, root)) throw say(root, "the server's own part of the tree", "one of the users'");
    const outer = roots.find((other) => other !== root && root.startsWith(other === "/" ? "/" : `${other}/`));
    if (outer || roots.indexOf(root) !== roots.lastIndexOf(root))
      throw say(root, `it within ${outer ?? root}, another root`, "roots apart from each other");
  }
}

/** Puts the roots into the frontier, each as the only child of a directory that is not part of the walk. */
export function addRoots<D extends Directory>(
  frontier: Frontier<D>,
  roots: readonly string[],
  parentOf: (path: string, share: number) => D,
): void {
  for (const root of roots) {
    const { parent, name } = splitPath(root);
    frontier.addChildren(parentOf(parent, 1 / roots.length), [name]);
  }
}

/** Children that the walk visits. */
export function visited(
  endpoint: Endpoint,
  parent: string,
  names: readonly string[],
  excluded: ((path: string) => boolean) | undefined,
): string[] {
  return names.filter((name) => {
    const path = `${parent === "/" ? "" : parent}/${name}`;
    return !isReserved(endpoint, path) && !excluded?.(path);
  });
}
