/**
 * Edits as data, and what they look like to a reviewer.
 *
 * An editor never writes: it says which characters become which, and the same edits are shown in the preview
 * and applied in the run, so that what was reviewed is what happens. Edits that overlap are refused, since
 * their order would then decide the outcome.
 */
import { structuredPatch } from "diff";
import { EditsCollide } from "./errors";

/** Replaces `length` characters at `offset` by `content`; a length of 0 inserts. */
export interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly content: string;
}

/** A stretch of text. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Finds what must not be shown. See `secrets.ts`. */
export type FindSecrets = (text: string) => readonly Span[];

/** What a secret is shown as: says nothing of its length. */
export const MASK = "******";

/**
 * Applies all edits, whose offsets count in the original text, at once. Several insertions at one place keep
 * their order, and come before a replacement that starts there.
 * @throws EditsCollide when two edits overlap or one lies outside the text.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort(
    (a, b) => a.offset - b.offset || Number(a.length > 0) - Number(b.length > 0),
  );
  const parts: string[] = [];
  let done = 0;
  for (const { offset, length, content } of sorted) {
    if (!Number.isInteger(offset) || !Number.isInteger(length) || length < 0 || offset < 0)
      throw new EditsCollide(offset, "an edit without a proper place");
    if (offset < done) throw new EditsCollide(offset, "two edits of the same text");
    if (offset + length > text.length) throw new EditsCollide(offset, "an edit beyond the end");
    parts.push(text.slice(done, offset), content);
    done = offset + length;
  }
  parts.push(text.slice(done));
  return parts.join("");
}

/**
 * The lines of a unified diff with three lines of context; none when the texts are equal. Lines, since Pulumi shows
 * a list whole, and a text of many lines as one that it cuts off.
 *
 * Lines are compared as they are and shown masked: a changed secret is seen to have changed, and no more.
 */
export function unifiedDiff(path: string, before: string, after: string, findSecrets: FindSecrets): string[] {
  if (before === after) return [];
  const shownBefore = maskedLines(before, findSecrets);
  const shownAfter = maskedLines(after, findSecrets);
  const { hunks } = structuredPatch(path, path, before, after, undefined, undefined, { context: 3 });
  const lines = [`--- ${path}`, `+++ ${path}`];
  for (const hunk of hunks) {
    lines.push(`@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`);
    let oldLine = hunk.oldStart - 1;
    let newLine = hunk.newStart - 1;
    for (const line of hunk.lines) {
      const sign = line[0] ?? " ";
      if (sign === "\\") lines.push(line);
      else if (sign === "-") lines.push(`-${shownBefore[oldLine++] ?? ""}`);
      else {
        lines.push(`${sign}${shownAfter[newLine++] ?? ""}`);
        if (sign === " ") oldLine++;
      }
    }
  }
  return lines;
}

/** As diff(1) has it: a side without lines is counted from the line before. */
function range(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}

/** The text with every secret masked, line by line, so that line numbers stay. */
export function maskSecrets(text: string, findSecrets: FindSecrets): string {
  return maskedLines(text, findSecrets).join("\n");
}

function maskedLines(text: string, findSecrets: FindSecrets): string[] {
  const parts: string[] = [];
  let done = 0;
  for (const { offset, length } of [...findSecrets(text)].sort((a, b) => a.offset - b.offset)) {
    const start = Math.max(offset, done);
    const end = Math.max(offset + length, start);
    parts.push(text.slice(done, start), maskLines(text.slice(start, end)));
    done = end;
  }
  parts.push(text.slice(done));
  // The rest of a pair's line feed is of no use on a terminal, where it would return the carriage.
  return parts
    .join("")
    .split("\n")
    .map((line) => line.replace(/\r$/, ""));
}

function maskLines(secret: string): string {
  return secret
    .split("\n")
    .map((line) => (line.trim() === "" ? line : line.replace(/\S(?:.*\S)?/, MASK)))
    .join("\n");
}
