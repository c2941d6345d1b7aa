/**
 * What the user may ask for in a ZooKeeper ensemble and in a migration: the arguments with their defaults, which are
 * the published procedure's, and the rules that need no look at a host.
 *
 * Arguments arrive from Pulumi as untyped JSON, so the schema is the only way in.
 */
import { isIP } from "node:net";
import { posix } from "node:path";
import { z } from "zod";
import type { Hosts } from "../transports/contract";
import { argumentOf } from "./zoo-cfg-keys";

const port = z.int().min(1).max(65535);
const absolutePath = z
  .string()
  .regex(/^\/[^\0\n]*$/, "an absolute path")
  .refine((path) => !path.split("/").includes(".."), "a path without ..");

/** Of what is installed: zkServer.sh, zoo.cfg (Latin-1, backslash escapes), log4j and systemd read it, each its own way. */
const installedPath = absolutePath.regex(
  /^[A-Za-z0-9._@+,:=/-]*$/,
  "an absolute path of letters, digits and . _ @ + , : = / -, since ZooKeeper's own scripts read it too",
);

export interface ConnectionArgs extends z.infer<typeof connectionBase> {
  readonly proxy?: ConnectionArgs;
}
const connectionBase = z.strictObject({
  host: z.string().min(1),
  port: port.optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  agentSocketPath: z.string().optional(),
  dialErrorLimit: z.int().optional(),
  perDialTimeout: z.int().optional(),
  hostKey: z.string().optional(),
  insecureIgnoreHostKey: z.boolean().optional(),
});
const connection: z.ZodType<ConnectionArgs> = connectionBase.extend({
  get proxy() {
    return connection.optional();
  },
});

/** A short host name: it becomes part of file names and step ids. */
const hostName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "a short host name: letters, digits, . _ -");
export const hostsSchema = z
  .record(
    hostName,
    z.strictObject({ connection, address: z.string().min(1).optional(), sudo: z.boolean().optional() }),
  )
  .refine((hosts) => Object.keys(hosts).length > 0, "at least one host");

export const userCommandSchema = z.union([
  z.string().transform((run) => ({ run })),
  z.strictObject({
    run: z.string().min(1),
    on: hostName.optional(),
    timeoutSeconds: z.number().positive().optional(),
    expect: z.string().optional(),
  }),
]);

export const ensembleSchema = z
  .strictObject({
    hosts: hostsSchema,
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/, "a release such as 3.7.1")
      .default("3.7.1"),
    myIds: z.record(hostName, z.int().min(1).max(255)).optional(),
    distribution: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).optional(),
        path: z.string().optional(),
        sha512: z.string().regex(/^[0-9a-fA-F]{128}$/, "128 hexadecimal digits (SHA-512)"),
      })
      .refine((one) => (one.url === undefined) !== (one.path === undefined), "exactly one of url and path"),
    clientPort: port.default(2181),
    peerPort: port.default(3181),
    electionPort: port.default(4181),
    installDir: installedPath.default("/opt/zookeeper"),
    dataDir: installedPath.default("/opt/zookeeper/data"),
    dataLogDir: installedPath.default("/opt/zookeeper/log"),
    logDir: installedPath.default("/alidata1/log/zookeeper"),
    tickTime: z.int().min(100).default(2000),
    initLimit: z.int().min(1).default(10),
    syncLimit: z.int().min(1).default(5),
    zooCfg: z
      .record(
        z.string().regex(/^[\w.-]+$/, "a key of zoo.cfg"),
        z.string().regex(/^[\x20-\x5b\x5d-\x7e]*$/, "one line of ASCII without a backslash"),
      )
      .default({}),
    metrics: z
      .union([
        z.literal(false),
        z.strictObject({ port: port.default(7000), exportJvmInfo: z.boolean().default(true) }),
      ])
      .prefault({}),
    jvm: z
      .strictObject({
        initialHeap: z
          .string()
          .regex(/^\d+[kmgKMG]$/, "a size such as 4096m")
          .default("4096m"),
        maxHeap: z
          .string()
          .regex(/^\d+[kmgKMG]$/, "a size such as 5120m")
          .default("5120m"),
        flags: z.array(z.string().regex(/^[^\0\r\n]+$/, "one line")).default([]),
      })
      .prefault({}),
    log4j: z
      .strictObject({
        level: z.enum(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]).default("INFO"),
        maxFileSize: z
          .string()
          .regex(/^\d+(KB|MB|GB)?$/, "a size such as 256MB")
          .default("256MB"),
        maxBackupIndex: z.int().min(1).default(20),
      })
      .prefault({}),
    runAs: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*$/, "a user name")
      .default("zookeeper"),
    service: z.enum(["zkServer", "systemd"]).default("zkServer"),
    removeData: z.boolean().default(false),
  })
  .superRefine((desired, context) => {
    for (const problem of [...problemsOf(desired), ...secretsIn(desired)])
      context.addIssue({ code: "custom", ...problem });
  });

/** A `ZooKeeperEnsemble` as the user wants it, defaults filled in. */
export type EnsembleDesired = z.output<typeof ensembleSchema>;
/** The same as the user writes it. */
export type EnsembleInput = z.input<typeof ensembleSchema>;

export const existingEnsembleSchema = z.strictObject({
  hosts: hostsSchema,
  clientPort: port.default(2181),
  dataDir: absolutePath,
  dataLogDir: absolutePath.optional(),
  start: z.string().min(1),
  stop: z.string().min(1),
  status: z.string().min(1).optional(),
});

/** The ensemble that is there already, run by its owners' own commands. */
export type ExistingDesired = z.output<typeof existingEnsembleSchema>;
export type ExistingInput = z.input<typeof existingEnsembleSchema>;

/** The id of every server: as given, or 1, 2, 3 … in the natural order of the host names. */
export function serverIds(desired: Pick<EnsembleDesired, "hosts" | "myIds">): Map<string, number> {
  const names = namesOf(desired.hosts);
  return new Map(names.map((name, index) => [name, desired.myIds?.[name] ?? index + 1]));
}

/** Short names in natural order: zk2 before zk10. Pulumi does not keep the order of a map. */
export function namesOf(hosts: Hosts): string[] {
  return Object.keys(hosts).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** What peers and clients dial. */
export function addressOf(hosts: Hosts, name: string): string {
  const host = hosts[name];
  return host?.address ?? host?.connection.host ?? name;
}

/** `172.26.53.28:2181,172.26.64.167:2181,172.26.64.168:2181` */
export function connectStringOf(desired: { hosts: Hosts; clientPort: number }): string {
  return namesOf(desired.hosts)
    .map((name) => `${addressOf(desired.hosts, name)}:${desired.clientPort}`)
    .join(",");
}

/** The unpacked release, inside installDir, as the procedure lays it out. */
export function homeOf(desired: Pick<EnsembleDesired, "installDir" | "version">): string {
  return `${desired.installDir}/apache-zookeeper-${desired.version}-bin`;
}

/** Configuration files are printed in previews and kept in journals: what is secret must not get into one. */
function secretsIn(desired: Pick<EnsembleDesired, "zooCfg" | "jvm">): Problem[] {
  const isSecret = (key: string) => /passw|secret|passphrase|superDigest/i.test(key);
  const next = "it would be printed in previews; put it into a file that only the server reads";
  return [
    ...Object.keys(desired.zooCfg)
      .filter((key) => isSecret(key) && !/(path|file|location)$/i.test(key))
      .map((key) => ({ path: ["zooCfg", key], message: `a secret in zoo.cfg: ${next}` })),
    ...desired.jvm.flags.flatMap((flag, index) =>
      isSecret(flag.split("=")[0] ?? "")
        ? [{ path: ["jvm", "flags", String(index)], message: `a secret among the JVM's flags: ${next}` }]
        : [],
    ),
  ];
}

/**
 * Arguments whose folder lies in the release's own. Complained about before anything is installed, and never by the schema:
 * states that were written before it was minded still have to be read, to be destroyed.
 */
export function foldersInHome(desired: EnsembleDesired): ("dataDir" | "dataLogDir" | "logDir")[] {
  const home = posix.join(homeOf(desired), "/");
  return (["dataDir", "dataLogDir", "logDir"] as const).filter((key) =>
    posix.join(desired[key], "/").startsWith(home),
  );
}

interface Problem {
  readonly path: string[];
  readonly message: string;
}

function problemsOf(desired: EnsembleDesiredBase): Problem[] {
  const problems: Problem[] = [];
  const names = namesOf(desired.hosts);
  const ids = serverIds(desired);
  for (const name of Object.keys(desired.myIds ?? {})) {
    if (!names.includes(name)) problems.push({ path: ["myIds", name], message: `no host is named ${name}` });
  }
  for (const name of names) {
    const twin = names.find((other) => other !== name && ids.get(other) === ids.get(name));
    if (twin !== undefined && twin > name) {
      problems.push({
        path: ["myIds"],
        message: `${name} and ${twin} would both have myid ${ids.get(name)}; every server needs an id of its own`,
      });
    }
    const address = addressOf(desired.hosts, name);
    const double = names.find((other) => other !== name && addressOf(desired.hosts, other) === address);
    if (double !== undefined && double > name) {
      problems.push({
        path: ["hosts", double],
        message: `${name} and ${double} have the same address ${address}`,
      });
    }
    if (names.length > 1 && isIP(address) !== 0 && isLoopback(address)) {
      problems.push({
        path: ["hosts", name],
        message: `${address} is a loopback address, which no other server can dial: a typing mistake?`,
      });
    }
  }
  const ports = [desired.clientPort, desired.peerPort, desired.electionPort];
  if (desired.metrics !== false) ports.push(desired.metrics.port);
  for (const key of Object.keys(desired.zooCfg)) {
    const argument = argumentOf(key);
    if (argument === undefined) continue;
    problems.push({
      path: ["zooCfg", key],
      message: `nothing: ${key} follows from ${argument}, and whatever else uses it would not know of this one`,
    });
  }
  if (new Set(ports).size !== ports.length) {
    problems.push({
      path: ["clientPort"],
      message: `clientPort, peerPort, electionPort and metrics.port must differ, found ${ports.join(", ")}`,
    });
  }
  return problems;
}

type EnsembleDesiredBase = Pick<
  EnsembleDesired,
  "hosts" | "myIds" | "clientPort" | "peerPort" | "electionPort" | "metrics" | "zooCfg"
>;

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
