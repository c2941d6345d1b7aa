/**
 * The marks that a switchover leaves on the charts: fence, repoint, release.
 *
 * They are posted to Grafana's own store of annotations by tags, because the moments are known to the second
 * by whoever carries the switchover out, and by no metric. One layer beside them comes from Prometheus alone
 * (a side comes into service), so that the charts are not bare where Grafana could not be reached.
 */
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { type AnnotationQuery, AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";

export const MOMENTS = ["fence", "repoint", "release"] as const;
export type Moment = (typeof MOMENTS)[number];

const COLOURS: Readonly<Record<Moment, string>> = { fence: "red", repoint: "orange", release: "green" };

/** Tag that sets our annotations apart from everybody else's. */
const OURS = "pulumi-zookeeper";

/** Body of `POST /api/annotations`. */
export interface AnnotationBody {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly tags: readonly string[];
  readonly text: string;
}

/** What to post to Grafana at a moment of the switchover; `says` is one line for the reader, without secrets. */
export function annotationOf(moment: Moment, at: Date, says: string): AnnotationBody {
  return { time: at.getTime(), tags: [OURS, moment], text: says };
}

export function annotationLayers(prometheus: { type: string; uid: string }): Builder<AnnotationQuery>[] {
  return [...MOMENTS.map(momentLayer), serviceLayer(prometheus)];
}

function momentLayer(moment: Moment): Builder<AnnotationQuery> {
  return new AnnotationQueryBuilder()
    .name(moment)
    .datasource({ type: "grafana", uid: "-- Grafana --" })
    .enable(true)
    .iconColor(COLOURS[moment])
    .target(tagged([OURS, moment]));
}

/** True for two minutes from the scrape at which the targets of an ensemble got the role `serving`. */
const COMES_INTO_SERVICE =
  'count by (ensemble) (up{role="serving"}) unless count by (ensemble) (up{role="serving"} offset 2m)';

function serviceLayer(prometheus: { type: string; uid: string }): Builder<AnnotationQuery> {
  return new AnnotationQueryBuilder()
    .name("comes into service")
    .datasource(prometheus)
    .enable(true)
    .iconColor("blue")
    .expr(COMES_INTO_SERVICE)
    .step("30s")
    .titleFormat("{{ensemble}} comes into service");
}

/** Grafana's own query by tags, which the SDK's annotation builder takes only as a data query. */
function tagged(tags: string[]): Builder<Dataquery> {
  const query = {
    limit: 100,
    matchAny: false,
    tags,
    type: "tags",
    _implementsDataqueryVariant: () => undefined,
  };
  return { build: () => query };
}
