/** The newest line of any journal in the lab: where a run was when it was killed. */
import type { Lab } from "../lab/lab";

interface Line {
  readonly at: string;
  readonly event: string;
  readonly step?: string;
  readonly plan?: { readonly operation: string };
}

export async function lastEntry(lab: Lab): Promise<string> {
  const texts = await Promise.all(
    lab.specs
      .filter(({ role }) => role.endsWith("zookeeper"))
      .map(async ({ name }) => (await lab.host(name).exec(["sh", "-c", TAIL])).stdout),
  );
  const lines = texts.flatMap((text) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line),
  );
  const newest = lines.reduce<Line | undefined>(
    (a, b) => (a === undefined || b.at >= a.at ? b : a),
    undefined,
  );
  if (!newest) return "nothing";
  return [newest.event, newest.step ?? newest.plan?.operation].filter(Boolean).join(" ");
}

const TAIL = "tail -qn 1 /var/lib/pulumi-zookeeper/*/journal.jsonl 2>/dev/null";
