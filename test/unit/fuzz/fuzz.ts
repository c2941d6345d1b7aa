/**
 * Hostile input: whatever arrives is read, or refused by an error that a user may read, within bounded time.
 *
 * `npm run fuzz` tries 10 000 cases of each kind with a seed of its own that it prints; the unit tests try some.
 */
import fc from "fast-check";
import { UserError } from "../../../core/engine/errors";
import { EditError } from "../../../core/editors/errors";

const RUNS = Number(process.env["PULUMI_ZOOKEEPER_FUZZ_RUNS"] ?? "60");
const SEED = Number(process.env["PULUMI_ZOOKEEPER_FUZZ_SEED"] ?? "371");
/** Of one case on a busy machine; what hangs, or grows faster than its input, takes longer. */
const CASE_WITHIN_MS = 20_000;

jest.setTimeout(CASE_WITHIN_MS + RUNS * 100);

/** Tries `act` on many inputs: it may come to an answer or refuse, and nothing else. */
export async function survives<T>(input: fc.Arbitrary<T>, act: (input: T) => unknown): Promise<void> {
  let cases = 0;
  await fc.assert(
    fc.asyncProperty(input, async (value) => {
      cases++;
      try {
        await act(value);
      } catch (error) {
        if (!(error instanceof UserError || error instanceof EditError)) throw error;
      }
    }),
    { numRuns: RUNS, seed: SEED, timeout: CASE_WITHIN_MS },
  );
  expect(cases).toBeGreaterThanOrEqual(RUNS);
}

/** Pieces that mean something to the shell, to a parser, or to whoever prints a table. */
export const SCRAPS = [
  ..."\0 \n \r \t \x1b[31m | || & ; $(touch /pwned) `touch /pwned` ' \" \\ < > { } [ ] ( ) = # % ^ ~ * ? - --".split(
    " ",
  ),
  ..."0 -1 1e309 0x NaN 99999999999999999999 节点 \u2028 \ufeff \u0000 __proto__ constructor ERR_OK ERR_X".split(
    " ",
  ),
  " ",
];

/** A real text with pieces cut out, doubled and put in: the corpora are recordings of real servers. */
export function mangled(corpus: readonly string[]): fc.Arbitrary<string> {
  const cut = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    put: fc.oneof(fc.constantFrom(...SCRAPS, ""), fc.string({ maxLength: 12, unit: "binary" })),
    double: fc.boolean(),
  });
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(cut, { minLength: 1, maxLength: 6 }))
    .map(([text, cuts]) =>
      cuts.reduce((now, { at, length, put, double }) => {
        const from = Math.floor(at * now.length);
        const piece = now.slice(from, from + length);
        return now.slice(0, from) + (double ? piece + piece : "") + put + now.slice(from + length);
      }, text),
    );
}

/** The same for bytes: some overwritten, some cut out, the end cut off. */
export function mangledBytes(corpus: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const hit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 9 }),
      // Lengths: the largest, a negative one, one that is just too long.
      fc.constantFrom(
        ...["7fffffff", "ffffffff", "80000000", "00100000"].map((hex) => Buffer.from(hex, "hex")),
      ),
    ),
    how: fc.constantFrom("overwrite", "insert", "remove", "end here"),
  });
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(hit, { minLength: 1, maxLength: 4 }))
    .map(([bytes, hits]) =>
      hits.reduce((now, { at, bytes: put, how }) => {
        const from = Math.floor(at * now.length);
        if (how === "end here") return now.subarray(0, from);
        const rest = how === "insert" ? from : from + put.length;
        return Buffer.concat([now.subarray(0, from), ...(how === "remove" ? [] : [put]), now.subarray(rest)]);
      }, bytes),
    );
}
