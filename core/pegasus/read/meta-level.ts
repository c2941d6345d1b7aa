/**
 * Reads `get_meta_level` and `set_meta_level`. Tables name a level `blind`, these two `fl_blind`. These two say the level
 * that was set, `cluster_info` the one in force: freezed while too few replica servers are ALIVE.
 *
 * The level lives in the primary's memory only: after a restart it is `meta_function_level_on_start`
 * again. So a level that was read before a restart proves nothing afterwards.
 */
import { UnreadableAnswer } from "./answer";

/** From least to most that a meta server may do. Source: Pegasus `meta_function_level`. */
export const META_LEVELS = ["stopped", "blind", "freezed", "steady", "lively"] as const;
export type MetaLevel = (typeof META_LEVELS)[number];

/** A level by its name, with or without `fl_`. */
export function readLevelName(name: string): MetaLevel {
  const bare = name.replace(/^fl_/, "");
  const level = META_LEVELS.find((known) => known === bare);
  if (level === undefined) throw new UnreadableAnswer(`one of ${META_LEVELS.join(", ")}`, name);
  return level;
}

/** `current meta level is fl_steady` */
export function readGetMetaLevel(body: string): MetaLevel {
  const name = /^current meta level is (\S+)$/.exec(body.trim())?.[1];
  if (name === undefined) throw new UnreadableAnswer("current meta level is …", body);
  return readLevelName(name);
}

/** `control meta level ok, the old level is fl_steady`: the level that was set before. */
export function readSetMetaLevel(body: string): MetaLevel {
  const name = /^control meta level ok, the old level is (\S+)$/.exec(body.trim())?.[1];
  if (name === undefined) throw new UnreadableAnswer("control meta level ok, …", body);
  return readLevelName(name);
}
