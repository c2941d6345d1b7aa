/**
 * Nothing secret in what is filed: the values of all secret arguments are struck out wherever they stand, also in the
 * output of a user's own command. Journals and plans hold none; this is the second lock on the door.
 */

const SECRET_KEY = /passw(?:or)?d|passphrase|privateKey|secret|token/i;
const STRUCK = "•••";

/** The values of everything in `args` whose name tells that it is secret. */
export function secretsIn(args: unknown): string[] {
  if (typeof args !== "object" || args === null) return [];
  return Object.entries(args).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value !== "string") return secretsIn(value);
    // Keys are files of many lines, and an error may quote one of them.
    return SECRET_KEY.test(key) ? [value, ...value.split("\n")].filter((part) => part.trim().length > 3) : [];
  });
}

/** The same value with every secret struck out of every text in it. */
export function conceal<T>(value: T, secrets: readonly string[]): T {
  const longestFirst = [...new Set(secrets)].sort((a, b) => b.length - a.length);
  return concealWith(value, longestFirst) as T;
}

function concealWith(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") {
    return secrets.reduce((text, secret) => text.replaceAll(secret, STRUCK), value);
  }
  if (Array.isArray(value)) return value.map((one) => concealWith(one, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, concealWith(inner, secrets)]));
}
