/**
 * Names of metrics: those that a query asks for, by Prometheus's own grammar, and those that a recording holds.
 *
 * The recordings are what real servers and a real node exporter answered on their metrics ports (recorded/), under
 * load, in each state in which their answers differ: leading, following, without quorum.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";

/** Metric names in a query, without duplicates. @throws on a query that is not PromQL. */
export function namesIn(query: string): string[] {
  const names = new Set<string>();
  // Grafana fills its variables in before Prometheus sees the query; inside a string they need no change.
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${query}`);
      if (node.name === "Identifier" && node.node.parent?.name === "VectorSelector")
        names.add(query.slice(node.from, node.to));
    },
  });
  return [...names];
}

export function recordedNames(...files: readonly string[]): Set<string> {
  return new Set(
    files.flatMap((file) =>
      readFileSync(join(__dirname, "recorded", file), "utf8")
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => line.split(/[{ ]/, 1)[0] ?? ""),
    ),
  );
}
