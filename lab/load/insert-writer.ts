/**
 * Inserts small blocks into the replicated tables over one replica's HTTP port, table after table.
 *
 * Payloads follow from writer and id, so the ledger stays small and the check needs no copy of the data.
 */
import { createHash } from "node:crypto";
import { TABLES } from "../clickhouse";
import { CLICKHOUSE_HTTP_PORT } from "../layout";
import type { Ledger } from "./ledger";
import { WriterLoop } from "./writer-loop";

const ROWS_PER_BLOCK = 5;
const ANSWER_WITHIN_MS = 20_000;

export class InsertWriter {
  readonly loop: WriterLoop;
  private next = 0;
  private refused = false;

  constructor(
    private readonly replica: string,
    private readonly address: string,
    private readonly run: string,
    private readonly ledger: Ledger,
    perSecond: number,
  ) {
    this.loop = new WriterLoop(() => this.insert(), perSecond);
  }

  private async insert(): Promise<void> {
    const from = this.next;
    const to = from + ROWS_PER_BLOCK - 1;
    this.next = to + 1; // Also after a failure: whether those rows are there is unknown.
    const table = TABLES[(from / ROWS_PER_BLOCK) % TABLES.length] ?? TABLES[0];
    const writer = `${this.run}-${this.replica}`;
    const refusal = await insertRows(this.address, table, writer, from, to);
    if (refusal === undefined) {
      this.ledger.add({ kind: "insert", at: Date.now(), replica: this.replica, table, writer, from, to });
    } else if (!this.refused) {
      this.ledger.note(`${this.replica} refuses inserts: ${refusal}`);
    }
    this.refused = refusal !== undefined;
  }
}

export function payloadOf(writer: string, id: number): string {
  return createHash("sha256").update(`${writer}:${id}`).digest("hex");
}

/** Answers why the server did not acknowledge, or undefined when it did. */
async function insertRows(
  address: string,
  table: string,
  writer: string,
  from: number,
  to: number,
): Promise<string | undefined> {
  const day = new Date().toISOString().slice(0, 10);
  const rows: string[] = [];
  for (let id = from; id <= to; id++) rows.push(`${day}\t${writer}\t${id}\t${payloadOf(writer, id)}`);
  try {
    const query = encodeURIComponent(`INSERT INTO lab.${table} FORMAT TabSeparated`);
    const response = await fetch(`http://${address}:${CLICKHOUSE_HTTP_PORT}/?query=${query}`, {
      method: "POST",
      body: `${rows.join("\n")}\n`,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    return response.ok ? undefined : (text.split("\n")[0] ?? "").slice(0, 200);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
