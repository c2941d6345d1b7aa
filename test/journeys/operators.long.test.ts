/**
 * Two operators, and one who goes away: the lock, a CLI that is killed alone, `pulumi cancel`, and ^C once and twice.
 */
import { commandLineOf, sessionMembers, startTime } from "../../lab/processes";
import { until } from "../../lab/wait";
import { ended } from "./harness/expect";
import { useStage } from "./harness/stage";
import { labArguments } from "../../lab/arguments";
import { migrationSchema } from "../../core/run/desired";
import { moveTo } from "../../core/run/migration";

const stage = useStage();
/** Four runs of the CLI, on a busy machine. */
const TIMEOUT_MS = 900_000;
const PATIENT = { timeoutMs: 400_000 };

/** A provider that has lost its engine looks for it once a second. */
const PROVIDER_GONE_WITHIN_MS = 20_000;

test(
  "killed alone, cancelled, interrupted: refused while it runs, gone on with afterwards",
  async () => {
    const up = stage.pulumi.start(["up", "--yes", "--skip-preview"], PATIENT);
    await up.printed(/stage the newest/);
    const held = moveTo(migrationSchema.parse(labArguments(stage.lab.inventory)), "source", {
      say: () => undefined,
    });
    await expect(held).rejects.toThrow(
      /^zk-\w+\d: another run is at work: \S+@\S+, pid \d+, since \d{4}-\d\d-\d\dT[\d:.]+Z\. .*Nothing was changed\.$/s,
    );

    const provider = providersOf(up.pid);
    expect(provider.length).toBeGreaterThan(0);
    up.killCli();
    await until(
      "the provider ends with its CLI",
      async () => provider.filter((pid) => startTime(pid) !== undefined).join(", ") || undefined,
      PROVIDER_GONE_WITHIN_MS,
    );
    await up.done;

    ended(await stage.pulumi.run(["cancel", "--yes"]));
    const second = ended(await stage.pulumi.up([], PATIENT));
    expect(second).toContain("going on with forward");

    const once = stage.pulumi.start(["destroy", "--yes", "--skip-preview"], PATIENT);
    await once.printed(/stage the newest/);
    once.interrupt();
    await once.printed(/remove what was staged|release/);
    once.interrupt();
    expect((await once.done).code).not.toBe(0);
    await stage.pulumi.run(["cancel", "--yes"]);
    const last = ended(await stage.pulumi.destroy([], PATIENT));
    expect(last).toMatch(/Resources:\n +- \d+ deleted/);
  },
  TIMEOUT_MS,
);

/** The provider of the dynamic resources, and what started it. */
function providersOf(session: number): number[] {
  return sessionMembers(session).filter((pid) => commandLineOf(pid).includes("dynamic-provider"));
}
