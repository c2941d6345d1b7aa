/**
 * A table that is made, configured and dropped again, to see the metas, the replica servers and ZooKeeper work
 * together: `create`, every partition fully healthy, `set_app_envs`, `drop`.
 *
 * What counts is what `ls -a -d` shows afterwards, not what the commands say. It is not tried unless it is asked for,
 * because Pegasus keeps something of it: the record of a dropped table stays in the metadata, and its replicas on disk
 * until the level is `lively` (`server_state::on_config_sync`), so that a later recovery brings the table back. Whatever
 * came back is dropped by the next canary, and counts neither as lost nor as new.
 */
import { UserError } from "../engine/errors";
import type { JsonObject } from "../engine/step";
import { waitFor } from "../engine/wait";
import type { World } from "../transports/contract";
import { sayShellFailure } from "./read/answer";
import { readApps, type App } from "./read/apps";
import { CANARY_PREFIX, isCanary } from "./read/judge";
import { readNodes } from "./read/nodes";
import { askShell, type ShellPlace } from "./shell";

/** A well-known key with a harmless value: metas refuse keys that they do not know. */
const ENV = { key: "default_ttl", value: "86400" };
/** `create` itself waits until every partition has its replicas, for as long as that takes. */
const CREATE_WITHIN_SECONDS = 120;
const HEALTHY_WITHIN_MS = 60_000;
/** As many as tables have by default, where there are so many servers. */
const REPLICAS = 3;

/** @throws UserError with the command that failed, or with what was not seen after it */
export async function runCanary(world: World, shell: ShellPlace, run: string): Promise<JsonObject> {
  const cluster = new Cluster(world, shell);
  await cluster.dropCanaries();
  const name = `${CANARY_PREFIX}${run.replace(/\W/g, "_")}`;
  const replicas = Math.min(REPLICAS, await cluster.nodesAlive());
  try {
    await cluster.tell(`create ${name} -p 1 -r ${replicas}`);
    const made = await cluster.until(name, "one partition, fully healthy", isHealthy);
    await cluster.tell(`use ${name}\nset_app_envs ${ENV.key} ${ENV.value}`);
    await cluster.until(name, "its configuration", ({ envs }) => envs === 1);
    await cluster.dropCanaries();
    return {
      table: `${name} (${made.id}), created with ${replicas} replicas and dropped again`,
      healthy: `${made.health?.fullyHealthy} of ${made.partitions} partitions`,
      configured: `${ENV.key} = ${ENV.value}`,
    };
  } catch (error) {
    // Why it failed is what counts: what cannot be dropped now is dropped by the next canary.
    await cluster.dropCanaries().catch(() => undefined);
    throw error;
  }
}

function isHealthy({ status, partitions, health }: App): boolean {
  return status === "AVAILABLE" && health?.fullyHealthy === partitions;
}

class Cluster {
  constructor(
    private readonly world: World,
    private readonly shell: ShellPlace,
  ) {}

  /** Those of this run, of one that was interrupted, and those that a recovery brought back. */
  async dropCanaries(): Promise<void> {
    const left = async () => (await this.tables()).filter((app) => isCanary(app) && app.status !== "DROPPED");
    const found = await left();
    // The least that can be asked for: by default Pegasus keeps a dropped table for a week.
    for (const { name } of found) await this.tell(`drop ${name} -r 1`);
    if (found.length === 0) return;
    const names = (apps: readonly App[]) => apps.map(({ name, status }) => `${name} is ${status}`).join(", ");
    const sight = await waitFor(
      async () => {
        const still = await left();
        return { done: still.length === 0, found: names(still) };
      },
      { timeoutMs: HEALTHY_WITHIN_MS, everyMs: 500 },
    );
    if (!sight.done) throw new UserError(`after drop: ${sight.found}. Look into the primary meta's log.`);
  }

  async nodesAlive(): Promise<number> {
    const answer = await askShell(this.world, this.shell, "nodes -d", readNodes);
    if (!answer.ok) throw new UserError(`nodes -d: ${sayShellFailure(answer.failure)}`);
    return answer.value.filter(({ alive }) => alive).length;
  }

  async tell(command: string): Promise<void> {
    const answer = await askShell(this.world, this.shell, command, () => undefined, CREATE_WITHIN_SECONDS);
    if (answer.ok) return;
    const said = command.replaceAll("\n", "; ");
    throw new UserError(`${said}: ${sayShellFailure(answer.failure)}. Look into the primary meta's log.`);
  }

  async until(name: string, expected: string, holds: (app: App) => boolean): Promise<App> {
    let seen: App | undefined;
    const sight = await waitFor(
      async () => {
        seen = (await this.tables()).find((app) => app.name === name && app.status !== "DROPPED");
        return { done: seen !== undefined && holds(seen), found: seen ? sayApp(seen) : "no such table" };
      },
      { timeoutMs: HEALTHY_WITHIN_MS, everyMs: 500 },
    );
    if (sight.done && seen) return seen;
    throw new UserError(
      `the canary table ${name}: found ${sight.found} after ${HEALTHY_WITHIN_MS / 1000} s; expected ${expected}. ` +
        "Look into the primary meta's log.",
    );
  }

  private async tables(): Promise<readonly App[]> {
    const answer = await askShell(this.world, this.shell, "ls -a -d", readApps);
    if (answer.ok) return answer.value;
    throw new UserError(`ls -a -d: ${sayShellFailure(answer.failure)}`);
  }
}

function sayApp({ status, partitions, envs, health }: App): string {
  return `${status}, ${health?.fullyHealthy ?? "?"} of ${partitions} partitions fully healthy, ${envs} envs`;
}
