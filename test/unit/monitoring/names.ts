/**
 * Names of metrics: those that a query asks for, by Prometheus's own grammar, and those that a recording holds.
 *
 * The recordings are what real servers and a real node exporter answered on their metrics ports (recorded/), under
 * load, in each state in which their answers differ: leading, following, without quorum.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dashboard } from "../../../core/monitoring/dashboard/dashboard";
import { ROWS } from "../../../core/monitoring/dashboard/panels";
import type { MonitoringDesired } from "../../../core/monitoring/desired";
import { completeMonitoring } from "../../../core/monitoring/desired";
import { alertGroups } from "../../../core/monitoring/files";
import { RECORDINGS } from "../../../core/monitoring/recording";
import { parser } from "@prometheus-io/lezer-promql";

/** Every query of the product, with the name of the place it is in. */
export function everyQuery(desired: MonitoringDesired): [string, string][] {
  const alerts = Object.values(alertGroups(completeMonitoring(desired))).flat();
  return [
    ...RECORDINGS.map(({ record, expr }): [string, string] => [record, expr]),
    ...alerts.map(({ name, expr }): [string, string] => [name, expr]),
    ...ROWS.flatMap(({ charts }) => charts).flatMap(({ title, queries }) =>
      queries.map(({ expr }): [string, string] => [title, expr]),
    ),
    ...(dashboard().annotations?.list ?? []).flatMap(({ name, expr }): [string, string][] =>
      expr ? [[name, expr]] : [],
    ),
  ];
}

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
  return namesAnswered(files.map((file) => readFileSync(join(__dirname, "recorded", file), "utf8")));
}

/** Names in what metrics ports answered. */
export function namesAnswered(answers: readonly string[]): Set<string> {
  return new Set(
    answers
      .flatMap((answer) => answer.split("\n"))
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(/[{ ]/, 1)[0] ?? ""),
  );
}
