/** Whoever is woken up follows the alert's link: it must lead to a section, and no section may speak of an alert that is gone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { alertRule } from "../../../core/monitoring/alert";
import { completeMonitoring } from "../../../core/monitoring/desired";
import { alertGroups } from "../../../core/monitoring/files";
import { both } from "./desired";

const text = readFileSync(join(__dirname, "../../../docs/runbook.md"), "utf8");
const monitoring = completeMonitoring(both);
const alerts = Object.values(alertGroups(monitoring)).flat();
const headings = [...text.matchAll(/^### (.+)$/gm)].map(([, heading = ""]) => heading);

test("every alert has its section, and every section its alert", () => {
  expect([...headings].sort()).toEqual(alerts.map(({ name }) => name).sort());
});

test("every alert's link ends in the anchor of its section", () => {
  for (const alert of alerts)
    expect(alertRule(alert, monitoring).annotations["runbook_url"]).toBe(
      `docs/runbook.md#${anchorOf(alert.name)}`,
    );
});

test("links within the runbook lead somewhere", () => {
  const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading)));
  const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor);
  expect(links).not.toEqual([]);
  expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
});

test("every section says what to do", () => {
  for (const section of text.split(/^### /m).slice(1)) expect(section.split(/^## /m)[0]).toMatch(/^- /m);
});

/** As GitHub and most renderers make them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
