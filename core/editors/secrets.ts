/**
 * Finds the secrets in a configuration file, so that a diff can hide them.
 *
 * Purely by looking at names, without parsing: a secret in a comment, or in a file that does not parse, must be
 * hidden as well. Hides too much rather than too little.
 */
import type { Span } from "./edit";

const SECRET_NAME =
  /identity|passw(?:or)?d|passphrase|pwd|secret|token|credential|digest|private_?key|access_?key|api_?key/i;

/** The name in a line of `name = value`, with what separates the two. */
const SECRET_BEFORE = new RegExp(
  `(?:${SECRET_NAME.source})[\\w.-]{0,64}["']?[ \\t]{0,64}[=: \\t][ \\t]{0,64}`,
  "i",
);

/**
 * Content of elements like `<identity>`, `<password>`, `<password_sha256_hex>`, `<secret_access_key>`, and
 * attributes named so, in comments too.
 */
export function xmlSecrets(text: string): Span[] {
  const spans: Span[] = urlSecrets(text);
  const closings = new Map<string, number>();
  for (const match of text.matchAll(/<([\w.:-]+)(?=[\s>])[^<>]*>/g)) {
    const [tag, name = ""] = match;
    if (tag.endsWith("/>") || !SECRET_NAME.test(name)) continue;
    const start = match.index + tag.length;
    spans.push({ offset: start, length: closingTag(text, name, start, closings) - start });
  }
  for (const match of text.matchAll(/\s([\w.:-]+)\s*=\s*("[^"<]*"|'[^'<]*')/g)) {
    const [whole, name = "", quoted = ""] = match;
    if (!SECRET_NAME.test(name)) continue;
    spans.push({ offset: match.index + whole.length - quoted.length + 1, length: quoted.length - 2 });
  }
  return spans;
}

/**
 * What follows `password = `, `ssl.keyStore.password=`, `-Djavax.net.ssl.trustStorePassword=` to the end of the
 * line, and its continuation lines: for ini, properties and java.env, in comments too.
 */
export function lineSecrets(text: string): Span[] {
  const spans: Span[] = urlSecrets(text);
  let offset = 0;
  let continues = false;
  for (const line of text.split("\n")) {
    const match: RegExpExecArray | null = continues ? null : SECRET_BEFORE.exec(line);
    const start: number | undefined = continues ? 0 : match ? match.index + match[0].length : undefined;
    if (start !== undefined) spans.push({ offset: offset + start, length: line.length - start });
    continues = start !== undefined && /\\\r?$/.test(line);
    offset += line.length + 1;
  }
  return spans;
}

/** The password of `scheme://user:password@host`, under whatever name it stands. */
function urlSecrets(text: string): Span[] {
  return Array.from(
    text.matchAll(/(:\/\/[^/\s:@<>]{0,64}:)([^/\s@<>]{1,256})@/g),
    ({ index, 1: before = "", 2: secret = "" }) => ({
      offset: index + before.length,
      length: secret.length,
    }),
  );
}

/** Where the content ends: at `</name`, or at the next tag when it is never closed. Remembers what it found. */
function closingTag(text: string, name: string, from: number, known: Map<string, number>): number {
  let at = known.get(name);
  if (at === undefined || (at >= 0 && at < from)) {
    at = text.indexOf(`</${name}`, from);
    known.set(name, at);
  }
  if (at >= 0) return at;
  const next = text.indexOf("<", from);
  return next >= 0 ? next : text.length;
}
