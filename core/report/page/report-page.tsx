/** The report of one night as a page: what came of it first, then the proofs, then every step. */
import type { Report, ReportedRun, StepState } from "../model";
import { documentOf } from "./document";
import { Diffs, Facts, Figures, Lines, OnCall, sayDuration, sayTime, Section, WayBack } from "./parts";
import { Timeline } from "./timeline";

export function reportPage(report: Report): string {
  return documentOf(
    `${report.title} — ${report.outcome}`,
    <>
      <p class="kicker">
        pulumi-zookeeper · {report.migration} · {sayTime(report.whole.from)}
      </p>
      <h1>{report.title}</h1>
      <p>
        <Outcome report={report} />
      </p>
      <Figures
        figures={[
          ...(report.writePause ? [["writes paused", sayDuration(report.writePause.seconds)] as const] : []),
          ["from the first step to the last", sayDuration(report.whole.seconds)],
          ["steps done", `${count(report, "done")}`],
          ["proofs", `${report.proofs.length}`],
        ]}
      />
      {report.error !== undefined && (
        <div class="card note bad">
          <dd>{report.error}</dd>
        </div>
      )}
      <Section title="What was moved">
        <Facts facts={[...report.facts, ["by", owners(report)], ["ended", sayTime(report.whole.to)]]} />
      </Section>
      <Section title="Timeline">
        <Timeline report={report} />
        {report.runs
          .flatMap(({ rewound }) => rewound)
          .map((because) => (
            <p class="warn">Started over: {because}</p>
          ))}
      </Section>
      <Section title="Proofs">
        <Proofs report={report} />
      </Section>
      {report.diffs.length > 0 && (
        <Section title="Edited files">
          <Diffs diffs={report.diffs} />
        </Section>
      )}
      <Section title="Accepted, and found before">
        <Lines
          lines={report.accepted.length > 0 ? report.accepted : ["Nothing out of the ordinary was accepted."]}
        />
        {report.found.length > 0 && <Facts facts={report.found} />}
      </Section>
      <WayBack until={report.wayBackUntil} steps={report.wayBack} />
      <Section title="Every step">
        {report.runs.map((run) => (
          <Run run={run} />
        ))}
      </Section>
      <OnCall people={report.onCall} />
      {report.before.length > 0 && (
        <Section title="Runs before this one">
          <Lines lines={report.before} />
        </Section>
      )}
      <footer>
        Written {sayTime(report.written)} from the journal on the servers. Times are the operator's clock.
      </footer>
    </>,
  );
}

function Outcome({ report }: { report: Report }) {
  const { outcome } = report;
  const says = {
    done: "done",
    "taken back": "taken back: nothing was moved",
    "not finished": "not finished",
  }[outcome];
  return (
    <span class={`badge ${outcome === "done" ? "good" : outcome === "taken back" ? "warn" : "bad"}`}>
      {says}
    </span>
  );
}

function Proofs({ report }: { report: Report }) {
  if (report.proofs.length === 0) return <p class="soft">None yet.</p>;
  return (
    <>
      {report.proofs.map((proof) => (
        <div class="card">
          <p>
            <b class="good">✓ {proof.shows}</b>{" "}
            <span class="soft">
              · {proof.host} · {sayTime(proof.at)}
            </span>
          </p>
          <p class="soft">{proof.says}</p>
          <dl>
            <dt>found</dt>
            <dd>{proof.found}</dd>
            {Object.entries(proof.compared).map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd class="mono">{value}</dd>
              </>
            ))}
          </dl>
        </div>
      ))}
    </>
  );
}

function Run({ run }: { run: ReportedRun }) {
  return (
    <>
      <h3>
        {run.title}{" "}
        <span class="soft">
          · {run.outcome} · begun {sayTime(run.begun)}
        </span>
      </h3>
      <div class="card">
        <table>
          <thead>
            <tr>
              <th>phase</th>
              <th>host</th>
              <th>step</th>
              <th>found</th>
              <th class="number">took</th>
            </tr>
          </thead>
          <tbody>
            {run.steps.map((step) => (
              <tr>
                <td class="phase">{step.phase}</td>
                <td class="host">{step.host}</td>
                <td>{step.says}</td>
                <td class={TONES[step.state]}>
                  {[...(step.state === "done" ? [] : [step.state]), ...(step.found ? [step.found] : [])].join(
                    ": ",
                  )}
                </td>
                <td class="number">{step.took ? sayDuration(step.took.seconds) : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const TONES: Readonly<Record<StepState, string>> = {
  done: "soft",
  failed: "bad",
  "taken back": "warn",
  "not finished": "bad",
  "not begun": "soft",
};

function count(report: Report, state: StepState): number {
  return report.runs.flatMap(({ steps }) => steps).filter((step) => step.state === state).length;
}

function owners(report: Report): string {
  return [...new Set(report.runs.map(({ owner }) => owner))].join("\n");
}
