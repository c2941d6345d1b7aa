/**
 * The whole move, described by the stack's configuration alone: see Pulumi.example.yaml for every key.
 *
 * What is secret comes by keys of its own (`sshPrivateKey`, `sshPrivateKeyPassword`, `sshPassword`,
 * `clickhousePassword`, `grafanaToken`), set with `pulumi config set --secret`, so that the rest of the configuration
 * stays readable in previews and in the state.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ZooKeeperMigrationArgs } from "../components/zookeeper-migration";
import { ZooKeeperMigration } from "../components/zookeeper-migration";

type Plain = Record<string, unknown>;

export function migrationFromConfig(config: pulumi.Config = new pulumi.Config()): ZooKeeperMigration {
  const login = loginOf(config);
  const source = config.requireObject<Plain>("source");
  const target = config.requireObject<Plain>("target");
  const consumers = config.getObject<Record<string, Plain>>("consumers") ?? {};
  const password = config.getSecret("clickhousePassword");
  const monitoring = config.getObject<Plain>("monitoring");
  const grafana = config.getObject<Plain>("grafana");
  const args = {
    ...(config.getObject<Plain>("options") ?? {}),
    active: config.get("active") ?? "target",
    finalized: config.getBoolean("finalized") ?? false,
    source: withLogin(source, login),
    target: withLogin(target, login),
    consumers: Object.fromEntries(
      Object.entries(consumers).map(([name, consumer]) => [
        name,
        withPassword({ name, ...withLogin(consumer, login) }, password),
      ]),
    ),
    verify: config.getObject<Plain>("verify"),
    monitoring: monitoring && withLogin(monitoring, login),
    ...given({
      reports: config.get("reports"),
      onCall: config.getObject<Plain[]>("onCall"),
      grafana: grafana && { ...grafana, token: config.requireSecret("grafanaToken") },
    }),
  };
  // Read and checked, with a message for every mistake, by the resources themselves.
  return new ZooKeeperMigration(config.get("name") ?? "zookeeper", args as unknown as ZooKeeperMigrationArgs);
}

/** Without the keys that the configuration leaves out: the resources have defaults of their own. */
function given(values: Plain): Plain {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** What every connection gets unless it says otherwise. */
function loginOf(config: pulumi.Config): Plain {
  const { privateKeyFile, ...ssh } = config.getObject<Plain>("ssh") ?? {};
  const privateKey =
    typeof privateKeyFile === "string"
      ? pulumi.secret(readFileSync(resolve(privateKeyFile.replace(/^~/, homedir())), "utf8"))
      : config.getSecret("sshPrivateKey");
  const privateKeyPassword = config.getSecret("sshPrivateKeyPassword");
  const password = config.getSecret("sshPassword");
  return {
    ...ssh,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPassword === undefined ? {} : { privateKeyPassword }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Hosts may be written as `zk1: { connection: {...} }`; the login fills what the connection leaves out. */
function withLogin(value: Plain, login: Plain): Plain {
  const filled = Object.entries(value)
    .filter(
      ([key, hosts]) =>
        ["hosts", "metas", "host"].includes(key) && typeof hosts === "object" && hosts !== null,
    )
    .map(([key, hosts]) => [
      key,
      Object.fromEntries(
        Object.entries(hosts as Record<string, Plain>).map(([name, host]) => [
          name,
          { ...host, connection: { ...login, ...(host["connection"] as Plain | undefined) } },
        ]),
      ),
    ]);
  return { ...value, ...(Object.fromEntries(filled) as Plain) };
}

function withPassword(consumer: Plain, password: pulumi.Output<string> | undefined): Plain {
  if (password === undefined || consumer["kind"] !== "clickhouse") return consumer;
  return { ...consumer, query: { ...(consumer["query"] as Plain | undefined), password } };
}
