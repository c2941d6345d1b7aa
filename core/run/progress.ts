/** Where the lines of a run go: the resource's own row in Pulumi's display. */
import type { Progress } from "../engine/execute";

/** Set by the provider process; a run outside Pulumi (a test, the bench) prints. */
export type ProgressSink = (line: string, urn: string | undefined) => void;

let sink: ProgressSink = (line) => process.stderr.write(`${line}\n`);

export function setProgressSink(next: ProgressSink): void {
  sink = next;
}

export function progressFor(urn: string | undefined): Progress {
  return { say: (line) => sink(line, urn) };
}
