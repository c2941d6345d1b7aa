/**
 * What the user may ask of a migration and of a consumer's repointing: the arguments of `ZkDataMigration` and
 * `ConsumerRepoint`, checked. Every problem is reported, each with the argument it is in.
 */
import { distance } from "fastest-levenshtein";
import { createHash } from "node:crypto";
import { z } from "zod";
import { clickhouseSchema } from "../clickhouse/desired";
import type { Complaint } from "../engine/errors";
import { pegasusSchema } from "../pegasus/desired";
import type { Hosts } from "../transports/contract";
import type { EnsembleDesired, EnsembleInput, ExistingDesired, ExistingInput } from "../zookeeper/desired";
import {
  connectStringOf,
  ensembleSchema,
  existingEnsembleSchema,
  userCommandSchema,
} from "../zookeeper/desired";

/** Either kind of ensemble; what is managed here has a `distribution`. */
const eitherEnsemble = z.unknown().transform((value, context): EnsembleDesired | ExistingDesired => {
  const managed = typeof value === "object" && value !== null && "distribution" in value;
  const result = (managed ? ensembleSchema : existingEnsembleSchema).safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) context.addIssue({ ...issue, code: "custom" } as never);
  return z.NEVER;
});

function listOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value).map(([name, consumer]) => ({ name, ...(consumer as object) }));
}

export const consumerSchema = z.discriminatedUnion("kind", [clickhouseSchema, pegasusSchema]);

const treeRoot = z.string().regex(/^(\/[^/\0\n]+)+$/, "a path such as /pegasus/onebox, not / itself");

export const migrationSchema = z
  .strictObject({
    source: eitherEnsemble,
    target: ensembleSchema,
    active: z.enum(["target", "source"]).default("target"),
    /** The whole ensemble, parts of its tree over the wire, or nothing where the consumer rebuilds its own. */
    strategy: z
      .union([
        z.literal("snapshot"),
        z.strictObject({ kind: z.literal("tree"), roots: z.array(treeRoot).min(1) }),
        z.strictObject({ kind: z.literal("none") }),
      ])
      .default("snapshot"),
    /** A list, or a map by name: in a map a password hides itself alone, in a list the whole list. */
    consumers: z.preprocess(listOf, z.array(consumerSchema)).default([]),
    fence: z.enum(["stopSource", "consumersOnly"]).default("stopSource"),
    finalized: z.boolean().default(false),
    cleanUpSource: z.boolean().default(false),
    acceptDataLoss: z.boolean().default(false),
    acceptForeignClients: z.boolean().default(false),
    /** The business's own checks by consumer: run before the fence, after the repointing, and after a way back. */
    verify: z.record(z.string(), z.array(userCommandSchema)).default({}),
    /** After a repointing that fails: stay there, fenced, or bring data and consumers back to the source. */
    onFailure: z.enum(["stop", "rollBack"]).default("stop"),
    /** Who is to be called, in labels of alerts and in reports. */
    onCall: z.array(z.strictObject({ name: z.string().min(1), contact: z.string().optional() })).default([]),
    /** Where fence, repoint and release are marked on the dashboard's charts. */
    grafana: z
      .strictObject({
        url: z.string().regex(/^https?:\/\/[^\s?#]+$/, "an address such as https://grafana.example.com"),
        /** Of a service account that may read and create annotations; a secret. */
        token: z.string().min(1),
      })
      .optional(),
    /** Folder of the reports and plan pages, on the operator's machine; relative to the program's folder. */
    reports: z.string().min(1).default("reports"),
  })
  .superRefine(({ verify, consumers }, context) => {
    const names = consumers.map(({ name }) => name);
    for (const name of Object.keys(verify).filter((one) => !names.includes(one))) {
      const message = `the name of a consumer: ${names.join(", ") || "there is none"}`;
      context.addIssue({ code: "custom", path: ["verify", name], message });
    }
  })
  .refine((desired) => !desired.cleanUpSource || desired.strategy === "snapshot", {
    path: ["cleanUpSource"],
    message: "false unless the strategy is snapshot: others still use the source",
  });

export type MigrationDesired = z.output<typeof migrationSchema>;
export type MigrationInput = Omit<z.input<typeof migrationSchema>, "source" | "target" | "consumers"> & {
  readonly source: ExistingInput | EnsembleInput;
  readonly target: EnsembleInput;
  readonly consumers?: readonly ConsumerInput[] | Readonly<Record<string, ConsumerInput>>;
};
export type Consumer = z.output<typeof consumerSchema>;
export type ConsumerInput = z.input<typeof consumerSchema>;
export type EitherEnsemble = EnsembleDesired | ExistingDesired;

export const repointSchema = z.strictObject({
  consumer: consumerSchema,
  migration: migrationSchema,
  /** @default the migration's own checks of this consumer */
  verify: z.array(userCommandSchema).optional(),
});

export type RepointDesired = z.output<typeof repointSchema>;
export type RepointInput = Omit<z.input<typeof repointSchema>, "migration"> & {
  readonly migration: MigrationInput;
};

export function isManaged(ensemble: EitherEnsemble): ensemble is EnsembleDesired {
  return "distribution" in ensemble;
}

/**
 * The name of a migration on the hosts. It follows from the two ensembles alone, so that another checkout, another
 * backend, or a stack whose state was lost, finds the same journal and the same lock.
 */
export function migrationId(desired: Pick<MigrationDesired, "source" | "target">): string {
  const both = `${connectStringOf(desired.source)} ${connectStringOf(desired.target)}`;
  return `migration-${createHash("sha256").update(both).digest("hex").slice(0, 12)}`;
}

export function ensembleId(desired: EnsembleDesired): string {
  return `ensemble-${createHash("sha256").update(connectStringOf(desired)).digest("hex").slice(0, 12)}`;
}

/** All hosts of a migration by name. Two different hosts with one name are a complaint, not a guess. */
export function gatherHosts(maps: readonly Hosts[]): { hosts: Hosts; complaints: Complaint[] } {
  const hosts: Record<string, Hosts[string]> = {};
  const complaints: Complaint[] = [];
  for (const [name, host] of maps.flatMap((map) => Object.entries(map))) {
    const other = hosts[name];
    if (other && other.connection.host !== host.connection.host) {
      complaints.push({
        where: `hosts.${name}`,
        found: `two hosts of that name: ${other.connection.host} and ${host.connection.host}`,
        expected: "one name for one machine, in all ensembles and consumers together",
        next: "Rename one of them.",
      });
    }
    hosts[name] = host;
  }
  return { hosts, complaints };
}

/** Reads arguments by a schema; complaints instead of an exception, with a «did you mean» for unknown names. */
export function readArguments<T extends z.ZodType>(
  schema: T,
  value: unknown,
): { desired: z.output<T> } | { complaints: Complaint[] } {
  const result = schema.safeParse(value);
  if (result.success) return { desired: result.data };
  return { complaints: result.error.issues.flatMap((issue) => complainIssue(schema, issue)) };
}

function complainIssue(schema: z.ZodType, issue: z.core.$ZodIssue): Complaint[] {
  const where = issue.path.map(String).join(".") || "arguments";
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => ({
      where: [...issue.path.map(String), key].join("."),
      found: "an argument that does not exist",
      expected: known.length > 0 ? `one of ${known.join(", ")}` : "a known argument",
      next: suggest(key, known),
    }));
  }
  if (issue.code === "invalid_union") {
    const inner = issue.errors?.flat() ?? [];
    if (inner.length > 0) {
      return inner
        .slice(0, 1)
        .flatMap((one) => complainIssue(schema, { ...one, path: [...issue.path, ...one.path] }));
    }
  }
  return [{ where, found: "a value that does not fit", expected: issue.message, next: "Correct it." }];
}

function suggest(key: string, known: readonly string[]): string {
  const nearest = [...known].sort((a, b) => distance(key, a) - distance(key, b))[0];
  return nearest !== undefined && distance(key, nearest) <= 3 ? `Did you mean ${nearest}?` : "Remove it.";
}

/** Names allowed at a place of the schema, as far as it can be followed. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrap(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[String(part)]);
    else if (at instanceof z.ZodRecord) at = unwrap(at.valueType);
    else if (at instanceof z.ZodArray) at = unwrap(at.element);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodDefault || at instanceof z.ZodOptional || at instanceof z.ZodPrefault) {
    at = at.unwrap();
  }
  if (at instanceof z.ZodPipe) return unwrap(at.in);
  if (at instanceof z.ZodDiscriminatedUnion || at instanceof z.ZodUnion) return unwrap(at.options[0]);
  return at;
}
