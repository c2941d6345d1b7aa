/**
 * Marks fence, repoint and release on the charts of Grafana, where the user has one: the moments are read from the
 * journal, so that they are right also when they are posted late.
 *
 * A Grafana that cannot be reached is said and changes nothing. What is marked already (a run that was gone on with, a
 * report that is filed again) is not marked twice.
 */
import type { Progress } from "../engine/execute";
import type { Run } from "../engine/journal";
import { timelineOf } from "../engine/timeline";
import { annotationOf, MOMENTS, type AnnotationBody, type Moment } from "../monitoring/dashboard/annotations";
import { moveOf } from "../report/episodes";
import type { MigrationDesired } from "./desired";

const ANSWER_WITHIN_MS = 5_000;

export async function markCharts(
  { grafana }: Pick<MigrationDesired, "grafana">,
  episode: readonly Run[],
  progress: Progress,
): Promise<void> {
  if (!grafana || episode.length === 0) return;
  try {
    for (const mark of marksOf(episode)) {
      if (!(await isMarked(grafana, mark))) await ask(grafana, "POST", "/api/annotations", mark);
    }
  } catch (error) {
    progress.say(`not marked on ${grafana.url}: ${reasonOf(error)}`);
  }
}

/** Of the moments that the episode came to: the first fence, the first repointing, the last writer let go. */
export function marksOf(episode: readonly Run[]): AnnotationBody[] {
  const spans = episode.flatMap(timelineOf);
  const { title } = moveOf(episode).plan;
  const times: Readonly<Record<Moment, string | undefined>> = {
    fence: spans.find(({ phase }) => phase === "fence")?.from,
    repoint: spans.find(({ phase }) => phase === "repoint")?.from,
    release: spans.findLast(({ phase }) => phase === "release")?.to,
  };
  return MOMENTS.flatMap((moment) => {
    const at = times[moment];
    return at === undefined ? [] : [annotationOf(moment, new Date(at), `${moment}: ${title}`)];
  });
}

type Grafana = NonNullable<MigrationDesired["grafana"]>;

async function isMarked(grafana: Grafana, { time, tags }: AnnotationBody): Promise<boolean> {
  const query = new URLSearchParams([["from", String(time)], ["to", String(time)], ...tagged(tags)]);
  const found = await ask(grafana, "GET", `/api/annotations?${query.toString()}`);
  return Array.isArray(found) && found.length > 0;
}

const tagged = (tags: readonly string[]) => tags.map((tag) => ["tags", tag]);

async function ask(
  { url, token }: Grafana,
  method: "GET" | "POST",
  path: string,
  body?: AnnotationBody,
): Promise<unknown> {
  const response = await fetch(`${url.replace(/\/+$/, "")}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!response.ok) {
    const next = [401, 403].includes(response.status)
      ? "; the token needs annotations:read and annotations:create"
      : "";
    throw new Error(`${method} ${path} was answered with ${response.status}${next}`);
  }
  return response.json();
}

/** fetch says no more than that it failed; why is its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
