/** The dashboard's shape as Grafana reads it; that its queries have data is shown by test/contract/monitoring-dashboard. */
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { annotationOf, MOMENTS } from "../../../core/monitoring/dashboard/annotations";
import { dashboardJson, DASHBOARD_UID } from "../../../core/monitoring/dashboard/dashboard";
import { ROWS } from "../../../core/monitoring/dashboard/panels";

const json = JSON.parse(dashboardJson()) as Dashboard;
const panels = json.panels ?? [];
const charts = ROWS.flatMap((row) => row.charts);

test("it can be imported and provisioned: no id, a fixed uid, the data source a variable", () => {
  expect(json.id ?? null).toBeNull();
  expect(json.uid).toBe(DASHBOARD_UID);
  expect(json.schemaVersion).toBeGreaterThan(35);
  expect(json.templating?.list?.map(({ name, type }) => [name, type])).toEqual([
    ["datasource", "datasource"],
    ["ensemble", "query"],
  ]);
});

test("every row and chart is there, with a query and a word on what is healthy", () => {
  expect(panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual(
    ROWS.map(({ title }) => title),
  );
  const drawn = panels.flatMap((panel) => (panel.type === "row" || !("targets" in panel) ? [] : [panel]));
  expect(drawn.map(({ title }) => title)).toEqual(charts.map(({ title }) => title));
  for (const panel of drawn) {
    expect(panel).toMatchObject({
      description: expect.stringMatching(/\.$/) as string,
      datasource: { type: "prometheus", uid: "${datasource}" },
      targets: [
        { expr: expect.stringMatching(/\w/) as string, refId: expect.stringMatching(/\w/) as string },
      ],
    });
  }
});

test("no two charts lie on each other, and none leaves the page", () => {
  const cells = new Set<string>();
  for (const { gridPos, title } of panels) {
    if (!gridPos) throw new Error(`${title ?? "a panel"} has no place`);
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.has(`${x},${y}`)).toBe(false);
        cells.add(`${x},${y}`);
      }
  }
});

test("the migration row shows old left and new right", () => {
  const places = panels
    .filter(({ title }) => /, (old|new) side$/.test(title ?? ""))
    .map(({ title = "", gridPos }) => [title.slice(-8, -5), gridPos?.x]);
  expect(places).toEqual([
    ["old", 0],
    ["new", 12],
    ["old", 0],
    ["new", 12],
    ["old", 0],
    ["new", 12],
  ]);
});

test("each moment's layer asks for the tags with which the moment is posted", () => {
  for (const moment of MOMENTS) {
    const layer = json.annotations?.list?.find(({ name }) => name === moment);
    const posted = annotationOf(moment, new Date("2024-02-29T01:02:03.004Z"), "writers paused");
    expect(posted).toEqual({
      time: 1709168523004,
      tags: ["pulumi-zookeeper", moment],
      text: "writers paused",
    });
    expect(layer).toMatchObject({ enable: true, target: { type: "tags", tags: posted.tags } });
  }
});
