/**
 * The dashboard as Grafana reads it, built with Grafana's own SDK, so that its types say what is valid.
 *
 * The data source is a variable and the id is empty: the same file serves both ways into Grafana, import by hand and
 * provisioning from a folder. The uid is fixed, so that a new export replaces the old one under the same address.
 */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { BigValueColorMode } from "@grafana/grafana-foundation-sdk/common";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as Line } from "@grafana/grafana-foundation-sdk/timeseries";
import { annotationLayers } from "./annotations";
import { type Chart, ROWS } from "./panels";

export const DASHBOARD_UID = "pulumi-zookeeper";

/** Prometheus, whichever one the reader picked at the top of the page. */
const PROMETHEUS = { type: "prometheus", uid: "${datasource}" };

export function dashboard(): Dashboard {
  const builder = new DashboardBuilder("ZooKeeper and its migration")
    .uid(DASHBOARD_UID)
    .description(
      "Health of the ensembles on both sides of a switchover. Written by pulumi-zookeeper: changes made by hand are lost with the next export.",
    )
    .tags(["zookeeper", "pulumi-zookeeper"])
    .timezone("browser")
    .time({ from: "now-3h", to: "now" })
    .refresh("15s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"))
    .withVariable(
      new QueryVariableBuilder("ensemble")
        .label("Ensemble")
        .datasource(PROMETHEUS)
        .query('label_values(up{ensemble!=""}, ensemble)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .current({ selected: true, text: "All", value: "$__all" }),
    )
    .annotations(annotationLayers(PROMETHEUS));
  for (const row of ROWS) {
    builder.withRow(new RowBuilder(row.title));
    for (const chart of row.charts) builder.withPanel(panel(chart));
  }
  return builder.build();
}

/** JSON for import by hand and for provisioning. */
export function dashboardJson(): string {
  return `${JSON.stringify(dashboard(), undefined, 2)}\n`;
}

/** Grafana's provisioning file that points at the folder of {@link dashboardJson}. */
export function dashboardProvider(folder: string): unknown {
  return {
    apiVersion: 1,
    providers: [{ name: "pulumi-zookeeper", type: "file", allowUiUpdates: false, options: { path: folder } }],
  };
}

function panel(chart: Chart): Builder<Panel> {
  const common = chart.kind === "stat" ? new Stat().colorMode(BigValueColorMode.None) : new Line();
  common
    .title(chart.title)
    .description(chart.says)
    .datasource(PROMETHEUS)
    .unit(chart.unit)
    .height(chart.kind === "stat" ? 4 : 8)
    .span(chart.width);
  chart.queries.forEach(({ expr, legend }, index) => {
    const refId = String.fromCharCode("A".charCodeAt(0) + index);
    common.withTarget(
      new DataqueryBuilder().refId(refId).datasource(PROMETHEUS).expr(expr).legendFormat(legend),
    );
  });
  return chart.unit === "percentunit" ? common.min(0) : common;
}
