/**
 * Reads `ddd_diagnose`: partitions of which every replica is down and none may be chosen by the meta
 * alone. None must be left before a switchover; after a recovery they are where data may be lost.
 */
import { UnreadableAnswer } from "./answer";

export interface DddPartition {
  /** `app.partition`, for example `2.7`. */
  readonly partition: string;
  readonly ballot: number;
  readonly lastCommitted: number;
  readonly dropped: readonly DddNode[];
  readonly reason?: string;
}

export interface DddNode {
  readonly node: string;
  readonly alive: boolean;
  /** Whether the meta knows what the replica holds. */
  readonly collected: boolean;
  readonly ballot: number;
  readonly lastCommitted: number;
  readonly lastPrepared: number;
}

export function readDddDiagnose(body: string): readonly DddPartition[] {
  const total = /^Total (\d+) ddd partitions:$/m.exec(body)?.[1];
  if (total === undefined) throw new UnreadableAnswer("Total N ddd partitions:", body);
  if (!/^Diagnose ddd done\.$/m.test(body))
    throw new UnreadableAnswer("Diagnose ddd done.", "the answer cut short");
  const partitions = body
    .split(/^(?=\(\d+\) \d+\.\d+\s*$)/m)
    .slice(1)
    .map(partitionFrom);
  if (partitions.length !== Number(total)) {
    throw new UnreadableAnswer(`${total} ddd partitions`, `${partitions.length}`);
  }
  return partitions;
}

function partitionFrom(block: string): DddPartition {
  const partition = /^\(\d+\) (\d+\.\d+)\s*$/m.exec(block)?.[1];
  const config = /config: ballot\((\d+)\), last_committed\((-?\d+)\)/.exec(block);
  if (partition === undefined || config === null)
    throw new UnreadableAnswer("(n) app.partition and its config", block);
  return {
    partition,
    ballot: Number(config[1]),
    lastCommitted: Number(config[2]),
    dropped: [...block.matchAll(/^ *dropped\[\d+\]: (.*)$/gm)].map((match) => nodeFrom(match[1] ?? "")),
    reason: /^ *ddd_reason: (.+)$/m.exec(block)?.[1]?.trim(),
  };
}

function nodeFrom(line: string): DddNode {
  const values = new Map(
    [...line.matchAll(/(\w+)\(([^)]*)\)/g)].map((match) => [match[1] ?? "", match[2] ?? ""]),
  );
  const value = (name: string, shape: RegExp): string => {
    const found = values.get(name);
    if (found === undefined || !shape.test(found)) throw new UnreadableAnswer(`${name}(…)`, line);
    return found;
  };
  return {
    node: value("node", /./),
    alive: value("alive", /^(true|false)$/) === "true",
    collected: value("collected", /^(true|false)$/) === "true",
    ballot: Number(value("ballot", /^-?\d+$/)),
    lastCommitted: Number(value("last_committed", /^-?\d+$/)),
    lastPrepared: Number(value("last_prepared", /^-?\d+$/)),
  };
}
