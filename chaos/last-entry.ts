/** The newest line of any journal in the lab: where a run was when it was killed. */
import { existsSync, readdirSync } from "node:fs";
import { STATE_FOLDER } from "../core/journal/folder";
import type { LabHost } from "../lab/host";
import type { Lab } from "../lab/lab";

interface Line {
  readonly at: string;
  readonly event: string;
  readonly step?: string;
  readonly plan?: { readonly operation: string };
}

export function lastEntry(lab: Lab): string {
  const newest = lab.specs
    .filter(({ role }) => role.endsWith("zookeeper"))
    .flatMap(({ name }) => lastLines(lab.host(name)))
    .reduce<Line | undefined>((a, b) => (a === undefined || b.at >= a.at ? b : a), undefined);
  if (!newest) return "nothing";
  return [newest.event, newest.step ?? newest.plan?.operation].filter(Boolean).join(" ");
}

/** Of each of the host's journals. */
function lastLines(host: LabHost): Line[] {
  const folder = host.seenFromOutside(STATE_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((run) => {
    const text = host.peek(`${STATE_FOLDER}/${run}/journal.jsonl`)?.toString();
    const last = text?.trim().split("\n").at(-1);
    return last ? [JSON.parse(last) as Line] : [];
  });
}
