/** A plan as a page, for the reviewer who was not at the terminal: what speaks against it first, then what it does. */
import type { Complaint } from "../../engine/errors";
import type { PlanRow } from "../../engine/plan-text";
import type { Diff, Fact } from "../model";
import { documentOf } from "./document";
import { Diffs, Facts, Lines, OnCall, sayTime, Section, WayBack } from "./parts";

/** Also what lies beside the page as JSON. */
export interface PlanReview {
  /** Which migration this is, on the hosts. */
  readonly migration: string;
  readonly title: string;
  /** From where to where, versions, strategy: from the arguments. */
  readonly facts: readonly Fact[];
  /** What was found on the hosts, and what it will cost. */
  readonly found: readonly Fact[];
  /** What speaks against it; nothing is carried out while there is any. */
  readonly refused: readonly Complaint[];
  readonly accepted: readonly string[];
  /** What is done, by the resource that does it, in that order. */
  readonly chapters: readonly { readonly title: string; readonly rows: readonly PlanRow[] }[];
  readonly diffs: readonly Diff[];
  readonly wayBack: readonly string[];
  readonly wayBackUntil: string;
  readonly onCall: readonly Fact[];
  /** ISO 8601. */
  readonly written: string;
}

export function planPage(review: PlanReview): string {
  return documentOf(
    `Plan: ${review.title}`,
    <>
      <p class="kicker">
        pulumi-zookeeper · {review.migration} · planned {sayTime(review.written)}
      </p>
      <h1>{review.title}</h1>
      <p>
        {review.refused.length > 0 ? (
          <span class="badge bad">refused</span>
        ) : (
          <span class="badge good">can be carried out</span>
        )}{" "}
        <span class="soft">
          Nothing was changed. pulumi up looks again, and carries out what it finds then.
        </span>
      </p>
      {review.refused.map((complaint) => (
        <div class="card note bad">
          <dl>
            <dt>where</dt>
            <dd>{complaint.where}</dd>
            <dt>found</dt>
            <dd>{complaint.found}</dd>
            <dt>expected</dt>
            <dd>{complaint.expected}</dd>
            <dt>next</dt>
            <dd>{complaint.next}</dd>
          </dl>
        </div>
      ))}
      <Section title="What will be moved">
        <Facts facts={review.facts} />
        {review.found.length > 0 && <Facts facts={review.found} />}
      </Section>
      {review.accepted.length > 0 && (
        <Section title="Accepted">
          <Lines lines={review.accepted} />
        </Section>
      )}
      {review.chapters.map(({ title, rows }) => (
        <Section title={title}>
          <Steps rows={rows} />
        </Section>
      ))}
      {review.diffs.length > 0 && (
        <Section title="Files that will be edited">
          <Diffs diffs={review.diffs} />
        </Section>
      )}
      <WayBack until={review.wayBackUntil} steps={review.wayBack} />
      <OnCall people={review.onCall} />
      <footer>Planned {sayTime(review.written)} from what the hosts answered.</footer>
    </>,
  );
}

function Steps({ rows }: { rows: readonly PlanRow[] }) {
  const noReturn = rows.findIndex((row) => row.pointOfNoReturn);
  return (
    <div class="card">
      <table>
        <thead>
          <tr>
            <th>phase</th>
            <th>hosts</th>
            <th>step</th>
            <th>taken back by</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr class={index === noReturn ? "noreturn" : undefined}>
              <td class="phase">{row.phase}</td>
              <td class="hosts">{hostsOf(row)}</td>
              <td>{row.says}</td>
              <td class="soft">{row.undo ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A line breaks between hosts, never within a name. */
function hostsOf({ hosts }: PlanRow) {
  return hosts.split(", ").map((host, index) => (
    <>
      {index > 0 && ", "}
      <span class="whole">{host}</span>
    </>
  ));
}
