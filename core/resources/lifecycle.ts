/**
 * What the three resources have in common: the shape that Pulumi's dynamic providers call, reading arguments out of
 * its inputs, and turning our errors into its own.
 *
 * Nothing here knows Pulumi: it is called with plain JSON by the shims in `providers/`.
 */
import type { z } from "zod";
import type { Complaint } from "../engine/errors";
import { UserError, sayComplaint } from "../engine/errors";
import { readArguments } from "../run/desired";

export type Properties = Readonly<Record<string, unknown>>;

/** Written into every state; `delete` must understand every number that was ever used. */
export const SCHEMA_VERSION = 1;

export interface CheckResult {
  readonly inputs: Properties;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

/** The methods of a dynamic provider, as the engine calls them. */
export interface Lifecycle {
  check(olds: Properties, news: Properties): Promise<CheckResult>;
  diff(id: string, olds: Properties, news: Properties): Promise<{ changes: boolean }>;
  create(inputs: Properties): Promise<{ id: string; outs: Properties }>;
  update(id: string, olds: Properties, news: Properties): Promise<{ outs: Properties }>;
  read(id: string, props: Properties): Promise<{ id: string; props: Properties }>;
  delete(id: string, props: Properties): Promise<void>;
}

/** Kept by the engine or by us beside the user's arguments. */
const NOT_ARGUMENTS = new Set([
  "__provider",
  "__defaults",
  "selfUrn",
  "plan",
  "schemaVersion",
  "rollbackPlan",
  "timeline",
  "drift",
  "incomplete",
  "unsettled",
  "connectString",
  "servers",
  "activeSide",
  "writePauseSeconds",
  "report",
  "planPage",
  "changed",
]);

/** The user's arguments among the properties. */
export function argumentsOf(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !NOT_ARGUMENTS.has(key)));
}

export function urnOf(properties: Properties): string | undefined {
  const urn = properties["selfUrn"];
  return typeof urn === "string" ? urn : undefined;
}

/** @throws UserError with every complaint: state that our own `check` let through must parse */
export function readDesired<T extends z.ZodType>(schema: T, properties: Properties): z.output<T> {
  const result = readArguments(schema, argumentsOf(properties));
  if ("desired" in result) return result.desired;
  throw new UserError(result.complaints.map(sayComplaint).join("\n"));
}

/** How every `check` begins: with what the user asks for, or with an answer where there is nothing to ask hosts about. */
export function readForCheck<T extends z.ZodType>(
  schema: T,
  news: Properties,
): { readonly desired: z.output<T> } | { readonly answer: CheckResult } {
  if (hasUnknown(news)) {
    const plan = "cannot be computed before the values it needs are known";
    return { answer: accepted(news, { plan }) };
  }
  const read = readArguments(schema, argumentsOf(news));
  if ("desired" in read) return read;
  return { answer: refused(news, read.complaints) };
}

/** What the preview shows beside the arguments; `undefined` in it, for which the engine has no value, is left out. */
export function accepted(news: Properties, shown: Readonly<Record<string, unknown>>): CheckResult {
  return { inputs: withoutUndefined({ ...news, ...shown }), failures: [] };
}

export function refused(news: Properties, complaints: readonly Complaint[]): CheckResult {
  const failures = complaints.map((complaint) => ({ property: "", reason: sayComplaint(complaint) }));
  return { inputs: news, failures };
}

/** What Pulumi hands to `check` in place of a value that is not known before its resource was created. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function hasUnknown(value: unknown): boolean {
  if (typeof value === "string") return value === UNKNOWN;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => key !== "__provider" && hasUnknown(inner));
}

/** Outputs must not hold `undefined`: the engine would lose the resource after its side effects. */
export function outputs(values: Record<string, unknown>): Properties {
  return withoutUndefined({ ...values, schemaVersion: SCHEMA_VERSION });
}

function withoutUndefined(values: Record<string, unknown>): Properties {
  return JSON.parse(JSON.stringify(values)) as Properties;
}

/**
 * An error that the engine prints as we wrote it: some of its paths print `${error}: ${error.stack}`, and a stack
 * trace says nothing to a user whose host is down.
 */
export function plainError(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  error.stack = error.message;
  error.toString = () => "pulumi-zookeeper";
  return error;
}

/** The resource exists, unfinished: the next `up` updates it, `destroy` deletes it. */
export function initError(error: unknown, id: string, inputs: Properties): unknown {
  if (!(error instanceof UserError)) return error;
  const properties = { ...inputs, ...outputs({ incomplete: true }) };
  return Object.assign(new Error(error.message), { id, properties, reasons: [error.message] });
}

export function refuseNewerState(properties: Properties): void {
  const version = properties["schemaVersion"];
  if (version === undefined || (typeof version === "number" && version <= SCHEMA_VERSION)) return;
  throw new UserError(
    `the state was written by a newer version of pulumi-zookeeper (schema ${JSON.stringify(version)}, known: ${SCHEMA_VERSION}). ` +
      "Install that version. Nothing was changed.",
  );
}
