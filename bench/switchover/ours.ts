/** Runs this package's own switchover on the lab, by the functions that its Pulumi resources call. */
import { readFileSync } from "node:fs";
import type { MigrationDesired } from "../../core/run/desired";
import { migrationSchema } from "../../core/run/desired";
import { moveTo, repointOrRollBack } from "../../core/run/migration";
import type { Inventory } from "../../lab/inventory";
import { stackConfig } from "../../lab/stack-config";
import type { Phases } from "./table";

type Plain = Record<string, unknown>;

/**
 * The lab's stack configuration as checked arguments, with the load as the writers of ClickHouse.
 * @param fence of the ClickHouse servers: what they do while no ensemble serves them
 */
export function desiredOf(
  inventory: Inventory,
  active: "target" | "source",
  fence: "readOnly" | "stopped",
): MigrationDesired {
  const config = stackConfig(inventory, { withLoad: true }) as Record<string, Plain>;
  const { ssh = {}, source = {}, target = {}, consumers = {} } = config;
  const login = { user: ssh["user"], privateKey: readFileSync(String(ssh["privateKeyFile"]), "utf8") };
  const clickhouse = consumers["clickhouse"] as Plain;
  return migrationSchema.parse({
    source: withLogin(source, login),
    target: withLogin(target, login),
    consumers: [{ ...withLogin(clickhouse, login), name: "clickhouse", fence }],
    active,
  });
}

/** Moves the data, repoints ClickHouse and resumes its writers, as `pulumi up` does. */
export async function runOurs(desired: MigrationDesired, say: (line: string) => void): Promise<Phases> {
  const { active, consumers } = desired;
  const [consumer] = consumers;
  if (!consumer) throw new Error("no consumer to repoint");
  const moved = await moveTo(desired, active, { say });
  const repointed = await repointOrRollBack({ consumer, migration: desired, verify: [] }, { say });
  return [...moved.timeline, ...repointed.timeline].map(({ phase, seconds }) => ({ name: phase, seconds }));
}

function withLogin(value: Plain, login: Plain): Plain {
  const hosts = Object.entries(value["hosts"] as Record<string, { connection: Plain }>);
  return {
    ...value,
    hosts: Object.fromEntries(
      hosts.map(([name, host]) => [name, { ...host, connection: { ...login, ...host.connection } }]),
    ),
  };
}
