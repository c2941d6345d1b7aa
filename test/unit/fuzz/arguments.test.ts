/** The stack's configuration, wrong in every way: complaints, each with the argument it is about, and no exception. */
import fc from "fast-check";
import { migrationSchema, readArguments, repointSchema } from "../../../core/run/desired";
import { ensembleSchema } from "../../../core/zookeeper/desired";
import { ensembleInput, existing, hosts } from "../zookeeper/samples";
import { SCRAPS, survives } from "./fuzz";

const migration = {
  source: existing,
  target: ensembleInput(),
  strategy: { kind: "tree", roots: ["/pegasus"] },
  consumers: {
    ck: { kind: "clickhouse", hosts: hosts(["ck1"], "10.0.0.31"), query: { port: 8123 } },
  },
};

type Json = unknown;

/** Anything that YAML can hold, where a value was expected. */
const anything: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(null, true, -1, 0, 1e309, 70_000, "", "target", [], {}, ...SCRAPS),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary" }),
);

/** The sample with some of its values replaced, removed, or put under another name. */
const spoilt = (sample: Json) =>
  fc
    .array(
      fc.record({
        at: fc.nat(),
        how: fc.constantFrom("replace", "remove", "rename", "add"),
        value: anything,
        name: fc.oneof(
          fc.constantFrom("dataDri", "__proto__", "constructor", "toString", "hots"),
          fc.string(),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((changes) => changes.reduce((now, change) => spoil(now, change), structuredClone(sample)));

function spoil(
  root: Json,
  { at, how, value, name }: { at: number; how: string; value: Json; name: string },
): Json {
  const places: { holder: Record<string, Json>; key: string }[] = [];
  const visit = (holder: Json) => {
    if (typeof holder !== "object" || holder === null) return;
    for (const key of Object.keys(holder)) {
      places.push({ holder: holder as Record<string, Json>, key });
      visit((holder as Record<string, Json>)[key]);
    }
  };
  visit(root);
  const place = places[at % places.length];
  if (!place) return value;
  const { holder, key } = place;
  if (how === "replace") put(holder, key, value);
  if (how === "rename" || how === "add") put(holder, name, holder[key]);
  if (how === "remove" || how === "rename") delete holder[key];
  return root;
}

/** As a parser of YAML does it: `__proto__` is a key like any other. */
function put(holder: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

test.each([
  ["an ensemble", ensembleSchema, ensembleInput()],
  ["a migration", migrationSchema, migration],
  ["a consumer", repointSchema, { consumer: { name: "ck", ...migration.consumers.ck }, migration }],
] as const)("arguments of %s", (_, schema, sample) =>
  survives(fc.oneof({ weight: 9, arbitrary: spoilt(sample) }, anything), (value) => {
    const read = readArguments(schema, value);
    if ("desired" in read) return;
    expect(read.complaints.length).toBeGreaterThan(0);
    for (const { where, found, expected, next } of read.complaints) {
      expect([typeof where, found, expected, next].every((part) => part !== "")).toBe(true);
      expect(`${found} ${expected} ${next}`).not.toMatch(/\[object Object\]|undefined$/);
    }
  }),
);
