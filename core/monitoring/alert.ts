/**
 * One alert as data, and its translation into a Prometheus rule.
 *
 * The name of the alert is also the heading of its section in docs/runbook.md, so that whoever is
 * woken up lands on the right paragraph; a unit test keeps the two lists equal.
 */
import type { Monitoring } from "./desired";

export interface Alert {
  /** Also the runbook's heading. */
  readonly name: string;
  /** `critical` wakes somebody; `warning` waits for the morning. */
  readonly severity: "critical" | "warning";
  /** PromQL; the alert fires for every series of its answer. */
  readonly expr: string;
  /** How long the answer must hold, for example "2m". */
  readonly for: string;
  /** One line, with `{{ $labels.host }}` and `{{ $value }}` where they help. */
  readonly summary: string;
  /** True where the switchover itself causes it if its pause outlasts {@link for}: announce or silence it beforehand. */
  readonly announced?: boolean;
}

/** A rule as Prometheus's rule file holds it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Selects servers that should run: those of an ensemble that was stopped on purpose are not down, but out of use. */
export const RUNNING = 'role=~"serving|idle"';

export function alertRule(alert: Alert, monitoring: Monitoring): AlertRule {
  const { onCall, runbook } = monitoring;
  const names = onCall.map(({ name }) => name).join(", ");
  const contacts = onCall.map(({ name, contact }) => (contact ? `${name}: ${contact}` : name)).join("; ");
  return {
    alert: alert.name,
    expr: alert.expr,
    for: alert.for,
    labels: {
      severity: alert.severity,
      ...(alert.announced ? { announced: "true" } : {}),
      ...(names ? { on_call: names } : {}),
    },
    annotations: {
      summary: alert.summary,
      runbook_url: `${runbook}#${alert.name.toLowerCase()}`,
      ...(contacts ? { on_call: contacts } : {}),
    },
  };
}
