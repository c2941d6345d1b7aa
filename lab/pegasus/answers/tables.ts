/**
 * Pegasus's tables as data and in their three forms: text with padded cells, `-j` JSON with four blanks,
 * and HTTP's JSON on one line. One description for all three, as in the real servers, so that the shell
 * and HTTP cannot drift apart.
 */
export interface PairsTable {
  readonly name: string;
  readonly pairs: readonly (readonly [key: string, value: string])[];
}

export interface GridTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns from this one on are right-aligned, without padding behind. */
  readonly rightFrom?: number;
}

export type Table = PairsTable | GridTable;

/** The text form, without a blank line behind. */
export function tableText(table: Table): string {
  return `[${table.name}]\n${"pairs" in table ? pairsText(table) : gridText(table)}`;
}

/** Several tables, each with a blank line behind it. */
export function tablesText(tables: readonly Table[]): string {
  return tables.map((table) => `${tableText(table)}\n`).join("");
}

/** The object that both JSON forms print. */
export function tablesJson(tables: readonly Table[]): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    tables.map((table) => [table.name, "pairs" in table ? Object.fromEntries(table.pairs) : gridJson(table)]),
  );
}

function pairsText({ pairs }: PairsTable): string {
  const keyWidth = longest(pairs.map(([key]) => key)) + 2;
  const valueWidth = longest(pairs.map(([, value]) => value));
  return pairs.map(([key, value]) => `${key.padEnd(keyWidth)}: ${value.padEnd(valueWidth)}\n`).join("");
}

function gridText({ columns, rows, rightFrom = columns.length }: GridTable): string {
  const widths = columns.map(
    (column, index) => longest([column, ...rows.map((row) => row[index] ?? "")]) + 2,
  );
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, index) => (index >= rightFrom ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join("")}\n`;
  return [columns, ...rows].map(line).join("");
}

function gridJson({ columns, rows }: GridTable): Record<string, unknown> {
  return Object.fromEntries(
    rows.map((row) => [
      row[0] ?? "",
      Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ""])),
    ]),
  );
}

function longest(cells: readonly string[]): number {
  return Math.max(0, ...cells.map((cell) => cell.length));
}
