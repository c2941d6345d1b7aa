/** What a run of the CLI must have come to. */
import type { PulumiResult } from "../../../lab/pulumi";

/** What the CLI printed, if it ended well. */
export function ended({ code, output }: PulumiResult): string {
  if (code !== 0) throw new Error(`pulumi ended with ${code}:\n${output}`);
  return output;
}

/** What the CLI printed, if it refused by itself. */
export function refused({ code, output }: PulumiResult): string {
  if (code !== 0 && code !== 124) return output;
  throw new Error(`pulumi ended with ${code}, where it should have refused:\n${output}`);
}

/** `--target` for a part of the migration alone. */
export function only(...types: ("ZooKeeperEnsemble" | "ZkDataMigration")[]): string[] {
  return ["ZooKeeperMigration", ...types].flatMap((type) => ["--target", `**:${type}::**`]);
}
