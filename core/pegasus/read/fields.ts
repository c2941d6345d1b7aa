/**
 * Takes single values out of a table's row. Everything is text there, in JSON too; a count that is not
 * a number must stop the reading, since a health check that compares NaN finds every table sick or none.
 */
import { UnreadableAnswer } from "./answer";
import type { Row } from "./sections";

/** A column that must be there. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (value === undefined) {
    throw new UnreadableAnswer(`a column ${column}`, `columns ${Object.keys(row).join(", ") || "none"}`);
  }
  return value;
}

/** A column that older servers leave out, or fill with `-`. */
export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return value === undefined || value === "-" || value === "" ? undefined : value;
}

/** A whole number from 0 upwards. */
export function count(row: Row, column: string): number {
  const value = text(row, column);
  if (!/^\d+$/.test(value)) throw new UnreadableAnswer(`${column} as a count`, value);
  return Number(value);
}

export function optionalCount(row: Row, column: string): number | undefined {
  return row[column] === undefined ? undefined : count(row, column);
}

/** A number with decimals, such as a standard deviation. */
export function decimal(row: Row, column: string): number {
  const value = text(row, column);
  if (!/^-?\d+(\.\d+)?$/.test(value)) throw new UnreadableAnswer(`${column} as a number`, value);
  return Number(value);
}

/** `true` or `false`. */
export function flag(row: Row, column: string): boolean {
  const value = text(row, column);
  if (value !== "true" && value !== "false") throw new UnreadableAnswer(`${column} as true or false`, value);
  return value === "true";
}

/** `[a,b]`, as the secondaries of a partition are printed. */
export function list(row: Row, column: string): readonly string[] {
  const value = /^\[(.*)\]$/.exec(text(row, column))?.[1];
  if (value === undefined) throw new UnreadableAnswer(`${column} as [a,b]`, text(row, column));
  return value === "" ? [] : value.split(",");
}

/** An address, or undefined where Pegasus has none: `-`, `invalid address`, `invalid host_port`. */
export function address(row: Row, column: string): string | undefined {
  const value = text(row, column);
  return value === "" || value === "-" || value.startsWith("invalid ") ? undefined : value;
}
