/**
 * Which runs of the journal belong to one report: a move with the repointings that followed it. Pure.
 */
import type { Run } from "../engine/journal";

/** The runs of a migration by report, oldest first; every run is in exactly one. */
export function episodesOf(runs: readonly Run[]): Run[][] {
  const episodes: Run[][] = [];
  for (const run of runs) {
    const current = episodes[episodes.length - 1];
    if (current && run.plan.operation.startsWith("repoint ")) current.push(run);
    else episodes.push([run]);
  }
  return episodes;
}

/** The run that moves the data, or the first where there is none (a repointing alone, finalizing). */
export function moveOf(episode: readonly Run[]): Run {
  const move = episode.find(({ plan }) => MOVES.includes(plan.operation)) ?? episode[0];
  if (!move) throw new Error("an episode without a run");
  return move;
}

const MOVES = ["forward", "back"];
