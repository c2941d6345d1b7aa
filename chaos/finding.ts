/** What the explorer looks for; each kind is a column of its table. */
export type Kind = "lost" | "split brain" | "stuck" | "history" | "half written" | "left over";
export const KINDS: readonly Kind[] = [
  "lost",
  "split brain",
  "stuck",
  "history",
  "half written",
  "left over",
];

/** Exit code of the explorer when it has found something; 1 is a failure of its own. */
export const FOUND = 3;

export interface Finding {
  readonly kind: Kind;
  readonly what: string;
}

/** Runs a look; what it throws is a finding of that kind. */
export async function found(kind: Kind, look: () => Promise<void>): Promise<Finding[]> {
  try {
    await look();
    return [];
  } catch (error) {
    return [{ kind, what: error instanceof Error ? error.message : String(error) }];
  }
}
