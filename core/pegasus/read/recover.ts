/**
 * Reads `recover -f <file>`: what was asked for, what came of it, and every hint.
 *
 * Hints come after ERR_OK too: a partition that only found two of three replicas is a warning there,
 * and may have lost writes. So a result is never looked at without its hints. A shell that gave up
 * waiting knows nothing: the meta may still be recovering.
 */
import { UnreadableAnswer, shorten } from "./answer";

export interface Recovery {
  readonly waitSeconds: number;
  readonly skipBadNodes: boolean;
  readonly skipLostPartitions: boolean;
  readonly nodes: readonly string[];
  readonly outcome: RecoveryOutcome;
}

export type RecoveryOutcome =
  | { readonly kind: "result"; readonly code: string; readonly hints: readonly RecoveryHint[] }
  /** The shell stopped waiting, or no meta could be asked. */
  | { readonly kind: "no-reply" };

export type RecoveryHint =
  | { readonly kind: "bad-node"; readonly node: string; readonly code: string; readonly skipped: boolean }
  | { readonly kind: "lost-partition"; readonly partition: string; readonly skipped: boolean }
  | {
      readonly kind: "fewer-replicas";
      readonly partition: string;
      readonly has: number;
      readonly wants: number;
    }
  /** A hint that this version of ours does not know; it is shown as it is. */
  | { readonly kind: "other"; readonly severity: "ERROR" | "WARNING" | "UNKNOWN"; readonly says: string };

const RULE = "=============================";

/** The body of `recover`, or the file that `recover -o` wrote. */
export function readRecover(body: string): Recovery {
  const lines = body.split("\n").map((line) => line.trim());
  const rule = lines.indexOf(RULE);
  const ruleAfterNodes = lines.indexOf(RULE, rule + 1);
  if (rule < 0 || ruleAfterNodes < 0) throw new UnreadableAnswer("a node list between two rules", body);
  return {
    waitSeconds: Number(setting(lines, "Wait seconds", /^\d+$/)),
    skipBadNodes: setting(lines, "Skip bad nodes", /^(true|false)$/) === "true",
    skipLostPartitions: setting(lines, "Skip lost partitions", /^(true|false)$/) === "true",
    nodes: lines.slice(rule + 1, ruleAfterNodes).filter((line) => line !== ""),
    outcome: outcomeFrom(lines.slice(ruleAfterNodes + 1)),
  };
}

/** What `recover -o <file>` prints while the rest goes to the file: the error code. */
export function readRecoverComplete(body: string): string {
  const code = /^recover complete with err = (ERR_[A-Z_]+)$/.exec(body.trim())?.[1];
  if (code === undefined) throw new UnreadableAnswer("recover complete with err = …", body);
  return code;
}

function outcomeFrom(lines: readonly string[]): RecoveryOutcome {
  const at = lines.findIndex((line) => line.startsWith("Recover result: "));
  if (at < 0) {
    if (lines.some((line) => line.startsWith("Wait recovery failed"))) return { kind: "no-reply" };
    throw new UnreadableAnswer("Recover result: …", lines.join(" "));
  }
  const code = /^Recover result: (ERR_[A-Z_]+)$/.exec(lines[at] ?? "")?.[1];
  if (code === undefined) throw new UnreadableAnswer("Recover result: ERR_…", lines[at] ?? "");
  return { kind: "result", code, hints: hintsFrom(lines.slice(at + 1)) };
}

/**
 * Hints about nodes have no line end of their own since 2.6: the next hint, or the closing rule, follows on
 * the same line.
 */
function hintsFrom(lines: readonly string[]): readonly RecoveryHint[] {
  return lines
    .flatMap((line) => line.split(/(?<=\S)(?=(?:ERROR|WARNING): )/))
    .map((line) => line.replace(/={29}$/, "").trim())
    .filter((line) => line !== "")
    .map(hintFrom);
}

function hintFrom(line: string): RecoveryHint {
  const severity = line.startsWith("ERROR: ")
    ? "ERROR"
    : line.startsWith("WARNING: ")
      ? "WARNING"
      : "UNKNOWN";
  const badNode = /from node\(([^)]+)\) failed with err\((ERR_[A-Z_]+)\)/.exec(line);
  if (badNode?.[1] !== undefined && badNode[2] !== undefined) {
    return { kind: "bad-node", node: badNode[1], code: badNode[2], skipped: severity === "WARNING" };
  }
  const lost = /partition\((\d+\.\d+)\) has no replica collected/.exec(line)?.[1];
  if (lost !== undefined) return { kind: "lost-partition", partition: lost, skipped: severity === "WARNING" };
  const fewer = /partition\((\d+\.\d+)\) only collects (\d+)\/(\d+) of replicas/.exec(line);
  if (fewer?.[1] !== undefined) {
    return { kind: "fewer-replicas", partition: fewer[1], has: Number(fewer[2]), wants: Number(fewer[3]) };
  }
  return { kind: "other", severity, says: shorten(line) };
}

function setting(lines: readonly string[], name: string, shape: RegExp): string {
  const value = lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  if (value === undefined || !shape.test(value))
    throw new UnreadableAnswer(`${name}: …`, value ?? lines.join(" "));
  return value;
}
