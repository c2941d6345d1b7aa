/**
 * `tsx lab/load/check.ts --ledger FILE [--connect HOST:PORT,…]`: is every acknowledged write there, and how long
 * was the longest pause? Exit code 1 when something is missing.
 */
import { Command } from "commander";
import { readInventory } from "../inventory";
import { inventoryFile } from "../layout";
import { LedgerReader, longestPauses } from "./ledger";
import { verifyLedger } from "./verify";

const PRINTED_AT_MOST = 50;

interface Options {
  readonly ledger: string;
  readonly inventory: string;
  readonly connect?: string;
}

async function main(options: Options): Promise<void> {
  const inventory = readInventory(options.inventory);
  const replicas = Object.values(inventory.hosts).filter((host) => host.role === "clickhouse");
  const entries = new LedgerReader(options.ledger).entries();
  const verdict = await verifyLedger(entries, options.connect ?? inventory.old, replicas);
  for (const pause of longestPauses(entries)) {
    console.log(`${pause.who.padEnd(8)} longest pause ${(pause.ms / 1000).toFixed(1)} s`);
  }
  for (const line of verdict.missing.slice(0, PRINTED_AT_MOST)) console.error(line);
  if (verdict.missing.length > PRINTED_AT_MOST)
    console.error(`… and ${verdict.missing.length - PRINTED_AT_MOST} more`);
  const found =
    verdict.missing.length === 0 ? "all of it is there" : `${verdict.missing.length} missing or different`;
  console.log(`acknowledged: ${verdict.rows} rows, ${verdict.znodes} znodes; ${found}`);
  if (verdict.missing.length > 0) process.exitCode = 1;
}

new Command("check")
  .requiredOption("--ledger <file>", "what lab/load/main.ts wrote")
  .option("--inventory <file>", "the lab's inventory", inventoryFile())
  .option("--connect <servers>", "ensemble that must hold the znodes (default: the old one)")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(`check: ${error.message}`);
    process.exitCode = 1;
  });
