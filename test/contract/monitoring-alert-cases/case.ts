/**
 * What an alert's test is made of: series as promtool writes them, a moment, and what fires then.
 * Every alert has at least one case that fires and one that stays silent, close to each other: the silent
 * one differs in the one thing that the alert is about.
 */
export interface AlertCase {
  readonly alert: string;
  /** What the case is about, for the test's name. */
  readonly says: string;
  /** Time between two values and between two evaluations. @default "15s" */
  readonly interval?: "15s" | "5m";
  /** Series → values in promtool's notation, one every {@link interval}. */
  readonly input: Readonly<Record<string, string>>;
  /** Moment from the start, for example "10m". */
  readonly at: string;
  /** What fires; empty: nothing. */
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly summary: string }[];
}

/** Labels of a server's metrics as the targets give them. */
export function server(host: string, role = "serving", side: "old" | "new" = "new"): Record<string, string> {
  return { ensemble: `zk-${side}`, host, side, role, job: "zookeeper", instance: `${host}:7000` };
}

/** Labels of a host's metrics. */
export function node(host: string, role = "serving", side: "old" | "new" = "new"): Record<string, string> {
  return { ensemble: `zk-${side}`, host, side, role, job: "zookeeper-hosts", instance: `${host}:9100` };
}

/** Labels of a sum over an ensemble. */
export function ensemble(role = "serving", side: "old" | "new" = "new"): Record<string, string> {
  return { ensemble: `zk-${side}`, side, role };
}

export function series(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(",")}}`;
}

/** A case that fires and its silent neighbour. */
export function pair(
  alert: string,
  at: string,
  fires: { says: string; input: AlertCase["input"]; labels: Record<string, string>; summary: string },
  silent: { says: string; input: AlertCase["input"] },
): AlertCase[] {
  const { labels, summary } = fires;
  return [
    { alert, at, says: fires.says, input: fires.input, fires: [{ labels, summary }] },
    { alert, at, says: silent.says, input: silent.input, fires: [] },
  ];
}

/** As {@link pair}, for what takes hours: a value every five minutes. */
export function slowly(...cases: Parameters<typeof pair>): AlertCase[] {
  return pair(...cases).map((one) => ({ ...one, interval: "5m" }));
}
